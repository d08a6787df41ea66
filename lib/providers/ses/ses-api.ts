import type { SendEmailCommandInput, SESv2Client } from '@aws-sdk/client-sesv2';
import { MailError } from '../../errors/mail.error.js';
import { HttpClient } from '../../transport/http/http-client.js';
import { closed, unreadable } from '../../transport/http/http-failures.js';
import { forwardRequest } from './forward-request.js';
import { type SendSigned, SesExchange } from './ses-exchange.js';
import { sesFailure } from './ses-failures.js';
import type { SesTransportOptions } from './ses-options.interface.js';
import { loadSesSdk, type SesSdk } from './ses-sdk.js';

/** What the relay needs to know of an account. */
export interface SesAccount {
  SendingEnabled?: boolean;
  EnforcementStatus?: string;
  /** -1 is no limit. */
  SendQuota?: { MaxSendRate?: number; Max24HourSend?: number };
}

/** A page of the account's suppression list. */
export interface SesSuppressedPage {
  SuppressedDestinationSummaries?: readonly object[];
  NextToken?: string;
}

/** The operations of API v2 that the relay needs. */
export class SesApi {
  readonly #options: SesTransportOptions;
  /** Milliseconds. */
  readonly #timeout: number;
  #sdk?: Promise<SesSdk>;
  #client?: SESv2Client;
  #http?: HttpClient;
  #closed = false;

  constructor(options: SesTransportOptions, timeout: number) {
    this.#options = options;
    this.#timeout = timeout;
  }

  /**
   * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
   *
   * @returns the id that SES gave the message
   * @throws MailError, RelayConfigurationError when the SDK is not installed
   */
  async sendEmail(input: SendEmailCommandInput, signal: AbortSignal): Promise<string> {
    const exchange = this.#exchange(signal);
    const { MessageId: id } = await this.#call<{ MessageId?: unknown }>(
      (sdk) => new sdk.SendEmailCommand(input),
      exchange,
    );
    if (typeof id === 'string' && id !== '') return id;
    if (exchange.answer) throw unreadable(exchange.answer);
    throw new MailError('SES gave the message no id', { ambiguous: true, code: 'EBADANSWER' });
  }

  /**
   * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
   *
   * @throws MailError, RelayConfigurationError when the SDK is not installed
   */
  account(): Promise<SesAccount> {
    return this.#call<SesAccount>((sdk) => new sdk.GetAccountCommand({}), this.#exchange());
  }

  /**
   * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListSuppressedDestinations.html
   *
   * @throws MailError, RelayConfigurationError when the SDK is not installed
   */
  suppressed(token?: string): Promise<SesSuppressedPage> {
    const input = { PageSize: 1_000, ...(token !== undefined && { NextToken: token }) };
    return this.#call<SesSuppressedPage>((sdk) => new sdk.ListSuppressedDestinationsCommand(input), this.#exchange());
  }

  /** Waits for requests in flight, then closes the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#http?.close();
    if (!this.#options.client) this.#client?.destroy();
  }

  #exchange(signal?: AbortSignal): SesExchange {
    const { client } = this.#options;
    const ours: SendSigned = ({ protocol, method, path, query, headers, body }, host) => {
      this.#http ??= new HttpClient({ baseUrl: new URL(`${protocol}//${host}`), timeout: this.#timeout });
      return this.#http.request({ method: method as 'GET' | 'POST', path, query, headers, body, signal });
    };
    return new SesExchange(client ? forwardRequest : ours, signal);
  }

  async #call<Output>(command: (sdk: SesSdk) => object, exchange: SesExchange): Promise<Output> {
    if (this.#closed) throw closed('SES');
    const sdk = await this.#load();
    const prepared = command(sdk) as InstanceType<SesSdk['GetAccountCommand']>;
    prepared.middlewareStack.add(exchange.middleware, { step: 'deserialize', priority: 'low', name: 'relayExchange' });
    // A client of the application's own has its own connections, which know no time-out of ours.
    const options = this.#options.client ? { abortSignal: AbortSignal.timeout(this.#timeout) } : {};
    try {
      return (await this.#open(sdk).send(prepared, options)) as Output;
    } catch (error) {
      throw sesFailure(error, exchange);
    }
  }

  async #load(): Promise<SesSdk> {
    try {
      return await (this.#sdk ??= loadSesSdk());
    } catch (error) {
      this.#sdk = undefined;
      throw error;
    }
  }

  #open({ SESv2Client }: SesSdk): SESv2Client {
    const { client, region, credentials, baseUrl } = this.#options;
    return (this.#client ??=
      (client as SESv2Client | undefined) ??
      new SESv2Client({
        // The relay tries again; a retry that it does not know of could be a duplicate.
        maxAttempts: 1,
        ...(region !== undefined && { region }),
        ...(credentials !== undefined && { credentials }),
        ...(baseUrl !== undefined && { endpoint: baseUrl }),
      }));
  }
}
