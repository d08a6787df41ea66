import type { DeliveryNotifications } from '../../mail/delivery-notifications.interface.js';
import type { SmtpError } from './smtp.error.js';

export interface SmtpEnvelope {
  readonly from: string;
  /** At least one. */
  readonly to: readonly string[];
  /** Bytes of the message. */
  readonly size: number;
  /** Whether an address in it, or in the header, is not ASCII: only for a server that offers SMTPUTF8 (RFC 6531). */
  readonly utf8?: boolean;
  /** What the sender asked to be told: only for a server that offers DSN (RFC 3461). */
  readonly notify?: DeliveryNotifications;
}

/** What can still stop a message. */
export interface SmtpGuard {
  /** Heeded until the first byte of the message is written; after that the answer is waited for. */
  readonly signal: AbortSignal;
  /** Awaited after 354, before the first byte. What it throws ends the connection, and is thrown on as it is. */
  confirm?(): Promise<void>;
}

/** What became of a message that the server did not refuse as a whole. */
export interface SmtpAnswer {
  /** The server's final words; undefined when it took no recipient, and so got no message. */
  readonly response?: string;
  /** The identifier that the server gave the message, where it is known to be one that replaces the Message-ID. */
  readonly serverMessageId?: string;
  /** By recipient, those that were refused. Absent when none was. */
  readonly refused?: ReadonlyMap<string, SmtpError>;
}

/**
 * One connection to a server, greeted, encrypted and logged in, over which messages go one after another: MAIL, RCPT, DATA and the
 * final "." (RFC 5321 section 3.3). Every failure is an {@link SmtpError} with its phase.
 */
export interface SmtpConversation {
  /** What EHLO offered, by keyword in upper case, with its parameters: `SIZE` -> `35882577`. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Messages begun so far. */
  readonly messages: number;
  readonly closed: boolean;

  /**
   * Sends one message. The content, in pieces, is MIME with CRLF line ends; leading dots are doubled on the way.
   *
   * @param share called, if the server is quick and knows PIPELINING, when the message is written: the next one may be given now, and
   * its envelope leaves together with this message (RFC 2920 section 3.1)
   */
  transmit(
    envelope: SmtpEnvelope,
    content: readonly Uint8Array[],
    guard: SmtpGuard,
    share?: () => void,
  ): Promise<SmtpAnswer>;
  /** RSET: forgets what was begun, and shows that the server is still there. Milliseconds. */
  reset(timeout: number): Promise<void>;
  /** QUIT, then closes. Never rejects, and takes a few seconds at most. */
  quit(): Promise<void>;
  /** Closes at once. */
  destroy(): void;
  /** Called once, when the connection is closed by whomever. */
  onClose(callback: () => void): void;
}

/** Opens a conversation; the signal gives up. @throws SmtpError */
export type OpenSmtpConversation = (signal: AbortSignal) => Promise<SmtpConversation>;
