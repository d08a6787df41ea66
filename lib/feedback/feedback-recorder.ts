import type { RecipientOutcome } from '../delivery/outcome-store.interface.js';
import type { CountedType } from '../events/count-store.interface.js';
import type { DailyCounts } from '../events/daily-counts.js';
import type { EventPublisher } from '../events/event-publisher.js';
import { isByMachine } from '../events/machines.js';
import type { MailEvent, MailEventType } from '../events/mail-event.interface.js';
import type { TimelineStore } from '../events/timeline-store.interface.js';
import type { HistoryWriter } from '../history/history-writer.js';
import type { SenderNotices } from '../notification/sender-notices.js';
import type { SuppressionKeeper } from '../suppression/suppression-keeper.js';
import { type KnownMail, type MailSource, matchMail, recipientOf, transportOf } from './feedback-match.js';
import { feedbackOutcome } from './feedback-outcome.js';

export interface FeedbackRecorderParts {
  mails: MailSource;
  timeline: TimelineStore;
  publisher: EventPublisher;
  counts: DailyCounts;
  suppression: SuppressionKeeper;
  notices: SenderNotices;
  history?: HistoryWriter;
  /** What is stored of whoever opens or clicks; all that is known where it is not said. */
  client?: StoredClient;
}

export interface StoredClient {
  readonly storeIp: boolean;
  readonly storeUserAgent: boolean;
}

/**
 * Writes down what came back, and acts on it: the recipient's state, the suppression list, the handlers, then the timeline. All of it can
 * be done again, and is, until the timeline has the event: nothing is lost to a crash, and a repeat changes nothing.
 */
export class FeedbackRecorder {
  readonly #parts: FeedbackRecorderParts;

  constructor(parts: FeedbackRecorderParts) {
    this.#parts = parts;
  }

  /** Gives back those whose mail is not known. */
  async record(events: readonly MailEvent[]): Promise<MailEvent[]> {
    const unknown: MailEvent[] = [];
    const byMail = new Map<string, { mail: KnownMail; events: MailEvent[] }>();
    const mails = await Promise.all(events.map((event) => matchMail(this.#parts.mails, event)));
    for (const [index, event] of events.entries()) {
      const mail = mails[index];
      if (!mail) unknown.push(event);
      else {
        const group = byMail.get(mail.id) ?? { mail, events: [] };
        group.events.push(completed(event, mail));
        byMail.set(mail.id, group);
      }
    }
    for (const { mail, events: ours } of byMail.values()) await this.recordFor(mail, ours);
    return unknown;
  }

  /** Those that were new. @param events of this mail, completed */
  async recordFor(mail: KnownMail, events: readonly MailEvent[]): Promise<MailEvent[]> {
    const fresh = await this.#fresh(mail.id, events);
    if (fresh.length === 0) return [];
    const outcomes = fresh.flatMap((event) =>
      recipientOf(mail, event.recipient) === undefined ? [] : (feedbackOutcome(event) ?? []),
    );
    const { id, messageId, about } = mail;
    if (outcomes.length > 0)
      await this.#parts.mails.store.save(id, {
        messageId,
        ...(mail.mail !== undefined && { mail: mail.mail }),
        about,
        recipients: outcomes,
      });
    await this.#parts.notices.apply(mail, fresh);
    const before = await this.#parts.timeline.read(id);
    const acted = await this.#actOn(id, fresh, [...before.flatMap(countedKey), ...bouncesOf(mail)]);
    await this.#show(mail, before, fresh, outcomes);
    return acted;
  }

  /** For lists of mails. */
  async #show(
    { id, messageId }: KnownMail,
    before: readonly MailEvent[],
    fresh: readonly MailEvent[],
    outcomes: readonly RecipientOutcome[],
  ): Promise<void> {
    const { history, mails } = this.#parts;
    if (!history) return;
    const [opened, clicked] = (['opened', 'clicked'] as const).map((type) => recipientsWith(type, before, fresh));
    if (opened || clicked)
      await mails.store.save(id, { messageId, ...(opened && { opened }), ...(clicked && { clicked }) });
    history.changed(
      id,
      outcomes.map(({ state }) => state),
    );
  }

