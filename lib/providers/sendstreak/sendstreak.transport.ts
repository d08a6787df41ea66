import { MailError } from '../../errors/mail.error.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { parseAddress } from '../../mail/address.js';
import type { AddressInput } from '../../mail/mail-options.interface.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { refuseUnknownOptions } from '../../transport/http/http-settings.js';
import { amended } from '../../transport/foreign-error.js';
import {
  MailTransport,
  type RecipientResult,
  type SendContext,
  type TransportResult,
} from '../../transport/mail-transport.js';
import { sendStreakExtras } from './sendstreak-extras.interface.js';
import { sendStreakMessage, type SendStreakSetting } from './sendstreak-message.js';
import type { SendStreakTransportOptions } from './sendstreak-options.interface.js';
import { SendStreakClient, type SendStreakMessage } from './sendstreak.client.js';

/**
 * Sends through SendStreak: with a template stored there, or, what was rendered here, through a template that passes it on.
 *
 * Each recipient is a call of its own and sees nobody else. What SendStreak cannot carry is refused: cc, bcc, Reply-To, headers, tags,
 * metadata, inline images, another sender than its own.
 *
 * @example
 * new SendStreakTransport({ key: process.env.SENDSTREAK_KEY!, template: 'relay', from: 'hello@acme.test' })
 */
export class SendStreakTransport extends MailTransport {
  override readonly capabilities = {
    cc: false,
    bcc: false,
    replyTo: false,
    inline: false,
    tags: false,
    metadata: false,
    headers: false,
  } as const;
  /** Contacts and events. */
  readonly client: SendStreakClient;
  readonly #setting: SendStreakSetting;
  readonly #printed: string;

  /** @throws RelayConfigurationError */
  constructor(options: SendStreakTransportOptions) {
    super();
    refuseUnknownOptions('sendstreak', options, ['key', 'template', 'from', 'baseUrl', 'timeout']);
    const { template, from, ...rest } = options;
    if (template !== undefined && !/^[\w.-]{1,200}$/.test(template))
      throw new RelayConfigurationError('sendstreak.template', 'must be the slug of a template');
    this.#setting = {
      ...(template !== undefined && { template }),
      ...(from !== undefined && { from: senderOf(from) }),
    };
    this.client = new SendStreakClient(rest);
    this.#printed = `sendstreak+api://default${rest.baseUrl === undefined ? '' : `?baseUrl=${rest.baseUrl}`}`;
  }

  /**
   * Each recipient has an outcome of its own; what is SendStreak's own trouble ends the attempt for those who follow.
   *
   * @throws HttpError where it is the same for all, UnsupportedFeatureError, or MailMessageError
   */
  override async send(message: MailMessage, { signal }: SendContext): Promise<TransportResult> {
    const { to } = message.envelope;
    const content = await sendStreakMessage(message, this.#setting);
    const ids: string[] = [];
    const recipients: RecipientResult[] = [];
    let trouble: MailError | undefined;
    for (const address of to) {
      const outcome = trouble ? untried(trouble) : await this.#sendOne(message, { rcpt: address, ...content }, signal);
      if (outcome instanceof MailError) recipients.push({ address, state: stateOf(outcome), error: outcome });
      else recipients.push({ address, state: 'sent' });
      if (outcome instanceof MailError && outcome.scope === 'transport') trouble ??= outcome;
      if (typeof outcome === 'string') ids.push(outcome);
    }
    const error = recipients[0]?.error;
    if (error && (to.length === 1 || error === trouble)) throw error;
    return {
      ...(ids.length > 0 && { providerMessageId: ids.join(' ') }),
      ...(recipients.some((one) => one.error) && { recipients }),
    };
  }

  /** Lets requests in flight finish, then closes the connections. */
  override close(): Promise<void> {
    return this.client.close();
  }

  override toString(): string {
    return this.#printed;
  }

  async #sendOne(
    message: MailMessage,
    one: SendStreakMessage,
    signal: AbortSignal,
  ): Promise<string | undefined | MailError> {
    try {
      return await this.client.sendMessage(one, signal);
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      // A template that is not there is the fault of who named it: the mail, or this transport's options.
      const ownTemplate = error.reason === 'template' && sendStreakExtras(message).template !== undefined;
      return ownTemplate ? amended(error, { scope: 'message', permanent: true }) : error;
    }
  }
}

function stateOf({ permanent, scope }: MailError): 'deferred' | 'bounced' {
  return permanent && scope !== 'transport' ? 'bounced' : 'deferred';
}

/** For those whose turn did not come. */
function untried(trouble: MailError): MailError {
  return amended(trouble, { ambiguous: false });
}

/** @throws RelayConfigurationError */
function senderOf(from: AddressInput): string {
  try {
    return parseAddress(from, 'from').address;
  } catch {
    throw new RelayConfigurationError('sendstreak.from', "must be a mail address, such as 'hello@acme.test'");
  }
}
