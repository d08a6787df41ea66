import { expect, it } from 'vitest';
import { frameOf } from '../../lib/console/view/frame-html.js';
import type { ReadMessage } from '../../lib/console/view/read-message.js';

const message = (part: Partial<ReadMessage>): ReadMessage => ({
  subject: '',
  from: '',
  to: [],
  cc: [],
  replyTo: [],
  headers: [],
  attachments: [],
  size: 1,
  ...part,
});
const PLAIN = { images: false, dark: false };

it('shows an embedded image wherever it stands, but not so often that it fills the memory', () => {
  const image = { cid: 'a', contentType: 'image/png', bytes: new Uint8Array(512 * 1024) };
  const few = frameOf(message({ html: '<img src="cid:a"><img src="cid:a">', attachments: [image] }), PLAIN);
  expect(String(few.body).match(/data:image\/png/g)).toHaveLength(2);
  const many = frameOf(message({ html: '<img src="cid:a">'.repeat(60_000), attachments: [image] }), PLAIN);
  expect(String(many.body).length).toBeLessThan(100 * 1024 * 1024);
  expect(String(many.body)).toContain('data:image/png');
});
