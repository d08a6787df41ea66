import { HttpClient } from '../../transport/http/http-client.js';
import { httpSettings, refuseUnknownOptions, secretOf } from '../../transport/http/http-settings.js';
import { sendStreakResult } from './sendstreak-answer.js';
import type { SendStreakClientOptions } from './sendstreak-options.interface.js';

/** One message to one recipient: https://sendstreak.com/documentation/rest-api/messages */
export interface SendStreakMessage {
  rcpt: string;
  templateSlug: string;
  variables?: Readonly<Record<string, unknown>>;
  /** The content in base64. */
  attachments?: readonly { filename: string; content: string }[];
}

/** A contact and its attributes: https://sendstreak.com/documentation/rest-api/contacts */
export interface SendStreakContact {
  email: string;
  [attribute: string]: string | number | boolean | Date;
}

/**
 * SendStreak's API: https://sendstreak.com/documentation/rest-api
 *
 * @example
 * const streak = new SendStreakClient({ key: process.env.SENDSTREAK_KEY! });
 * await streak.saveContact({ email: 'ada@x.test', plan: 'pro' });
 * await streak.sendEvent('ada@x.test', 'signed-up');
 */
export class SendStreakClient {
  readonly #client: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws RelayConfigurationError */
  constructor(options: SendStreakClientOptions) {
    refuseUnknownOptions('sendstreak', options, ['key', 'baseUrl', 'timeout']);
    const key = secretOf('sendstreak.key', options.key);
    this.#client = new HttpClient(httpSettings('sendstreak', options, 'https://api.sendstreak.com'), [key]);
    this.#headers = { Authorization: `Bearer ${key}` };
  }

  /** Sends at once. @returns SendStreak's id of the message, where it gives one. @throws HttpError */
  async sendMessage(message: SendStreakMessage, signal?: AbortSignal): Promise<string | undefined> {
    return this.#call('POST', '/v1/messages', message, signal);
  }

  /** Creates a contact, or changes the attributes that are given. @throws HttpError */
  async saveContact(contact: SendStreakContact): Promise<void> {
    await this.#call('POST', '/v1/contacts', contact);
  }

  /** Forgets a contact with all its attributes. @throws HttpError */
  async deleteContact(email: string): Promise<void> {
    await this.#call('DELETE', `/v1/contacts/${encodeURIComponent(email)}`);
  }

  /** Says that something happened to a contact, by the event's slug: SendStreak's automations begin with it. @throws HttpError */
  async sendEvent(email: string, slug: string): Promise<void> {
    await this.#call('POST', '/v1/events', { email, slug });
  }

  /** Lets requests in flight finish, then closes the connections. */
  close(): Promise<void> {
    return this.#client.close();
  }

  async #call(
    method: 'POST' | 'DELETE',
    path: string,
    body?: object,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const answer = await this.#client.request({
      method,
      path,
      headers: { ...this.#headers, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    return sendStreakResult(answer);
  }
}
