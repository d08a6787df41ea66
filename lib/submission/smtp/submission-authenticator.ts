import type { MailStream } from '../../mail/mail-message.interface.js';
import type { Rate } from '../../transport/rate.js';

/** Who logged in, and what that allows. */
export interface SubmissionUser {
  /** For limits, logs, and the trace field where `traceUser` asks for it. Never shown otherwise. */
  id: string;
  /** Domains it may send from, as MAIL FROM and as From: `acme.test`, or `*.acme.test` for all below it. Default all. */
  senders?: readonly string[];
  /** All its mails go in this stream. Default: as the message asks, else `transactional`. */
  stream?: MailStream;
  tenant?: string;
  /** Messages, counted over all processes of the relay: `'100/h'`. Default no limit. */
  rate?: Rate;
}

/** What a client logs in with. */
export interface SubmissionCredentials {
  /** `PLAIN`, `LOGIN` or `XOAUTH2`. */
  method: string;
  username: string;
  /** Of PLAIN and LOGIN. */
  password?: string;
  /** Of XOAUTH2. */
  accessToken?: string;
  remoteAddress: string;
  /** Whether the connection is encrypted; it may only be clear on the loopback. */
  secure: boolean;
}

/**
 * Says who may submit mail: a provider of the application's.
 *
 * @example
 * @Injectable()
 * export class MailUsers extends SubmissionAuthenticator {
 *   constructor(private readonly accounts: Accounts) { super(); }
 *   async authenticate({ username, password }: SubmissionCredentials) {
 *     const account = await this.accounts.verify(username, password);
 *     return account && { id: account.id, senders: [account.domain], rate: '500/h' };
 *   }
 * }
 */
export abstract class SubmissionAuthenticator {
  /** `null` refuses (535); what it throws is a temporary failure (454), and logged. It has 30 seconds. */
  abstract authenticate(credentials: SubmissionCredentials): Promise<SubmissionUser | null>;
}
