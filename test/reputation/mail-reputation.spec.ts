import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import {
  FeedbackIntake,
  MailReputation,
  RelayConfigurationError,
  type RelayOptions,
  type ReputationChange,
  type ReputationOptions,
} from '../../lib/index.js';
import { createMemoryMailQueue } from '../../lib/queue/memory-mail-queue.js';
import type { QueueOptions } from '../../lib/queue/queue-options.interface.js';
import { QUEUES } from '../support/backends.js';
import { until } from '../support/recorder.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { startRelay, type RelayApplication } from '../support/relay-application.js';

const started: RelayApplication[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((relay) => relay.close()));
});

async function open(queue: QueueOptions, more: RelayOptions = {}) {
  const wire = new RecordingTransport();
  const relay = await startRelay({ transports: { wire }, queue, ...more });
  started.push(relay);
  const reputation = relay.app.get(MailReputation);
  const changes: ReputationChange[] = [];
  reputation.changes.subscribe((change) => changes.push(change));
  return { ...relay, wire, reputation, changes };
}

/** Sends so many mails of a stream, and gives their ids. */
async function sent({ mail }: RelayApplication, count: number, stream: string): Promise<string[]> {
  const ids: string[] = [];
  const rows = Array.from({ length: count }, (_, at) => ({ to: `u${at}@x.test`, subject: 'Hi', text: 'Hi', stream }));
  for await (const item of mail.sendMany(rows)) if ('id' in item) ids.push(item.id);
  await Promise.all(ids.map((id) => mail.wait(id)));
  return ids;
}

function complaints(ids: readonly string[]) {
  return ids.map((mailId, at) => ({
    id: randomUUID(),
    type: 'complained' as const,
    recipient: `u${at}@x.test`,
    timestamp: new Date(),
    provider: 'test',
    mailId,
    suppress: false,
    tags: [],
    metadata: {},
  }));
}

describe.each(QUEUES)('a stream whose mails bounce or are complained about, on $name', ({ options }) => {
  it('is paused in every process, and its mails wait unharmed until it is resumed', { timeout: 90_000 }, async () => {
    const queue = { ...(await options()), name: `reputation-${randomUUID()}` };
    const limits = { complaintRate: 0.1, minimum: 10 };
    const one = await open(queue, { reputation: limits });
    const ids = await sent(one, 10, 'broadcast');
    const heard: unknown[] = [];
    const listen = (change: unknown) => heard.push(change);
    subscribe('nestjs-mail-relay:reputation', listen);
    await one.app.get(FeedbackIntake).accept(complaints(ids.slice(0, 1)));
    await until(async () => (await one.reputation.streams()).some(({ complained }) => complained === 1));
    expect(one.changes).toEqual([]);
    await one.app.get(FeedbackIntake).accept(complaints(ids).slice(1, 3));
    await until(() => one.changes.length === 1);
    unsubscribe('nestjs-mail-relay:reputation', listen);
    expect(one.changes[0]).toMatchObject({ stream: 'broadcast', state: 'paused', why: 'complaints', limit: 0.1 });
    expect(one.changes[0]!.rate).toBeGreaterThan(0.1);
    expect(heard).toEqual(one.changes);

    const other = queue.embedded ? one : await open(queue, { reputation: limits });
    const before = one.wire.messages.length + (other === one ? 0 : other.wire.messages.length);
    const held = await other.mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi', stream: 'broadcast' });
    const free = await other.mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await other.mail.wait(free.id);
    await expect(
      other.mail.sendNow({ to: 'ada@x.test', subject: 'Hi', text: 'Hi', stream: 'broadcast' }),
    ).rejects.toThrow(/The stream broadcast is paused/);
    expect((await other.mail.status(held.id))!.recipients[0]!.state).toBe('queued');
    expect(one.wire.messages.length + (other === one ? 0 : other.wire.messages.length)).toBe(before + 1);
    expect((await other.reputation.streams())[0]).toMatchObject({
      stream: 'broadcast',
      sent: 10,
      paused: { why: 'complaints' },
    });

    expect(await other.reputation.resume('broadcast')).toBe(true);
    expect(await other.reputation.resume('broadcast')).toBe(false);
    expect((await other.mail.wait(held.id)).recipients[0]).toMatchObject({ state: 'sent' });
    expect((await other.mail.status(held.id))!.attempts).toHaveLength(1);
    // What was counted before counts no more.
    const [now] = await other.reputation.streams();
    expect(now).toMatchObject({ stream: 'broadcast', complained: 0 });
    expect(now).not.toHaveProperty('paused');
    await until(() => one.changes.at(-1)?.state === 'resumed');
  });
});

