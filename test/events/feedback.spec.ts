import { channel } from 'node:diagnostics_channel';
import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import {
  FeedbackIntake,
  MailEvents,
  MailStatistics,
  MailTransport,
  OnMailEvent,
  SuppressionList,
  type MailEvent,
  type MailMessage,
  type TransportResult,
} from '../../lib/index.js';
import { randomUUID } from 'node:crypto';
import { QUEUES } from '../support/backends.js';
import { until } from '../support/recorder.js';
import { startRelay, type RelayApplication } from '../support/relay-application.js';

class Provider extends MailTransport {
  readonly sent: MailMessage[] = [];
  hold?: Promise<void>;

  async send(message: MailMessage): Promise<TransportResult> {
    this.sent.push(message);
    await this.hold;
    return { providerMessageId: `p-${message.id}` };
  }
}

@Injectable()
class Ledger {
  readonly calls: MailEvent[] = [];
  failures = 0;

  @OnMailEvent('sent', 'delivered', 'bounced', 'complained')
  note(event: MailEvent<'sent' | 'delivered' | 'bounced' | 'complained'>): void {
    this.calls.push(event);
    if (this.failures-- > 0) throw new Error('the ledger is closed, says a test');
  }

  types(): string[] {
    return this.calls.map(({ type }) => type).sort();
  }
}

