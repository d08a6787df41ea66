import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startTcpProxy } from '../../support/tcp-proxy.js';
import { redisUrl } from '../../support/servers.js';
import { startApi } from './api-application.js';

const PATH = '/relay/messages';
const MAIL = { to: 'ada@x.test', subject: 'Hi', text: 'Hi' };

describe('the HTTP API', () => {
  it('answers 503 while the queue is down, and takes mails again when it is back', async () => {
    const proxy = await startTcpProxy(Number(new URL(await redisUrl()).port));
    const redis = `redis://127.0.0.1:${proxy.port}`;
    const api = await startApi({ relay: { queue: { redis, name: `api-${randomUUID()}` } } });
    try {
      await proxy.cut();
      for (const json of [MAIL, [MAIL, { ...MAIL, to: 'nobody' }]]) {
        const refused = await api.call('POST', PATH, { json });
        expect(refused).toMatchObject({ status: 503, body: { code: 'queue-unavailable' } });
        expect([false, 'unknown']).toContain(refused.body.stored);
        expect(refused.headers.get('retry-after')).toBe('30');
      }
      expect((await api.call('GET', `${PATH}/00000000-0000-4000-8000-000000000000`)).status).toBe(503);
      await proxy.resume();
      await expect
        .poll(async () => (await api.call('POST', PATH, { json: MAIL })).status, { timeout: 20_000, interval: 200 })
        .toBe(202);
    } finally {
      await proxy.resume();
      await api.close();
      await proxy.close();
    }
  });

  it('works on the embedded queue, and ends what waits when the application stops', async () => {
    const api = await startApi({ relay: { queue: { embedded: true } } });
    let free = () => {};
    const held = new Promise<void>((resolve) => (free = resolve));
    api.transport.answer(() => held);
    const { body } = await api.call('POST', PATH, { json: MAIL });
    await api.transport.received(1);
    const waiting = api.call('GET', `${PATH}/${body.id}?wait=60s`);
    await expect.poll(async () => (await api.mail.status(body.id))?.recipients[0]?.state).toBe('sending');
    const closed = api.close();
    expect((await waiting).body.recipients).toEqual([{ address: 'ada@x.test', state: 'sending' }]);
    free();
    await closed;
  });
});
