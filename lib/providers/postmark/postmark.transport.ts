import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { HttpClient } from '../../transport/http/http-client.js';
import { unreadable } from '../../transport/http/http-failures.js';
import { httpSettings, refuseUnknownOptions, secretOf } from '../../transport/http/http-settings.js';
import {
  MailTransport,
  type SendContext,
  type SenderIdentity,
  type TransportResult,
} from '../../transport/mail-transport.js';
import {
  inScope,
  type ProviderRow,
  type ProviderSuppression,
  type ProviderSuppressionScope,
} from '../provider-suppression.interface.js';
import { batches } from './postmark-batches.js';
import { postmarkFailure, postmarkResult } from './postmark-answer.js';
import { postmarkMessage } from './postmark-message.js';
import type { PostmarkTransportOptions } from './postmark-options.interface.js';
import { POSTMARK_DOMAIN } from './postmark.sender-domain.js';
import { postmarkSuppression } from './postmark-suppression.js';
import { type ChooseStream, streamChoice } from './postmark-stream.js';

/**
 * Sends through Postmark's API: https://postmarkapp.com/developer/api/email-api
 *
 * @example
 * new PostmarkTransport({ token: process.env.POSTMARK_TOKEN!, messageStream: { broadcast: 'broadcasts' } })
 */
export class PostmarkTransport extends MailTransport {
  /** https://postmarkapp.com/support/article/1056-what-are-the-attachment-and-email-size-limits */
  override readonly capabilities = { recipients: 50, bytes: 10 * 1024 * 1024, tags: 1, batch: 500 } as const;
  readonly #client: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #streamOf: ChooseStream;
  readonly #printed: string;

  /** @throws RelayConfigurationError */
  constructor(options: PostmarkTransportOptions) {
    super();
    refuseUnknownOptions('postmark', options, ['token', 'messageStream', 'baseUrl', 'timeout']);
    const token = secretOf('postmark.token', options.token);
    this.#streamOf = streamChoice(options.messageStream);
    this.#client = new HttpClient(httpSettings('postmark', options, 'https://api.postmarkapp.com'), [token]);
    this.#headers = { 'X-Postmark-Server-Token': token, 'Content-Type': 'application/json' };
    this.#printed = `postmark+api://default${options.baseUrl === undefined ? '' : `?baseUrl=${options.baseUrl}`}`;
  }

  /**
   * A recipient that Postmark refuses alone has an outcome of its own.
   *
   * @throws HttpError, or MailMessageError for what Postmark has no field for
   */
  override async send(message: MailMessage, { signal }: SendContext): Promise<TransportResult> {
    const body = JSON.stringify(await postmarkMessage(message, this.#streamOf(message)));
    const answer = await this.#client.request({ path: '/email', headers: this.#headers, body, signal });
    return postmarkResult(message, answer, answer.json);
  }

  /** Up to 500 messages and 50 MB a call; more are sent in several calls. Never throws: a failure is an answer of its message. */
  override async sendBatch(
    messages: readonly MailMessage[],
    { signal }: SendContext,
  ): Promise<readonly (TransportResult | MailError)[]> {
    const results = new Map<MailMessage, TransportResult | MailError>();
    const bodies = new Map<MailMessage, string>();
    for (const message of messages) {
      const body = await attempted(async () => JSON.stringify(await postmarkMessage(message, this.#streamOf(message))));
      if (typeof body === 'string') bodies.set(message, body);
      else results.set(message, body);
    }
    for (const batch of batches(bodies)) {
      const answered = await attempted(() => this.#sendOneBatch(batch, signal));
      batch.forEach(([message], index) => results.set(message, Array.isArray(answered) ? answered[index]! : answered));
    }
    return messages.map((message) => results.get(message)!);
  }

  /** Asks for the token's server: https://postmarkapp.com/developer/api/server-api#get-server. @throws HttpError */
  override async verify(): Promise<void> {
    const answer = await this.#client.request({ method: 'GET', path: '/server', headers: this.#headers });
    if (answer.status !== 200) throw postmarkFailure(undefined, answer);
    if (answer.json === undefined) throw unreadable(answer, { ambiguous: false });
  }

  /**
   * The suppression list of a message stream, for {@link SuppressionList.import}:
   * https://postmarkapp.com/developer/api/suppressions-api#suppression-dump
   *
   * @param options.messageStream Default `outbound`
   * @throws HttpError
   */
  async *suppressions(
    options: ProviderSuppressionScope & { messageStream?: string } = {},
  ): AsyncGenerator<ProviderSuppression> {
    const { messageStream = 'outbound', ...scope } = options;
    const path = `/message-streams/${encodeURIComponent(messageStream)}/suppressions/dump`;
    const answer = await this.#client.request({ method: 'GET', path, headers: this.#headers, longest: LONGEST_DUMP });
    if (answer.status !== 200) throw postmarkFailure(undefined, answer);
    const rows = (answer.json as { Suppressions?: unknown } | undefined)?.Suppressions;
    if (!Array.isArray(rows)) throw unreadable(answer, { ambiguous: false });
    for (const row of rows as ProviderRow[]) yield inScope(postmarkSuppression(row), scope);
  }

  override identity(): SenderIdentity {
    return { provider: POSTMARK_DOMAIN };
  }

  /** Lets requests in flight finish, then closes the connections. */
  override close(): Promise<void> {
    return this.#client.close();
  }

  override toString(): string {
    return this.#printed;
  }

  async #sendOneBatch(
    batch: readonly (readonly [MailMessage, string])[],
    signal: AbortSignal,
  ): Promise<(TransportResult | MailError)[]> {
    const body = `[${batch.map(([, json]) => json).join(',')}]`;
    const answer = await this.#client.request({ path: '/email/batch', headers: this.#headers, body, signal });
    const { json } = answer;
    if (!Array.isArray(json)) throw postmarkFailure(undefined, answer);
    if (json.length !== batch.length) throw unreadable(answer);
    return Promise.all(
      batch.map(([message], index) => attempted(async () => postmarkResult(message, answer, json[index]))),
    );
  }
}

/** Postmark gives the whole list in one answer. Some two million addresses. */
const LONGEST_DUMP = 256 * 1024 * 1024;

/** What a promise comes to, a MailError being an answer too. */
async function attempted<T>(work: () => Promise<T>): Promise<T | MailError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MailError) return error;
    throw error;
  }
}
