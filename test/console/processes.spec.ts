import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RecordingTransport } from '../support/recording.transport.js';
import { redisUrl } from '../support/servers.js';
import { type ConsoleApplication, eventually, startConsole } from './console-application.js';

/** Shows the relay, and sends nothing. */
let web: ConsoleApplication;
let worker: ConsoleApplication;
const acme = new RecordingTransport();

beforeAll(async () => {
  const queue = { redis: await redisUrl(), name: `processes-${randomUUID()}` };
  web = await startConsole({ relay: { queue, worker: false } });
  worker = await startConsole({ relay: { queue, transports: { acme } } });
});
afterAll(() => Promise.all([web?.close(), worker?.close()]));

it('shows what other processes send, and holds their transports back', { timeout: 60_000 }, async () => {
  const { id } = await web.mail.send({ to: 'a@x.test', subject: 'Hi', text: 'Hi' });
  await web.mail.wait(id);
  expect(await eventually(async () => (await web.json('api/mails')).mails[0])).toMatchObject({ id, transport: 'acme' });
  const transports = await eventually(async () => {
    const one = (await web.json('api/queue')).transports;
    return one.length > 0 && one;
  });
  expect(transports).toMatchObject([{ name: 'acme', breaker: 'closed', paused: false }]);
  expect((await web.change('POST', 'api/transports/acme/pause')).status).toBe(204);
  // What the worker knows is a second old at most.
  await eventually(async () => (await worker.json('api/queue')).transports[0].paused);
  const held = await web.mail.send({ to: 'b@x.test', subject: 'Held', text: 'Hi' });
  await eventually(async () => (await web.json('api/queue')).counts.deferred === 1);
  expect(acme.messages).toHaveLength(1);
  expect((await worker.mail.status(held.id))!.recipients[0]!.state).toBe('queued');
  await expect(worker.mail.sendNow({ to: 'c@x.test', subject: 'Now', text: 'Hi' })).rejects.toThrow('paused by hand');
  expect((await web.change('POST', 'api/transports/acme/resume')).status).toBe(204);
  await web.mail.wait(held.id, { timeout: '20s' });
  expect(acme.messages).toHaveLength(2);
});