describe('a pause', () => {
  it('by hand ends by itself when it has a time', async () => {
    const { mail, reputation, changes } = await open({ embedded: true });
    await reputation.pause('digest', { for: '3s' });
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi', stream: 'digest' });
    expect((await mail.wait(id)).recipients[0]!.state).toBe('sent');
    expect(changes.map(({ state, why }) => [state, why])).toEqual([
      ['paused', 'manual'],
      ['resumed', undefined],
    ]);
  });

  it('that is over ends no other that was begun meanwhile', async () => {
    let time = Date.now();
    const { counts, shared } = createMemoryMailQueue({ clock: () => time });
    const other = new MailReputation({ counts, shared, now: () => time });
    await other.pause('digest', { for: '3s' });
    time += 4_000;
    let again: Promise<void> | undefined;
    const between: typeof counts.read = async (days) => {
      await (again ??= other.pause('digest', { for: '1h' }));
      return counts.read(days);
    };
    const add: typeof counts.add = (some) => counts.add(some);
    const one = new MailReputation({ counts: { add, read: between }, shared, now: () => time });
    await one.streams();
    expect((await other.streams())[0]).toMatchObject({ stream: 'digest', paused: { why: 'manual' } });
    one.close();
    other.close();
  });

  it('does not keep a mail beyond its time', async () => {
    const { mail, reputation } = await open({ embedded: true });
    await reputation.pause('digest');
    const { id } = await mail.send({
      to: 'ada@x.test',
      subject: 'Hi',
      text: 'Hi',
      stream: 'digest',
      retry: { maxAge: '1s' },
    });
    const { recipients } = await mail.wait(id);
    expect(recipients).toMatchObject([{ state: 'bounced', error: { reason: 'expired' } }]);
    expect(recipients[0]!.error!.message).toContain('the stream digest is paused');
  });

  it('does not come for a few mails, nor for a stream that is let off', async () => {
    const { app, changes, reputation, ...relay } = await open(
      { embedded: true },
      { reputation: { complaintRate: 0.1, minimum: 5, streams: { internal: false } } },
    );
    const some = { app, ...relay };
    const few = await sent(some, 4, 'broadcast');
    const off = await sent(some, 5, 'internal');
    const many = await sent(some, 5, 'digest');
    await app.get(FeedbackIntake).accept([...complaints(few), ...complaints(off)]);
    await until(async () => {
      const complainedAbout = (await reputation.streams()).filter(({ complained }) => complained >= 4);
      return complainedAbout.map(({ stream }) => stream).join() === 'broadcast,internal';
    });
    // One that it does come for: all streams are judged at once.
    await app.get(FeedbackIntake).accept(complaints(many));
    await until(() => changes.length > 0);
    expect(changes.map(({ stream }) => stream)).toEqual(['digest']);
  });
});

describe('the option reputation', () => {
  it.each<[string, unknown, string]>([
    ['a rate in percent', { bounceRate: 5 }, 'reputation.bounceRate'],
    ['a rate of nothing', { complaintRate: 0 }, 'reputation.complaintRate'],
    ['no number', { minimum: '100' }, 'reputation.minimum'],
    ['more days than are looked at', { days: 31 }, 'reputation.days'],
    ['no time', { pause: 'a while' }, 'reputation.pause'],
    ['an unknown one', { rate: 0.1 }, 'reputation.rate'],
    ['of a stream', { streams: { broadcast: { bounceRate: 2 } } }, 'reputation.streams.broadcast.bounceRate'],
    ['of a stream, as a switch', { streams: { broadcast: true } }, 'reputation.streams.broadcast'],
  ])('is refused with its name: %s', async (_, reputation, option) => {
    const starting = open({ embedded: true }, { reputation: reputation as ReputationOptions });
    await expect(starting).rejects.toThrow(RelayConfigurationError);
    await expect(open({ embedded: true }, { reputation: reputation as ReputationOptions })).rejects.toThrow(option);
  });
});
