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

it('leaves nothing in it that a browser connects to before it looks at the policy', () => {
  const html =
    '<LINK rel=preconnect href=//x.test><link/rel=preconnect href=//x.test><iframe\nsrc=//x.test><b></iframe><frameset><frame src=//x.test></frameset>';
  const { body, headers } = frameOf(message({ html: `<p>links and frames</p>${html}` }), PLAIN);
  expect(String(body)).not.toMatch(/<\/?(?:link|i?frame)[\s/>]/i);
  expect(String(body)).toContain('<p>links and frames</p>');
  expect(String(body)).toContain('<noembed\nsrc=//x.test><b></noembed>');
  expect(headers!['Content-Security-Policy']).toContain('sandbox');
});
