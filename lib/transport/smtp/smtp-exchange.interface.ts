import type { SmtpPhase } from './smtp.error.js';

/** What was asked of a server, and hears its answers in their order until it is through. */
export interface SmtpExchange {
  /** Of the answer that is awaited. */
  readonly phase: SmtpPhase;
  /** How long that answer may take, in milliseconds. `Infinity` while it is the server that waits. */
  readonly timeout: number;
  /** Nobody waits for it any more, and it is not through. */
  readonly abandoned?: boolean;
  /** Gives `true` when no further answer belongs to it. */
  hear(answer: string): boolean;
  /** The connection is no more, or nobody waits any longer. */
  fail(error: (phase: SmtpPhase) => unknown): void;
}
