import { MailError } from '../../errors/mail.error.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { amended } from '../../transport/foreign-error.js';
import { httpSettings, refuseUnknownOptions, secretOf } from '../../transport/http/http-settings.js';
import {
  MailTransport,
  type Rate,
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
import { SesApi } from './ses-api.js';
import { SES_CAPABILITIES } from './ses-capabilities.js';
import { sesMessage, sesMisfits } from './ses-message.js';
import type { SesTransportOptions } from './ses-options.interface.js';
import { configurationSetOf, regionOf, regionOfEnvironment } from './ses-region.js';
import { checkSesSdk } from './ses-sdk.js';
import { SES_DOMAIN } from './ses.sender-domain.js';
import { sesSuppression } from './ses-suppression.js';

/**
 * Amazon SES over its API v2, with the package `@aws-sdk/client-sesv2` and the credentials that it finds by itself.
 *
 * The message goes as it is (raw), to the recipients of the attempt. Tags and metadata become message tags, with one of the relay's own,
 * `relay-id`. SES replaces Message-ID and Date. It has no idempotency key: an attempt whose answer was lost is `ambiguous`.
 *
 * @example
 * new SesTransport({ region: 'eu-west-1', configurationSet: 'transactional' })
 */
export class SesTransport extends MailTransport {
  override readonly capabilities = SES_CAPABILITIES;
  readonly #options: SesTransportOptions;
  readonly #api: SesApi;

  /** @throws RelayConfigurationError for a wrong option, or when the SDK is not installed */
  constructor(options: SesTransportOptions = {}) {
    super();
    const timeout = checkOptions(options);
    checkSesSdk();
    this.#options = options;
    this.#api = new SesApi(options, timeout);
  }

  /** @throws MailError */
  async send(message: MailMessage, { signal }: SendContext): Promise<TransportResult> {
    const { to } = message.envelope;
    const misfits = sesMisfits(to);
    const fit = to.filter((address) => !misfits.has(address));
    if (fit.length === 0) return { recipients: [...misfits.values()] };
    const input = await sesMessage(message, fit, this.#options.configurationSet);
    const providerMessageId = await this.#api.sendEmail(input, signal).catch((error: unknown) => {
      throw ownFault(error, message);
    });
    if (misfits.size === 0) return { providerMessageId };
    return { providerMessageId, recipients: to.map((address) => misfits.get(address) ?? { address, state: 'sent' }) };
  }

  /** Proves the credentials, and that the account may send. Needs the permission `ses:GetAccount`. @throws MailError */
  override async verify(): Promise<void> {
    const { SendingEnabled, EnforcementStatus } = await this.#api.account();
    if (EnforcementStatus === 'SHUTDOWN' || SendingEnabled === false) {
      throw new MailError('SES: sending is paused or suspended for this account in this region', { reason: 'account' });
    }
  }

  /** The account's limits, which count recipients. Needs the permission `ses:GetAccount`. @throws MailError */
  override async limits(): Promise<{ rate?: Rate; quota?: Rate }> {
    const { SendQuota: { MaxSendRate: rate, Max24HourSend: quota } = {} } = await this.#api.account();
    return {
      ...(isLimit(rate) && { rate: `${rate}/s` as const }),
      ...(isLimit(quota) && { quota: `${quota}/day` as const }),
    };
  }

  /**
   * The account's suppression list, for {@link SuppressionList.import}. Needs the permission `ses:ListSuppressedDestinations`.
   *
   * @throws MailError
   */
  async *suppressions(scope: ProviderSuppressionScope = {}): AsyncGenerator<ProviderSuppression> {
    let token: string | undefined;
    do {
      const page = await this.#api.suppressed(token);
      for (const row of page.SuppressedDestinationSummaries ?? [])
        yield inScope(sesSuppression(row as ProviderRow), scope);
      token = page.NextToken;
    } while (token !== undefined);
  }

  override identity(): SenderIdentity {
    const region = this.#options.region ?? regionOfEnvironment();
    return { provider: SES_DOMAIN, ...(region !== undefined && { region }) };
  }

  /** Waits for requests in flight, then closes the connections. Nothing can be sent afterwards. */
  override close(): Promise<void> {
    return this.#api.close();
  }

  /** `ses+api://default?region=eu-west-1`, without credentials. */
  override toString(): string {
    const { region, configurationSet, baseUrl } = this.#options;
    const parameters = Object.entries({ region, configurationSet, baseUrl })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`);
    return `ses+api://default${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
  }
}

const OPTIONS: readonly (keyof SesTransportOptions)[] = [
  'region',
  'credentials',
  'configurationSet',
  'client',
  'baseUrl',
  'timeout',
];

/** The time-out in milliseconds. @throws RelayConfigurationError */
function checkOptions(options: SesTransportOptions): number {
  const { region, credentials, configurationSet, client, baseUrl } = options;
  refuseUnknownOptions('ses', options, OPTIONS);
  if (region !== undefined) regionOf(region);
  if (configurationSet !== undefined) configurationSetOf(configurationSet);
  if (credentials !== undefined && typeof credentials !== 'function') {
    secretOf('ses.credentials.accessKeyId', credentials?.accessKeyId);
    secretOf('ses.credentials.secretAccessKey', credentials?.secretAccessKey);
  }
  if (client !== undefined && (typeof client?.send !== 'function' || (region ?? credentials ?? baseUrl) !== undefined))
    throw new RelayConfigurationError(
      'ses.client',
      'is a SESv2Client, which has its own region, credentials and endpoint: leave those out',
    );
  return httpSettings('ses', options, 'https://email.amazonaws.com').timeout;
}

/** -1 is none. */
function isLimit(limit: number | undefined): limit is number {
  return typeof limit === 'number' && limit > 0;
}

/** What does not exist was named by the mail: it is not the transport that is set up wrongly. */
function ownFault(error: unknown, { provider }: MailMessage): unknown {
  const named = error instanceof MailError && error.code === 'NotFoundException' && provider['ses'] !== undefined;
  return named ? amended(error, { scope: 'message', permanent: true }) : error;
}
