import type { MailEvent, MailEventBase } from '../events/mail-event.interface.js';
import type { Subscription } from '../mail/unsubscribe-links.js';
import type { SuppressionKeeper } from '../suppression/suppression-keeper.js';
import type { SuppressionList } from '../suppression/suppression-list.js';
import type { Subscriptions } from '../suppression/unsubscribe/subscriptions.interface.js';
import type { FeedbackRecorder } from './feedback-recorder.js';

export interface RecordedSubscriptionsParts {
  suppressions: SuppressionList;
  keeper: SuppressionKeeper;
  recorder: FeedbackRecorder;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Acts on the suppression list at once, whatever came before, so that the last word of a recipient stands. What is news is an event too:
 * in the timeline of its mail, where that is still known, and for handlers.
 */
export class RecordedSubscriptions implements Subscriptions {
  readonly #parts: RecordedSubscriptionsParts;

  constructor(parts: RecordedSubscriptionsParts) {
    this.#parts = parts;
  }

  async hasEnded({ recipient, stream, tenant }: Subscription): Promise<boolean> {
    const scope = { stream, ...(tenant !== undefined && { tenant }) };
    const found = await this.#parts.suppressions.check([recipient], scope);
    return found.get(recipient)?.reason === 'unsubscribed';
  }

  /** Gives what was news. */
  async end(subscription: Subscription): Promise<MailEvent[]> {
    const hasEnded = await this.hasEnded(subscription);
    return this.#act({ ...this.#base(subscription, 'unsubscribed'), type: 'unsubscribed' }, !hasEnded);
  }

  async renew(subscription: Subscription): Promise<void> {
    const hasEnded = await this.hasEnded(subscription);
    await this.#act({ ...this.#base(subscription, 'subscribed'), type: 'subscribed' }, hasEnded);
  }

  async #act(event: MailEvent, isNews: boolean): Promise<MailEvent[]> {
    const { keeper, recorder } = this.#parts;
    await keeper.apply([event]);
    if (!isNews) return [];
    await recorder.recordForeign(await recorder.record([event]));
    return [event];
  }

  /** Whoever repeats it all day long makes one event a minute at most. */
  #base({ mailId, recipient, stream, tenant, list }: Subscription, kind: string): MailEventBase & { list?: string } {
    const at = this.#parts.now();
    return {
      id: `${mailId}:${kind}:${Math.floor(at / 60_000)}:${recipient}`,
      recipient,
      timestamp: new Date(at),
      provider: 'relay',
      mailId,
      tags: [],
      metadata: {},
      stream,
      ...(tenant !== undefined && { tenant }),
      ...(list !== undefined && { list }),
    };
  }
}
