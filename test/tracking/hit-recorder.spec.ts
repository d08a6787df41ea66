import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { FeedbackIntake, type MailEvent, MailStatistics } from '../../lib/index.js';
import { HitRecorder, type HitRecorderParts } from '../../lib/tracking/hit-recorder.js';
import { TRACKING_TASK, type TrackedHit } from '../../lib/tracking/tracked-hit.js';
import type { OpenedQueue } from '../../lib/queue/open-mail-queue.js';
import { relayPart } from '../../lib/relay.tokens.js';
import { QUEUES } from '../support/backends.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';

/** After the time in which scanners follow links, and on the same day: what comes tomorrow is not counted yet. */
const LATER = 10_000;

describe.each(QUEUES)('opens and clicks, with the queue on $name', ({ options }) => {
  let relay: RelayApplication | undefined;

  afterEach(() => relay?.close());

  async function start(
    to: string[] = ['ada@x.test'],
  ): Promise<{ id: string; record(hits: Partial<TrackedHit>[]): Promise<void> }> {
    relay = await startRelay({
      transport: new RecordingTransport(),
      queue: { ...(await options()), name: `hits-${randomUUID()}` },
      tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test' },
      track: true,
    });
    const { mail, app } = relay;
    const { id } = await mail.send({ to, subject: 'Hi', html: '<p>Hi</p>', tags: ['hits'] });
    await mail.wait(id);
    const { mailQueue } = app.get<OpenedQueue>(relayPart('queue'));
    const record = async (hits: Partial<TrackedHit>[]): Promise<void> => {
      const whole = hits.map((hit) => ({ mailId: id, recipient: 0, at: Date.now() + LATER, ...hit }));
      await mailQueue.tasks.add([
        { id: randomUUID().replaceAll('-', ''), kind: TRACKING_TASK, data: { hits: whole, of: 'a test' } },
      ]);
    };
    return { id, record };
  }

  const came = async (id: string): Promise<MailEvent[]> =>
    (await relay!.mail.status(id))!.events.filter(({ type }) => type === 'opened' || type === 'clicked');

  it('fill no store, however many: the first are kept, the rest is counted', async () => {
    const { id, record } = await start();
    const minute = 60_000;
    for (let part = 0; part < 10; part++)
      await record(Array.from({ length: 200 }, (_, n) => ({ at: Date.now() + (part * 200 + n + 1) * minute })));
    // Tasks that are done at once may each keep the first that they see, up to what a timeline takes.
    const kept = async () => (await came(id)).length;
    const all = async () => (await kept()) + ((await relay!.mail.status(id))!.moreEvents ?? 0);
    await expect.poll(all, { timeout: 60_000 }).toBe(2_000);
    expect(await kept()).toBeGreaterThanOrEqual(50);
    expect(await kept()).toBeLessThanOrEqual(800);
    // There is room for what matters.
    await relay!.app.get(FeedbackIntake).accept([
      {
        id: 'c-1',
        type: 'complained',
        suppress: true,
        recipient: 'ada@x.test',
        mailId: id,
        provider: 'ses',
        timestamp: new Date(),
        tags: [],
        metadata: {},
      },
    ]);
    await expect.poll(async () => (await relay!.mail.status(id))!.recipients[0]!.state).toBe('complained');
    const complained = async () => (await relay!.mail.status(id))!.events.some(({ type }) => type === 'complained');
    await expect.poll(complained).toBe(true);
  }, 90_000);

  it('of machines leave room for those of people, whoever else the mail went to', async () => {
    const to = Array.from({ length: 20 }, (_, n) => `r${n}@x.test`);
    const { id, record } = await start(to);
    const scanned = (recipient: number): Partial<TrackedHit>[] =>
      Array.from({ length: 60 }, (_, n) => ({
        recipient,
        machine: 'security-scanner',
        url: `https://acme.test/${n}`,
      }));
    const all = async () => (await came(id)).length + ((await relay!.mail.status(id))!.moreEvents ?? 0);
    for (const index of to.keys()) {
      await record(scanned(index));
      await expect.poll(all, { timeout: 10_000 }).toBe((index + 1) * 60);
    }
    await record([0, 19].flatMap((recipient) => [{ recipient }, { recipient, url: 'https://acme.test/7' }]));
    const people = async () =>
      (await came(id)).flatMap((event) => ('machine' in event ? [] : `${event.type} ${event.recipient}`)).toSorted();
    await expect
      .poll(people)
      .toEqual(['clicked r0@x.test', 'clicked r19@x.test', 'opened r0@x.test', 'opened r19@x.test']);
  }, 60_000);

  it('told twice are one event; those of nobody that the mail went to are none', async () => {
    const { id, record } = await start();
    const at = Date.now() + LATER;
    await record([{ at }, { at: at + 1 }, { recipient: 7 }, { at, url: 'https://acme.test/' }]);
    await record([{ at }, { at, url: 'https://acme.test/' }, { at, machine: 'prefetch' }]);
    await expect.poll(() => came(id).then((events) => events.length)).toBe(3);
    const statistics = relay!.app.get(MailStatistics);
    await expect
      .poll(() => statistics.total({ tag: 'hits' }))
      .toMatchObject({ opened: 1, clicked: 1, machineOpened: 1, machineClicked: 0 });
  });

  it('are in one vocabulary with what providers tell', async () => {
    const { id, record } = await start(['ada@x.test', 'bob@x.test']);
    await record([{ url: 'https://acme.test/a', machine: 'apple-mail-privacy' }]);
    const base = {
      mailId: id,
      provider: 'ses',
      timestamp: new Date(),
      tags: [],
      metadata: {},
      recipient: 'bob@x.test',
    };
    await relay!.app.get(FeedbackIntake).accept([
      { ...base, id: 'p-1', type: 'clicked', url: 'https://acme.test/a', userAgent: 'Mozilla/5.0', ip: '192.0.2.1' },
      { ...base, id: 'p-2', type: 'opened', userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)' },
    ]);
    await expect.poll(() => came(id).then((events) => events.length)).toBe(3);
    const events = (await came(id)).filter(({ type }) => type === 'clicked');
    // Nobody has asked for them to be stored.
    for (const event of await came(id))
      for (const field of ['ip', 'userAgent']) expect(event).not.toHaveProperty(field);
    for (const event of events)
      expect(event).toMatchObject({ url: 'https://acme.test/a', machine: 'apple-mail-privacy', tags: ['hits'] });
    const statistics = relay!.app.get(MailStatistics);
    await expect
      .poll(() => statistics.total({ tag: 'hits' }))
      .toMatchObject({ opened: 1, clicked: 0, machineOpened: 0, machineClicked: 2 });
  });
});

