import type { MailStream } from '../../mail/mail-message.interface.js';
import type { Rate } from '../../transport/rate.js';

/** What a key may be used for: to send mails, to ask for what became of them, to cancel them. */
export type ApiScope = 'send' | 'read' | 'cancel';

/** Who holds an API key, and what it may be used for. */
export interface ApiClient {
  /** Names the client in the log; idempotency keys and rates are kept by it. */
  id: string;
  scopes: readonly ApiScope[];
  /** Domains that its mails may be from: `acme.test`, `*.acme.test`; default all. */
  senders?: readonly string[];
  /** The only stream of its mails. */
  stream?: MailStream;
  /** The only tenant of its mails. It sees no others. */
  tenant?: string;
  /** Messages, over all processes: `'100/m'`. Default no limit. */
  rate?: Rate;
}

export interface ApiCredentials {
  /** What stood behind `Authorization: Bearer`. */
  key: string;
  remoteAddress: string;
}

/**
 * Provided by the application: knows who holds an API key. What it throws is answered with 503.
 *
 * @example
 * @Injectable()
 * export class DatabaseKeys extends ApiKeyAuthenticator {
 *   constructor(private readonly keys: KeyRepository) { super(); }
 *   async authenticate({ key }: ApiCredentials) {
 *     const found = await this.keys.findByHash(createHash('sha256').update(key).digest('hex'));
 *     return found && { id: found.id, scopes: found.scopes, tenant: found.tenant };
 *   }
 * }
 */
export abstract class ApiKeyAuthenticator {
  /** `null` refuses. */
  abstract authenticate(credentials: ApiCredentials): Promise<ApiClient | null | undefined>;
}
