import { setTimeout } from 'node:timers/promises';
import { MailError } from '../errors/mail.error.js';
import { isOfTheAddress, meaningOf } from '../errors/refusal-words.js';
import { mailIdOf } from '../mail/message-id.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { MailTransport, RecipientResult, SendContext, TransportResult } from '../transport/mail-transport.js';
import { redirected, type Redirect } from './redirect.js';
import type { AttemptRecord, RecipientOutcome, RecipientState, StoredError } from './outcome-store.interface.js';

/** A transport with the name it has in the configuration. */
export interface NamedTransport {
  readonly name: string;
  readonly transport: MailTransport;
}

/** What stands around every attempt. */
export interface AttemptSetting {
  readonly interceptors: readonly MailInterceptor[];
  /** In staging. */
  readonly redirect?: Redirect;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Where an attempt may lose time. */
export type AttemptStep = 'given' | 'confirmed';

/** When an attempt may be made. */
export interface AttemptTurn {
  /** Milliseconds until then. */
  readonly wait?: number;
  /**
   * Told how late it was in the end, in milliseconds: when the transport was given the message, and how much later it asked for the last
   * confirmation, if it does (over a connection that was yet to be opened, say).
   */
  started?(late: number, step: AttemptStep): void;
  /** Told of recipients for whom it is over, while others are still under way. */
  settled?(recipients: readonly RecipientOutcome[]): Promise<void>;
}

/** What one attempt came to. */
export interface AttemptResult {
  record: AttemptRecord;
  /** Set when the attempt failed as a whole. */
  error?: MailError;
  /** The longest wait that the provider asked for, in milliseconds. */
  retryAfter?: number;
}

/** Around every attempt, as Nest's interceptors are around handlers; made by the application. */
export interface MailInterceptor {
  intercept(
    message: MailMessage,
    next: { handle(message: MailMessage): Promise<TransportResult> },
  ): Promise<TransportResult>;
}

/**
 * One attempt: through the interceptors to the transport, and the answer in the relay's words. Never throws.
 */
export async function attempt(
  message: MailMessage,
  { name, transport }: NamedTransport,
  context: SendContext,
  { interceptors, redirect, now }: AttemptSetting,
  { wait = 0, started = () => {}, settled }: AttemptTurn = {},
): Promise<AttemptResult> {
  const at = now();
  const start = performance.now() + wait;
  let answer: TransportResult | undefined;
  let send = async (intercepted: MailMessage): Promise<TransportResult> => {
    await context.confirm?.();
    // As late as can be: what came before has taken some of the time.
    const left = wait > 0 ? start - performance.now() : 0;
    if (left > 0) await setTimeout(left);
    const given = performance.now();
    started(given - start, 'given');
    const confirm = async (): Promise<void> => {
      started(performance.now() - given, 'confirmed');
      await context.confirm!();
    };
    // Innermost, so that nothing can lead a mail past it.
    const way = redirect && redirected(intercepted, redirect, transport.capabilities);
    const guarded: SendContext = context.confirm ? { ...context, confirm } : { ...context };
    // Unless somebody in between may want to have a word.
    if (settled && !way && interceptors.length === 0)
      guarded.settled = (some) => settled(some.filter(isOver).map((one) => outcomeOf(one, at)));
    const result = (await transport.send(way?.message ?? intercepted, guarded)) ?? {};
    return (answer = way?.answer(result) ?? result);
  };
  for (const interceptor of interceptors.toReversed()) {
    const handle = send;
    send = (intercepted) => interceptor.intercept(intercepted, { handle });
  }
  try {
    return taken((await send(message)) ?? answer ?? {}, message, name, at);
  } catch (thrown) {
    // What the provider took is sent, whatever went wrong in an interceptor afterwards.
    if (answer) return taken(answer, message, name, at);
    return failedAttempt(toMailError(thrown), message, name, at);
  }
}

/** What a transport threw that is no MailError says nothing about the mail: the transport failed. One of another copy of this package counts. */
export function toMailError(thrown: unknown): MailError {
  if (thrown instanceof MailError || isLikeMailError(thrown)) return thrown;
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return new MailError(thrown instanceof Error ? thrown.message : String(thrown), {
    scope: 'transport',
    cause: thrown,
    ...(typeof code === 'string' && { code }),
  });
}

function isLikeMailError(thrown: unknown): thrown is MailError {
  if (!(thrown instanceof Error)) return false;
  const { permanent, scope, ambiguous } = thrown as Partial<MailError>;
  return typeof permanent === 'boolean' && typeof ambiguous === 'boolean' && SCOPES.has(scope);
}

const SCOPES: ReadonlySet<unknown> = new Set(['message', 'recipient', 'transport'] satisfies MailError['scope'][]);

/** An error as it may be stored and shown. */
export function storedError(error: MailError): StoredError {
  const { reason, suppress } = causeOf(error);
  return {
    message: error.message.slice(0, 1000),
    scope: error.scope,
    ambiguous: error.ambiguous,
    ...(error.replyCode !== undefined && { replyCode: error.replyCode }),
    ...(error.enhancedCode !== undefined && { enhancedCode: error.enhancedCode }),
    ...(reason !== undefined && { reason }),
    ...(suppress && { suppress }),
  };
}

/** Who is refused for good is held back only where the refusal says that it is the address, or the provider holds it back as well. */
function causeOf({ message, scope, permanent, replyCode, enhancedCode, reason }: MailError): {
  reason?: string;
  suppress: boolean;
} {
  const given = reason === undefined ? {} : { reason };
  if (!permanent || scope !== 'recipient') return { ...given, suppress: false };
  if (reason !== undefined) return { reason, suppress: isOfTheAddress(reason) || reason === 'suppressed' };
  // Of the server's words, not of those around them.
  const answer = replyCode === undefined ? -1 : message.indexOf(String(replyCode));
  const meaning = meaningOf(answer < 0 ? message : message.slice(answer), enhancedCode);
  return meaning.reason === 'other' ? { suppress: false } : meaning;
}

function taken(result: TransportResult, message: MailMessage, transport: string, at: number): AttemptResult {
  const said = new Map(recipientsOf(result).map((recipient) => [recipient.address, recipient]));
  // A message that came in with a Message-ID of its own is found by it, when it comes back.
  const given = result.providerMessageId ?? (mailIdOf(message.messageId) ? undefined : message.messageId);
  const recipients = message.envelope.to.map((address): RecipientOutcome => {
    const one = said.get(address) ?? { address, state: 'sent' as const };
    const outcome = outcomeOf(one, at, result.notifies);
    return given !== undefined && one.state === 'sent' ? { ...outcome, providerMessageId: String(given) } : outcome;
  });
  const retryAfter = Math.max(0, ...recipientsOf(result).map(({ error }) => error?.retryAfter ?? 0));
  const isRefused = recipients.every(({ state }) => state !== 'sent');
  const refusal = isRefused ? recipients.find(({ error }) => error)?.error : undefined;
  return {
    record: {
      transport,
      at,
      outcome: result.response === undefined ? summary(recipients) : String(result.response).slice(0, 1000),
      ...(refusal && { error: refusal }),
      recipients,
    },
    ...(retryAfter > 0 && { retryAfter }),
  };
}

function outcomeOf(
  { address, state, error, notifies }: RecipientResult,
  at: number,
  allNotify?: boolean,
): RecipientOutcome {
  return {
    address,
    state,
    at,
    ...(error && { error: storedError(toMailError(error)) }),
    ...(state === 'sent' && (notifies ?? allNotify) && { notifies: true }),
  };
}

function isOver({ state }: RecipientResult): boolean {
  return state !== 'deferred';
}

/** A transport of somebody else's may say what it likes; only the states of the contract are believed. */
function recipientsOf({ recipients }: TransportResult): readonly RecipientResult[] {
  return Array.isArray(recipients) ? recipients.filter(({ state }: RecipientResult) => STATES.has(state)) : [];
}

const STATES: ReadonlySet<string> = new Set(['sent', 'deferred', 'bounced'] satisfies RecipientResult['state'][]);

/** A permanent fault of the mail bounces it; all else defers it. A transport's own trouble is never the mail's fault. */
export function failedAttempt(error: MailError, message: MailMessage, transport: string, at: number): AttemptResult {
  const state: RecipientState = error.permanent && error.scope !== 'transport' ? 'bounced' : 'deferred';
  const stored = storedError(error);
  const recipients = message.envelope.to.map((address): RecipientOutcome => ({ address, state, at, error: stored }));
  return {
    record: { transport, at, outcome: error.ambiguous ? 'ambiguous' : state, error: stored, recipients },
    error,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  };
}

/** Of one recipient, with the words of who refused him. */
function summary(recipients: readonly RecipientOutcome[]): string {
  const [{ state, error } = { state: 'sent' as const, error: undefined }] = recipients;
  if (recipients.length === 1 && error) return `${state}: ${error.message}`.slice(0, 1000);
  const states = new Set(recipients.map(({ state }) => state));
  return [...states]
    .map((state) => (states.size === 1 ? state : `${recipients.filter((one) => one.state === state).length} ${state}`))
    .join(', ');
}