  /** Of a mail that is not the relay's, or no more: its address is as bad, and handlers may know what it is about. */
  async recordForeign(events: readonly MailEvent[]): Promise<void> {
    for (const event of events) {
      const timeline = `${FOREIGN}${event.provider}:${event.providerMessageId ?? event.id}`;
      const fresh = await this.#fresh(timeline, [event]);
      if (fresh.length > 0)
        await this.#actOn(timeline, fresh, (await this.#parts.timeline.read(timeline)).flatMap(countedKey));
    }
  }

  async #fresh(timeline: string, events: readonly MailEvent[]): Promise<MailEvent[]> {
    const ids = events.map(({ id }) => id);
    const known = await this.#parts.timeline.known(timeline, ids);
    return events.filter(({ id }, index) => !known.has(id) && ids.indexOf(id) === index);
  }

  async #actOn(timeline: string, events: readonly MailEvent[], before: readonly string[]): Promise<MailEvent[]> {
    const { suppression, publisher, counts, client } = this.#parts;
    await suppression.apply(events);
    await publisher.publish(events);
    const fresh = await this.#parts.timeline.append(
      timeline,
      client ? events.map((event) => withoutClient(event, client)) : events,
    );
    const counted = new Set(before);
    for (const event of events) {
      const { recipient, transport, provider, stream = 'transactional', tags, timestamp } = event;
      const type = countedTypeOf(event);
      if (!type || !fresh.has(event.id) || counted.has(`${type} ${recipient}`)) continue;
      counted.add(`${type} ${recipient}`);
      counts.count(type, { provider: transport ?? provider, stream, tags }, timestamp.getTime());
    }
    return events.filter(({ id }) => fresh.has(id));
  }
}

/** Handlers are told what a provider has told; what stays is what was asked for. */
function withoutClient(event: MailEvent, { storeIp, storeUserAgent }: StoredClient): MailEvent {
  if (event.type !== 'opened' && event.type !== 'clicked') return event;
  const { ip, userAgent, ...rest } = event;
  return {
    ...rest,
    ...(storeIp && ip !== undefined && { ip }),
    ...(storeUserAgent && userAgent !== undefined && { userAgent }),
  };
}

/** How many, where that has changed; machines open and click for themselves. */
function recipientsWith(
  type: MailEventType,
  before: readonly MailEvent[],
  fresh: readonly MailEvent[],
): number | undefined {
  const of = (events: readonly MailEvent[]): string[] =>
    events.filter((event) => event.type === type && !isByMachine(event)).map(({ recipient }) => recipient);
  return of(fresh).length > 0 ? new Set([...of(before), ...of(fresh)]).size : undefined;
}

/** No mail's id begins so. */
const FOREIGN = 'foreign:';

/** What comes back is counted once a recipient and mail; `sent` is the relay's own to count. */
const COUNTED: Readonly<Partial<Record<MailEventType, readonly [type: CountedType, byMachine?: CountedType]>>> = {
  delivered: ['delivered'],
  bounced: ['bounced'],
  complained: ['complained'],
  opened: ['opened', 'machineOpened'],
  clicked: ['clicked', 'machineClicked'],
};

function countedTypeOf(event: MailEvent): CountedType | undefined {
  const [type, byMachine] = COUNTED[event.type] ?? [];
  return isByMachine(event) ? byMachine : type;
}

function countedKey(event: MailEvent): string[] {
  const type = countedTypeOf(event);
  return type ? [`${type} ${event.recipient}`] : [];
}

/** Recipients that had bounced at hand-over are counted already. */
function bouncesOf({ record }: KnownMail): string[] {
  const bounced = record?.recipients.filter(({ state }) => state === 'bounced') ?? [];
  return bounced.map(({ address }) => `bounced ${address}`);
}

/** An event with all that the relay knows of its mail. */
export function completed(event: MailEvent, mail: KnownMail): MailEvent {
  const recipient = recipientOf(mail, event.recipient) ?? event.recipient;
  const transport = transportOf(mail, recipient);
  const { stream, tenant, tags = [], metadata = {} } = mail.about;
  return {
    ...event,
    recipient,
    mailId: mail.id,
    messageId: mail.messageId,
    ...(mail.mail !== undefined && { mail: mail.mail }),
    ...(transport !== undefined && { transport }),
    tags: [...new Set([...tags, ...event.tags])],
    metadata: { ...event.metadata, ...metadata },
    stream,
    ...(tenant !== undefined && { tenant }),
  };
}
