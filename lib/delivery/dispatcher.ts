import { forRecipients, readable } from '../compose/create-message.js';
import type { MailError } from '../errors/mail.error.js';
import { MailMessageError } from '../errors/mail-message.error.js';
import { UnsupportedFeatureError } from '../errors/unsupported-feature.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { MailTransport, SendContext } from '../transport/mail-transport.js';
import { attempt, type AttemptResult, type AttemptSetting, failedAttempt, toMailError } from './attempt.js';
import { demandsOf, lacks } from './demands.js';
import type { Turn } from './flow/transport-state.js';
import type { Verdict } from './flow/verdict.js';
import type { PassedOver, RecipientOutcome, StoredError } from './outcome-store.interface.js';
import type { Leg } from './route/router.js';
import type { TransportInUse, TransportSet } from './transport-set.js';

/** A message on its way to one of several transports. */
export interface DispatchOrder {
  readonly message: MailMessage;
  readonly leg: Leg;
  readonly turn: Turn;
  /** Goes on when nothing can be learnt of the other processes, past the limits if need be. */
  readonly regardless?: boolean;
  /** What the transport is told; `confirm` is for it alone. */
  context(transport: string): SendContext;
  /** Told of recipients for whom it is over, before the attempt is. */
  settled?(recipients: readonly RecipientOutcome[], transport: string): Promise<void>;
  /**
   * Told of each attempt before the next one is made.
   *
   * @param trouble those who did not get the mail because of the transport, which says nothing of the mail
   * @param wait milliseconds until the transport may be tried again
   * @returns `false` to go no further
   */
  settle(result: AttemptResult, trouble: readonly string[], wait: number): Promise<boolean>;
}

/** Those who still wait, and for what. */
export interface DispatchEnd {
  readonly left: readonly string[];
  /** Milliseconds until a transport may be free; 0 where that is not known. */
  readonly wait: number;
  /** `busy`: it is their turn later. `closed`: no transport is well. `unknown`: this process has none of them. */
  readonly type: 'over' | 'busy' | 'closed' | 'unknown';
  readonly passed: readonly PassedOver[];
}

/** Hands a message to the first transport of its route that is well, and moves it on when that one fails. */
export class Dispatcher {
  readonly #transports: TransportSet;
  readonly #setting: () => AttemptSetting;

  constructor(transports: TransportSet, setting: () => AttemptSetting) {
    this.#transports = transports;
    this.#setting = setting;
  }

  /** @throws QueueUnavailableError */
  async dispatch(order: DispatchOrder): Promise<DispatchEnd> {
    const { message, leg } = order;
    const passed: PassedOver[] = [];
    const waits: number[] = [];
    let { to } = leg;
    let known = false;
    let lacking: UnsupportedFeatureError | undefined;
    for (const name of leg.candidates) {
      const found = await this.#use(name, message.tenant);
      if (!found) passed.push({ transport: name, why: 'is not configured in this process' });
      if (!found) continue;
      known = true;
      const tried =
        found instanceof Error
          ? await this.#unavailable(order, name, to, found)
          : await this.#try(order, found, to, passed);
      if (tried.type === 'busy') return { left: to, wait: tried.wait, type: 'busy', passed };
      if (tried.type === 'lacking') lacking ??= tried.error;
      else waits.push(tried.wait);
      if (tried.why !== undefined) passed.push({ transport: name, why: tried.why });
      if (tried.type !== 'tried') continue;
      to = tried.trouble;
      if (to.length === 0 || !tried.goOn) return { left: to, wait: 0, type: 'over', passed };
    }
    if (!known) return { left: to, wait: 0, type: 'unknown', passed };
    if (lacking && waits.length === 0) {
      await order.settle(
        failedAttempt(lacking, forRecipients(message, to), lacking.transport, this.#setting().now()),
        [],
        0,
      );
      return { left: [], wait: 0, type: 'over', passed };
    }
    return { left: to, wait: Math.min(...waits), type: 'closed', passed };
  }

  /** Whoever looks into a message must find there what is in its bytes. */
  #fit(message: MailMessage, { capabilities }: MailTransport): MailMessage | Promise<MailMessage | MailMessageError> {
    const { interceptors, redirect } = this.#setting();
    return capabilities?.raw && interceptors.length === 0 && !redirect ? message : readable(message);
  }

