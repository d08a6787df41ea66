import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { HttpClient } from '../../transport/http/http-client.js';
import { unreadable } from '../../transport/http/http-failures.js';
import { httpSettings, refuseUnknownOptions, secretOf } from '../../transport/http/http-settings.js';
import { type FormField, multipartBody } from '../../transport/http/multipart-body.js';
import {
  MailTransport,
  type RecipientResult,
  type SendContext,
  type SenderIdentity,
  type TransportResult,
} from '../../transport/mail-transport.js';
import { inParallel } from '../in-parallel.js';
import {
  inScope,
  type ProviderRow,
  type ProviderSuppression,
  type ProviderSuppressionScope,
} from '../provider-suppression.interface.js';
import { halved } from './halved.js';
import { mailgunFailure, mailgunResult } from './mailgun-answer.js';
import { alike, BATCH, batchForm } from './mailgun-batches.js';
import { mailgunExtras } from './mailgun-extras.interface.js';
import { fieldsForm, mimeForm } from './mailgun-form.js';
import { domainOf, oneOf } from './mailgun-settings.js';
import { MAILGUN_DOMAIN } from './mailgun.sender-domain.js';
import { MAILGUN_LISTS, type MailgunList, mailgunSuppression } from './mailgun-suppression.js';
import type { MailgunFormat, MailgunRegion, MailgunTransportOptions } from './mailgun-options.interface.js';

/**
 * Sends through Mailgun's API: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
 *
 * @example
 * new MailgunTransport({ key: process.env.MAILGUN_KEY!, domain: 'mg.acme.test', region: 'eu' })
 */
export class MailgunTransport extends MailTransport {
  /** https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-http */
  override readonly capabilities = { recipients: 1000, bytes: 25 * 1024 * 1024, tags: 3, batch: BATCH } as const;
  readonly #client: HttpClient;
  readonly #domain: string;
  readonly #region: MailgunRegion;
  readonly #authorization: string;
  readonly #format: MailgunFormat;
  readonly #printed: string;