describe.each(QUEUES)('feedback, with the queue on $name', ({ options }) => {
  let relay: RelayApplication | undefined;
  let provider: Provider;
  afterEach(async () => {
    await relay?.close();
    relay = undefined;
  });

  async function open(): Promise<RelayApplication & { intake: FeedbackIntake; ledger: Ledger }> {
    provider = new Provider();
    relay = await startRelay(
      { transports: { ses: provider }, queue: { ...(await options()), name: `events-${randomUUID()}` } },
      { providers: [Ledger] },
    );
    return { ...relay, intake: relay.app.get(FeedbackIntake), ledger: relay.app.get(Ledger) };
  }

  it('finds the mail by the provider’s id, by Message-ID and by its own, and tells its whole story in order', async () => {
    const { mail, intake, ledger } = await open();
    const { id, messageId } = await mail.send({
      to: ['ada@x.test', 'Bob@x.test'],
      subject: 'Hi',
      text: 'Hi',
      tags: ['greeting'],
      metadata: { order: '7' },
    });
    await mail.wait(id);
    await intake.accept([
      told({ id: 'e1', type: 'delivered', recipient: 'ada@x.test', providerMessageId: `<p-${id}>` }),
      told({ id: 'e2', type: 'bounced', recipient: 'bob@x.test', messageId, ...BAD_ADDRESS }, 1),
      told({ id: 'e3', type: 'opened', recipient: 'ada@x.test', mailId: id, userAgent: 'A' }, 2),
    ]);
    await until(async () => (await mail.status(id))?.events.some(({ type }) => type === 'opened'));
    const status = (await mail.status(id))!;
    expect(status.recipients.map(({ address, state }) => [address, state])).toEqual([
      ['ada@x.test', 'delivered'],
      ['Bob@x.test', 'bounced'],
    ]);
    expect(status.recipients[1]!.error).toMatchObject({ reason: 'userunknown', enhancedCode: '5.1.1' });
    expect(status.events.map(({ type, recipient }) => `${type} ${recipient}`)).toEqual([
      'queued ada@x.test',
      'queued Bob@x.test',
      'sent ada@x.test',
      'sent Bob@x.test',
      'delivered ada@x.test',
      'bounced Bob@x.test',
      'opened ada@x.test',
    ]);
    for (const event of status.events)
      expect(event).toMatchObject({ mailId: id, messageId, tags: ['greeting'], metadata: { order: '7' } });
    expect(status.events.at(-1)).toMatchObject({ transport: 'ses', provider: 'test', userAgent: 'A' });
    for (const name of [messageId, messageId.slice(1, -1), `p-${id}`, `<p-${id}>`])
      expect((await mail.status(name))?.id).toBe(id);
    await until(() => ledger.calls.length === 4);
    expect(ledger.types()).toEqual(['bounced', 'delivered', 'sent', 'sent']);
  });

  it('takes an event once, however often it comes, and in whatever order', async () => {
    const { mail, intake, ledger } = await open();
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await mail.wait(id);
    const complained = told({ id: 'c', type: 'complained', recipient: 'ada@x.test', mailId: id, suppress: true }, 5);
    const delivered = told({ id: 'd', type: 'delivered', recipient: 'ada@x.test', mailId: id });
    await intake.accept([complained]);
    await intake.accept([delivered, complained]);
    await intake.accept([delivered]);
    await intake.accept([complained, delivered, complained]);
    await until(() => ledger.calls.length === 3);
    await intake.accept([told({ id: 'last', type: 'bounced', recipient: 'ada@x.test', mailId: id, ...BAD_ADDRESS })]);
    await until(() => ledger.calls.length === 4);
    expect(ledger.types()).toEqual(['bounced', 'complained', 'delivered', 'sent']);
    const types = async () =>
      (await mail.status(id))!.events.filter(({ provider: from }) => from === 'test').map(({ type }) => type);
    // The timeline is last to hear of it.
    await until(async () => (await types()).length === 3);
    expect(await types()).toEqual(['delivered', 'bounced', 'complained']);
    expect((await mail.status(id))!.recipients[0]!.state).toBe('complained');
  });

  it('keeps an event that comes before the provider’s answer until the mail is known', async () => {
    const { mail, intake } = await open();
    let release!: () => void;
    provider.hold = new Promise((resolve) => (release = resolve));
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await until(() => provider.sent.length === 1);
    await intake.accept([
      told({ id: 'early', type: 'delivered', recipient: 'ada@x.test', providerMessageId: `p-${id}` }),
    ]);
    await setTimeout(300);
    release();
    await until(async () => (await mail.status(id))?.recipients[0]!.state === 'delivered');
  });

  it('knows by which transport a mail goes while its answer is awaited', async () => {
    const { mail, intake, ledger } = await open();
    let answer = (): void => {};
    provider.hold = new Promise((resolve) => (answer = resolve));
    const { messageId } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await until(() => provider.sent.length === 1);
    await intake.accept([told({ id: 'b', type: 'bounced', recipient: 'ada@x.test', messageId, ...BAD_ADDRESS })]);
    await until(() => ledger.calls.length === 1);
    answer();
    expect(ledger.calls[0]).toMatchObject({ type: 'bounced', provider: 'test', transport: 'ses' });
  });

  it('calls a handler again that failed, and only that', async () => {
    const { mail, ledger } = await open();
    ledger.failures = 1;
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await until(() => ledger.calls.length === 2);
    expect(ledger.calls.map((event) => event.id)).toEqual([ledger.calls[0]!.id, ledger.calls[0]!.id]);
    expect(ledger.calls[0]).toMatchObject({ type: 'sent', mailId: id, timestamp: expect.any(Date) });
  });

  it('streams what happens in its process, and publishes it on a diagnostics channel', async () => {
    const { app, mail } = await open();
    const streamed: string[] = [];
    const published: string[] = [];
    const listener = (event: unknown): void => void published.push((event as MailEvent).type);
    channel('nestjs-mail-relay:event').subscribe(listener);
    const subscription = app
      .get(MailEvents)
      .of('queued', 'sent', 'cancelled')
      .subscribe(({ type }) => streamed.push(type));
    await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi' });
    await until(() => published.length === 2);
    const later = await mail.send({ to: 'ada@x.test', subject: 'Hi', text: 'Hi', delay: '1h' });
    await mail.cancel(later.id);
    await until(() => published.length === 4);
    expect(streamed).toEqual(['queued', 'sent', 'queued', 'cancelled']);
    expect(published).toEqual(streamed);
    subscription.unsubscribe();
    channel('nestjs-mail-relay:event').unsubscribe(listener);
  });

  it('counts by day, provider, stream and tag, opens and clicks once a recipient', async () => {
    const { app, mail, intake } = await open();
    const statistics = app.get(MailStatistics);
    const ids: string[] = [];
    for (const to of ['a@x.test', 'b@x.test', 'c@x.test', 'd@x.test'])
      ids.push((await mail.send({ to, subject: 'Hi', text: 'Hi', stream: 'broadcast', tags: ['digest'] })).id);
    await Promise.all(ids.map((id) => mail.wait(id)));
    const opened = (n: number) =>
      told({ id: `o${n}`, type: 'opened', recipient: 'a@x.test', mailId: ids[0]!, userAgent: '' });
    await intake.accept([
      opened(1),
      opened(2),
      told({ id: 'b', type: 'bounced', recipient: 'b@x.test', mailId: ids[1]!, ...BAD_ADDRESS }),
    ]);
    await until(async () => (await statistics.total({ tag: 'digest' })).bounced === 1);
    const [row] = await statistics.daily({ stream: 'broadcast', days: 2 });
    expect(row).toMatchObject({
      provider: 'ses',
      stream: 'broadcast',
      sent: 4,
      bounced: 1,
      opened: 1,
      bounceRate: 0.25,
    });
    expect(await statistics.total({ tag: 'other' })).toMatchObject({ sent: 0, bounceRate: 0 });
  });

  it('holds back whom a bounce or a complaint has put on the list, and says so', async () => {
    const { app, mail, intake, ledger } = await open();
    const list = app.get(SuppressionList);
    const { id } = await mail.send({ to: ['bad@x.test', 'good@x.test'], subject: 'Hi', text: 'Hi' });
    await mail.wait(id);
    const waiting = await mail.send({ to: 'Bad@x.test', subject: 'Later', text: 'Hi', delay: '3s' });
    await intake.accept([told({ id: 'b', type: 'bounced', recipient: 'bad@x.test', mailId: id, ...BAD_ADDRESS })]);
    await until(async () => (await list.check(['bad@x.test'])).size === 1);
    expect(await list.check(['BAD@x.test', 'good@x.test'])).toEqual(
      new Map([['BAD@x.test', expect.objectContaining({ reason: 'bounced', source: 'test' })]]),
    );
    const both = await mail.send({ to: ['good@x.test', 'bad@x.test'], subject: 'Hi', text: 'Hi' });
    expect(both.recipients.map(({ state }) => state)).toEqual(['queued', 'suppressed']);
    const alone = await mail.send({ to: 'bad@x.test', subject: 'Hi', text: 'Hi' });
    expect(alone.recipients).toMatchObject([{ state: 'suppressed', error: { reason: 'bounced' } }]);
    expect((await mail.sendNow({ to: 'bad@x.test', subject: 'Hi', text: 'Hi' })).recipients[0]!.state).toBe(
      'suppressed',
    );
    expect(await mail.sendMany([{ to: 'bad@x.test', subject: 'Hi', text: 'Hi' }])).toMatchObject({
      queued: 0,
      suppressed: 1,
    });
    for (const one of [both, alone, waiting]) await mail.wait(one.id);
    expect((await mail.status(alone.id))!.events.map(({ type }) => type)).toContain('suppressed');
    expect((await mail.status(waiting.id))!.recipients[0]!.state).toBe('suppressed');
    expect((await mail.status(both.id))!.recipients.map(({ state }) => state)).toEqual(['sent', 'suppressed']);
    const written = provider.sent.flatMap(({ envelope }) => envelope.to);
    expect(written.filter((to) => to.toLowerCase() === 'bad@x.test')).toHaveLength(1);
    expect(await list.remove('bad@x.test')).toBe(true);
    const again = await mail.send({ to: 'bad@x.test', subject: 'Hi', text: 'Hi' });
    await mail.wait(again.id);
    expect((await mail.status(again.id))!.recipients[0]!.state).toBe('sent');
    expect(ledger.types()).toContain('bounced');
  });
});

const BAD_ADDRESS = { reason: 'userunknown', permanent: true, suppress: true, enhancedCode: '5.1.1' } as const;

function told(event: Pick<MailEvent, 'id' | 'type' | 'recipient'> & Record<string, unknown>, seconds = 0): MailEvent {
  const timestamp = new Date(Date.now() + 1_000 * (1 + seconds));
  return { provider: 'test', tags: [], metadata: {}, ...event, timestamp } as unknown as MailEvent;
}