  /** A tenant whose transport cannot be had is an attempt that failed. */
  async #use(name: string, tenant: string | undefined): Promise<TransportInUse | MailError | undefined> {
    try {
      return await this.#transports.use(name, tenant);
    } catch (error) {
      if (error instanceof Error && error.name === 'QueueUnavailableError') throw error;
      return toMailError(error);
    }
  }

  async #unavailable(order: DispatchOrder, name: string, to: readonly string[], error: MailError): Promise<Tried> {
    const result = failedAttempt(error, forRecipients(order.message, to), name, this.#setting().now());
    const trouble = error.scope === 'transport' ? to : [];
    return { type: 'tried', wait: 0, trouble, goOn: await order.settle(result, trouble, 0), why: error.message };
  }

  async #try(
    order: DispatchOrder,
    { name, transport, gate, release }: TransportInUse,
    to: readonly string[],
    passed: readonly PassedOver[],
  ): Promise<Tried> {
    try {
      const message = await this.#fit(forRecipients(order.message, to), transport);
      if (message instanceof MailMessageError) {
        const error = new UnsupportedFeatureError('raw', name, message.message);
        return { type: 'lacking', wait: 0, why: message.message, error };
      }
      const lacking = lacks(transport.capabilities, demandsOf(message));
      if (lacking) {
        const error = new UnsupportedFeatureError(lacking.feature, name, `The transport ${name} ${lacking.why}`);
        return { type: 'lacking', wait: 0, why: lacking.why, error };
      }
      const entry = { recipients: byDomain(to), turn: order.turn };
      const { admission, pass } = await (order.regardless ? gate.enterRegardless(entry) : gate.enter(entry));
      if (admission.type !== 'go') return admission;
      const context = order.context(name);
      const { wait: turn } = admission;
      const result = await attempt(message, { name, transport }, context, this.#setting(), {
        wait: turn,
        started: (late, step) => gate.started(entry, late, step),
        ...(order.settled && { settled: (recipients) => order.settled!(recipients, name) }),
      });
      if (passed.length > 0) result.record.passed = [...passed];
      const wait = await gate.leave(pass, verdictOf(result, context.signal)).catch(() => 0);
      const trouble = troubleOf(result);
      return {
        type: 'tried',
        wait,
        trouble,
        goOn: await order.settle(result, trouble, wait),
        why: (result.error ?? result.record.recipients.find(({ error }) => error)?.error)?.message,
      };
    } finally {
      release();
    }
  }
}

type Tried =
  | { type: 'busy' | 'closed'; wait: number; why: string }
  | { type: 'lacking'; wait: number; why: string; error: UnsupportedFeatureError }
  | { type: 'tried'; wait: number; why?: string; trouble: readonly string[]; goOn: boolean };

/** Those who can go to another transport: the trouble was the transport's, and it is certain that it has not got their mail. */
function troubleOf({ record }: AttemptResult): string[] {
  return record.recipients
    .filter(({ state, error }) => state === 'deferred' && error?.scope === 'transport' && !error.ambiguous)
    .map(({ address }) => address);
}

/** What an attempt says of its transport. */
function verdictOf({ error, record, retryAfter }: AttemptResult, signal: AbortSignal): Verdict {
  if (error && (GIVEN_UP.has(error.code ?? '') || signal.aborted)) return { type: 'silent' };
  const said = error ?? partlyDown(record.recipients.map((one) => one.error));
  if (!said || said.scope !== 'transport') return { type: 'well' };
  const { reason = '', message: why } = said;
  const later = retryAfter === undefined ? {} : { retryAfter };
  if (reason === 'rate') return { type: 'slower', ...later };
  if (reason === 'quota') return { type: 'spent', why, ...later };
  return { type: 'down', why, atOnce: AT_ONCE.has(reason), ...later };
}

/** Somebody who was answered for his own sake shows that the transport is well. */
function partlyDown(errors: readonly (StoredError | undefined)[]): StoredError | undefined {
  return errors.every((error) => error?.scope === 'transport') ? errors[0] : undefined;
}

/** The attempt ended before the transport had a say: see Claim. */
const GIVEN_UP: ReadonlySet<string> = new Set(['ELOCK', 'ECANCELLED', 'EQUEUE']);

/** What the next mail would meet as well. */
const AT_ONCE: ReadonlySet<string> = new Set(['credentials', 'account']);

function byDomain(to: readonly string[]): Map<string, number> {
  const domains = new Map<string, number>();
  for (const address of to) {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    domains.set(domain, (domains.get(domain) ?? 0) + 1);
  }
  return domains;
}