  /** @throws RelayConfigurationError */
  constructor(options: MailgunTransportOptions) {
    super();
    refuseUnknownOptions('mailgun', options, ['key', 'domain', 'region', 'format', 'baseUrl', 'timeout']);
    const { region = 'us', format = 'mime' } = options;
    const key = secretOf('mailgun.key', options.key);
    const login = Buffer.from(`api:${key}`).toString('base64');
    this.#domain = domainOf(options.domain);
    this.#region = oneOf('mailgun.region', region, ['us', 'eu']);
    this.#format = oneOf('mailgun.format', format, ['mime', 'fields']);
    this.#authorization = `Basic ${login}`;
    const api = API[this.#region];
    this.#client = new HttpClient(httpSettings('mailgun', options, api), [key, login]);
    const place =
      options.baseUrl === undefined ? (region === 'us' ? '' : `?region=${region}`) : `?baseUrl=${options.baseUrl}`;
    this.#printed = `mailgun+api://${this.#domain}${place}`;
  }

  /**
   * A recipient that Mailgun refuses alone has an outcome of its own.
   *
   * @throws HttpError, or MailMessageError
   */
  override async send(message: MailMessage, { signal }: SendContext): Promise<TransportResult> {
    const { to } = message.envelope;
    // Only in the message's parts does Mailgun put in the variables of each recipient.
    const inParts = this.#format === 'fields' || mailgunExtras(message).recipientVariables !== undefined;
    const outcomes = await halved(to, async (some) =>
      inParts
        ? this.#post('messages', await fieldsForm(message, some), signal)
        : this.#post('messages.mime', await mimeForm(message, some), signal),
    );
    return together(to, outcomes);
  }

  /**
   * Messages that are alike but for their recipient go in one call, up to 1,000, with recipient variables; the others go alone. Never
   * throws: a failure is an answer of its message.
   */
  override async sendBatch(
    messages: readonly MailMessage[],
    context: SendContext,
  ): Promise<readonly (TransportResult | MailError)[]> {
    const outcomes = await inParallel(alike(messages), AT_ONCE, (group) =>
      halved(group, (some) =>
        some.length === 1 ? this.send(some[0]!, context) : this.#post('messages', batchForm(some), context.signal),
      ),
    );
    const results = new Map(outcomes.flatMap((group) => [...group]));
    return messages.map((message) => results.get(message)!);
  }

  /** Asks to send a message to nobody, which a valid key of the domain is told is not possible. @throws HttpError */
  override async verify(): Promise<void> {
    const { contentType, body } = multipartBody([['o:testmode', 'yes']]);
    const answer = await this.#client.request({
      path: this.#path('messages'),
      headers: this.#headers(contentType),
      body,
    });
    try {
      mailgunResult(answer);
    } catch (error) {
      if (!(error instanceof MailError) || error.scope === 'transport') throw error;
    }
  }

  /**
   * The domain's three lists (bounces, complaints, unsubscribes), for {@link SuppressionList.import}:
   * https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/bounces
   *
   * @throws HttpError
   */
  async *suppressions(scope: ProviderSuppressionScope = {}): AsyncGenerator<ProviderSuppression> {
    for (const list of Object.keys(MAILGUN_LISTS) as MailgunList[]) {
      let query: Record<string, string> | undefined = { limit: '1000' };
      while (query) {
        const { items, next }: MailgunPage = await this.#page(list, query);
        for (const row of items) yield inScope(mailgunSuppression(list, row), scope);
        query = items.length > 0 ? next : undefined;
      }
    }
  }

  override identity(): SenderIdentity {
    return { provider: MAILGUN_DOMAIN, domain: this.#domain, region: this.#region };
  }

  /** Lets requests in flight finish, then closes the connections. */
  override close(): Promise<void> {
    return this.#client.close();
  }

  override toString(): string {
    return this.#printed;
  }

  async #post(
    resource: 'messages' | 'messages.mime',
    form: FormField[],
    signal: AbortSignal,
  ): Promise<TransportResult> {
    const { contentType, body } = multipartBody(form);
    const headers = this.#headers(contentType);
    return mailgunResult(await this.#client.request({ path: this.#path(resource), headers, body, signal }));
  }

  async #page(list: MailgunList, query: Record<string, string>): Promise<MailgunPage> {
    const headers = { Authorization: this.#authorization };
    const answer = await this.#client.request({
      method: 'GET',
      path: this.#path(list),
      query,
      headers,
      longest: LONGEST_PAGE,
    });
    if (answer.status !== 200) throw mailgunFailure(answer);
    const { items, paging } = (answer.json ?? {}) as { items?: unknown; paging?: { next?: unknown } };
    if (!Array.isArray(items)) throw unreadable(answer, { ambiguous: false });
    // Of the link that Mailgun gives, what it asks for: the key goes to nobody else.
    const { next } = paging ?? {};
    return {
      items: items as ProviderRow[],
      ...(typeof next === 'string' && URL.canParse(next) && { next: Object.fromEntries(new URL(next).searchParams) }),
    };
  }

  #path(resource: string): string {
    return `/v3/${this.#domain}/${resource}`;
  }

  #headers(contentType: string): Record<string, string> {
    return { Authorization: this.#authorization, 'Content-Type': contentType };
  }
}

interface MailgunPage {
  items: readonly ProviderRow[];
  /** Parameters of the next page. */
  next?: Record<string, string>;
}

/** In bytes: a thousand addresses, each with what its server said. */
const LONGEST_PAGE = 16 * 1024 * 1024;

const API: Readonly<Record<MailgunRegion, string>> = {
  us: 'https://api.mailgun.net',
  eu: 'https://api.eu.mailgun.net',
};

/** Calls of one `sendBatch` that are under way at the same time. */
const AT_ONCE = 5;

/** One result of what became of each recipient. @throws MailError where it is the same for all */
function together(to: readonly string[], outcomes: ReadonlyMap<string, TransportResult | MailError>): TransportResult {
  const different = [...new Set(outcomes.values())];
  const errors = different.filter((outcome) => outcome instanceof MailError);
  if (errors.length === 1 && different.length === 1) throw errors[0]!;
  const sent = different.find((outcome) => !(outcome instanceof MailError)) as TransportResult | undefined;
  if (errors.length === 0) return sent ?? {};
  const recipients = to.map((address): RecipientResult => {
    const error = outcomes.get(address);
    if (!(error instanceof MailError)) return { address, state: 'sent' };
    return { address, state: error.permanent && error.scope !== 'transport' ? 'bounced' : 'deferred', error };
  });
  return { ...sent, recipients };
}