describe('clicks of a mail that is being handed over', () => {
  it('wait for its answer, which tells who has clicked, but not for ever', async () => {
    const id = randomUUID();
    const about = { acceptedAt: 0, to: ['ada@x.test'], stream: 'transactional' } as const;
    const record = { messageId: '<1@acme.test>', about, recipients: [], attempts: [], sendingSince: 1 };
    const recorded: MailEvent[] = [];
    const hits = new HitRecorder({
      mails: { store: { load: async () => record }, find: async () => null },
      timeline: { read: async () => [] },
      recorder: { recordFor: async (_: unknown, events: MailEvent[]) => recorded.push(...events) },
    } as unknown as HitRecorderParts);
    const task = (hit: Partial<TrackedHit>) => ({
      id: 'a',
      kind: TRACKING_TASK,
      addedAt: 9_000,
      data: { hits: [{ mailId: id, recipient: 0, at: 5_000, ...hit }], of: 'a test' },
    });
    const click = task({ url: 'https://acme.test/' });
    expect(await hits.record(click, 10_000)).toMatchObject({ type: 'later' });
    expect(recorded).toEqual([]);
    expect(await hits.record(task({}), 10_000)).toMatchObject({ type: 'done' });
    expect(await hits.record(click, 60_000)).toMatchObject({ type: 'done' });
    expect(recorded.map(({ type }) => type)).toEqual(['opened', 'clicked']);
  });
});
