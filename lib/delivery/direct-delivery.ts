import { createMessage } from '../compose/create-message.js';
import type { ComposedMail } from '../compose/mail-composer.js';
import { MailError } from '../errors/mail.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { SendContext } from '../transport/mail-transport.js';
import { failedAttempt } from './attempt.js';
import type { Dispatcher } from './dispatcher.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import type { MailWords } from './mail-words.js';
import type { MessageCopy, MessageTracker, TrackedSnapshot } from './message-tracker.interface.js';
import type { RecipientOutcome } from './outcome-store.interface.js';
import type { Leg, Router } from './route/router.js';
import type { SuppressionGate } from '../suppression/suppression-gate.js';
import type { StreamPauses } from './stream-pauses.interface.js';
import { scopeOf, suppressedOutcome } from './suppressed-outcome.js';

export interface DirectDeliveryParts {
  router: Router;
  dispatcher: Dispatcher;
  words: MailWords;
  gate: SuppressionGate;
  pauses: StreamPauses;
  tracker: MessageTracker;
}

/** A mail without a queue: what `sendNow()` does. Each transport of its route is tried once at most. */
export class DirectDelivery {
  readonly #router: Router;
  readonly #dispatcher: Dispatcher;
  readonly #words: MailWords;
  readonly #gate: SuppressionGate;
  readonly #pauses: StreamPauses;
  readonly #tracker: MessageTracker;

  constructor({ router, dispatcher, words, gate, pauses, tracker }: DirectDeliveryParts) {
    this.#router = router;
    this.#dispatcher = dispatcher;
    this.#words = words;
    this.#gate = gate;
    this.#pauses = pauses;
    this.#tracker = tracker;
  }

  /** @throws MailError of scope `transport`; a mail's own faults are in the outcomes */
  async send(mail: ComposedMail): Promise<RecipientOutcome[]> {
    const { snapshot } = mail;
    const context = { signal: mail.signal ?? NEVER, attempt: 1, idempotencyKey: snapshot.id };
    const { to } = snapshot.envelope;
    const suppressed = await this.#gate.check(to, scopeOf(snapshot));
    const open = to.filter((address) => !suppressed.has(address));
    const sent = new Map(
      open.length === 0
        ? []
        : (await this.hand(only(await this.render(mail), open), context, snapshot)).map((one) => [one.address, one]),
    );
    return to.flatMap((address) => {
      const entry = suppressed.get(address);
      return entry ? suppressedOutcome(address, entry.reason, Date.now()) : (sent.get(address) ?? []);
    });
  }

  /** @param mail whose message it is, where it is one of the relay's own making @throws MailError of scope `transport` */
  async hand(
    message: MailMessage,
    context: SendContext,
    mail?: TrackedSnapshot & { readonly transport?: string },
  ): Promise<RecipientOutcome[]> {
    const { to } = message.envelope;
    const transport = mail?.transport;
    await this.#refusePaused(message.stream);
    const legs = transport === undefined ? this.#router.legs(message, to) : [{ candidates: [transport], to }];
    const outcomes = new Map<string, RecipientOutcome>();
    let trouble: MailError | undefined;
    for (const leg of legs) {
      const copies = mail ? this.#tracker.copies(message, mail, leg.to) : [{ message, to: leg.to }];
      trouble = (await this.#handCopies(copies, leg, message, context, outcomes)) ?? trouble;
    }
    // Where somebody was answered, the answer is given, with the trouble of the others in it.
    const all = [...outcomes.values()];
    if (trouble && all.every(({ state, error }) => state === 'deferred' && error?.scope === 'transport')) throw trouble;
    return to.flatMap((address) => outcomes.get(address) ?? []);
  }

  /** A copy after another. @returns the last trouble that there was */
  async #handCopies(
    copies: readonly MessageCopy[],
    { candidates }: Leg,
    message: MailMessage,
    context: SendContext,
    outcomes: Map<string, RecipientOutcome>,
  ): Promise<MailError | undefined> {
    let last: MailError | undefined;
    for (const [index, copy] of copies.entries()) {
      const idempotencyKey =
        copies.length > 1
          ? idempotencyKeyOf(context.idempotencyKey, message.envelope.to, copy.to)
          : context.idempotencyKey;
      const leg = { candidates, to: copy.to };
      const { left, trouble } = await this.#goThrough(leg, copy.message, { ...context, idempotencyKey }, outcomes);
      last = trouble ?? last;
      if (left.length === 0) continue;
      // Whoever comes behind would find the same, each after as long a wait.
      const behind = copies.slice(index + 1).flatMap(({ to }) => to);
      const { record } = failedAttempt(last!, only(message, behind), '', Date.now());
      for (const outcome of record.recipients) outcomes.set(outcome.address, outcome);
      break;
    }
    return last;
  }

  /** @param kept what a Mailable gave at an earlier attempt @throws MailError when a Mailable gives `null`, or is not known here */
  async render(mail: ComposedMail, kept?: string): Promise<MailMessage> {
    const words = await this.#words.of(mail.snapshot, mail.body, kept, mail.signal ?? NEVER);
    if (words.type === 'words') return createMessage(mail.snapshot, mail.body, mail.attachments, words.rendered);
    const why = words.type === 'none' ? 'gave null: there is nothing to send' : 'is not a provider of this application';
    throw new MailError(`${mail.snapshot.mail} ${why}`, {
      permanent: true,
      scope: 'message',
      code: words.type === 'none' ? 'ECANCELLED' : 'ENOTFOUND',
    });
  }

  async #refusePaused(stream: string): Promise<void> {
    if ((await this.#pauses.heldUntil(stream)) === undefined) return;
    throw new MailError(
      `The stream ${stream} is paused: queue the mail with send(), or call resume('${stream}') of MailReputation`,
      {
        scope: 'transport',
        reason: 'paused',
      },
    );
  }

  async #goThrough(
    leg: Leg,
    message: MailMessage,
    context: SendContext,
    outcomes: Map<string, RecipientOutcome>,
  ): Promise<{ trouble: MailError | undefined; left: readonly string[] }> {
    let trouble: MailError | undefined;
    const end = await this.#dispatcher.dispatch({
      message,
      leg,
      turn: 'high',
      regardless: true,
      context: () => context,
      settle: async ({ record, error }) => {
        for (const outcome of record.recipients) outcomes.set(outcome.address, outcome);
        if (error?.scope === 'transport') trouble = error;
        return !context.signal.aborted;
      },
    });
    const { left } = end;
    if (left.length === 0 || trouble) return { trouble, left };
    const unavailable = new MailError(
      `No transport takes a mail just now: ${end.passed.map(({ transport, why }) => `${transport}: ${why}`).join('; ') || 'the rate is used up'}`,
      {
        scope: 'transport',
        reason: end.type === 'busy' ? 'rate' : 'unavailable',
        ...(end.wait > 0 && { retryAfter: end.wait }),
      },
    );
    const { message: words, scope, ambiguous, reason } = unavailable;
    for (const address of end.left)
      outcomes.set(address, {
        address,
        state: 'deferred',
        at: Date.now(),
        error: { message: words, scope, ambiguous, reason },
      });
    return { trouble: unavailable, left };
  }
}

function only(message: MailMessage, to: readonly string[]): MailMessage {
  return to.length === message.envelope.to.length ? message : { ...message, envelope: { ...message.envelope, to } };
}

/** For those who gave no signal of their own. */
const NEVER = new AbortController().signal;
