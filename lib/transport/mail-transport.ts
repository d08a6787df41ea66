import type { MailError } from '../errors/mail.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { RetryOptions } from '../mail/mail-options.interface.js';
import type { SharedStore } from '../shared-store.interface.js';
import type { Rate } from './rate.js';
import type { SenderIdentity } from './sender-identity.interface.js';

export type { Rate } from './rate.js';
export type { ProviderDomain, ProviderReturnPath, SenderIdentity, SendingHost } from './sender-identity.interface.js';

/** What a provider can carry. What is left out has no limit; `false` means that `send()` refuses a mail that asks for it. */
export interface TransportCapabilities {
  /** Recipients a message at most (to, cc and bcc together). */
  recipients?: number;
  /** Bytes of the whole encoded message at most. */
  bytes?: number;
  /** How many tags a message may have. */
  tags?: number | false;
  metadata?: boolean;
  /** Custom headers. */
  headers?: boolean;
  cc?: boolean;
  /** Default as `cc`. */
  bcc?: boolean;
  replyTo?: boolean;
  /** Parts that the HTML names as `cid:...`. */
  inline?: boolean;
  attachments?: boolean;
  /** Messages a `sendBatch` at most. */
  batch?: number;
  /** It hands on `raw()` and looks at no other part of the message: one that came in as MIME need not be taken apart for it. */
  raw?: boolean;
}

/** What the provider answered for one recipient. */
export interface RecipientResult {
  address: string;
  state: 'sent' | 'deferred' | 'bounced';
  error?: MailError;
  /** As that of the {@link TransportResult}, where recipients went to different servers. */
  notifies?: boolean;
}

/** Without `recipients`, all were taken. */
export interface TransportResult {
  providerMessageId?: string;
  /** The provider's own words, such as `250 2.0.0 Ok: queued as 4Fz1`. */
  response?: string;
  /** The next server has taken over what the sender asked to be told (RFC 3461 section 6.2): the relay tells no success itself. */
  notifies?: boolean;
  recipients?: readonly RecipientResult[];
}

export interface SendContext {
  /** Aborted when the worker must give the mail back: a shutdown, a lost lock. */
  signal: AbortSignal;
  /** 1 for the first. */
  attempt: number;
  /** The same for every attempt of one mail to the same recipients. */
  idempotencyKey: string;
  /**
   * To be awaited immediately before what cannot be taken back (SMTP: before the message follows DATA). It throws when the mail
   * was cancelled meanwhile or belongs to another worker now; let that error through. The relay calls it once before `send()`,
   * so a transport that sends at once has no need of it.
   */
  confirm?(): Promise<void>;
  /**
   * For a transport that brings one message to several servers, one of which may take long: what is known of some recipients is written down
   * at once, so that a worker that is lost meanwhile has not sent it in vain. It is part of the result all the same.
   */
  settled?(recipients: readonly RecipientResult[]): Promise<void>;
}

/** What a transport may know of the relay that it is part of. */
export interface RelaySurroundings {
  /** The transport's key in `transports`. */
  readonly name: string;
  readonly shared: SharedStore;
}

/**
 * Hands messages to a provider. Its name is its key in `transports`. What it throws that is no {@link MailError} counts as
 * scope `transport`, not permanent: the mail waits and is tried again.
 *
 * @example
 * export class AcmeTransport extends MailTransport {
 *   override readonly capabilities = { recipients: 1, cc: false };
 *
 *   async send(message: MailMessage, { signal, idempotencyKey }: SendContext): Promise<TransportResult> {
 *     const response = await fetch('https://api.acme.test/mails', {
 *       method: 'POST',
 *       headers: { 'idempotency-key': idempotencyKey },
 *       body: JSON.stringify({ from: message.from, to: message.envelope.to, subject: message.subject, html: message.html }),
 *       signal,
 *     });
 *     if (response.status === 422) throw new MailError('Acme refused the message', { permanent: true, scope: 'message' });
 *     if (!response.ok) throw new MailError(`Acme answered ${response.status}`);
 *     return { providerMessageId: ((await response.json()) as { id: string }).id };
 *   }
 * }
 */
export abstract class MailTransport {
  readonly capabilities?: TransportCapabilities;

  abstract send(message: MailMessage, context: SendContext): Promise<TransportResult | void>;

  /** Several messages in one call; an answer per message, in their order. */
  sendBatch?(messages: readonly MailMessage[], context: SendContext): Promise<readonly (TransportResult | MailError)[]>;

  /** Proves the credentials and the way, without sending. */
  verify?(): Promise<void>;

  /**
   * How long mails are tried where nothing says otherwise; what is left out is the relay's default. Looked at when this is the relay's first
   * transport.
   */
  readonly retry?: RetryOptions;

  /** Called by a relay before the first mail: what all of its processes share, for a transport that must count over all of them. */
  join?(relay: RelaySurroundings): void;

  /** The provider's own limits, for `rate: 'auto'`. */
  limits?(): Promise<{ rate?: Rate; quota?: Rate }>;

  /** How its mails leave, which the DNS of the sender's domain must fit: for the checks of {@link SenderDomains}. */
  identity?(): SenderIdentity;

  /** Lets messages in flight finish, then closes connections. */
  close?(): Promise<void>;
}
