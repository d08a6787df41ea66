import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MailEvent } from '../../lib/index.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';

describe.each(BACKENDS)('a timeline on $name', ({ open }) => {
  let backend: OpenBackend;
  beforeAll(async () => {
    backend = await open();
  });
  afterAll(() => backend?.close());

  const eventOf = (id: string, type: 'opened' | 'complained'): MailEvent =>
    ({ id, type, recipient: 'a@x.test', timestamp: new Date(0), provider: 'ses', tags: [], metadata: {} }) as MailEvent;

  it('keeps so many opens, counts the others, and has room for what matters more', async () => {
    const { timeline } = backend.queue;
    const mail = randomUUID();
    for (let part = 0; part < 6; part++) {
      const ids = Array.from({ length: 200 }, (_, index) => `p-${part * 200 + index}`);
      const fresh = await timeline.append(
        mail,
        ids.map((id) => eventOf(id, 'opened')),
      );
      expect(fresh.size).toBe(200);
    }
    await timeline.append(mail, [eventOf('c-1', 'complained')]);
    const kept = await timeline.read(mail);
    expect(kept.filter(({ type }) => type === 'complained')).toHaveLength(1);
    expect(kept.length + (await timeline.more(mail))).toBe(1_201);
    expect(kept.length).toBeLessThanOrEqual(1_000);
  });
});
