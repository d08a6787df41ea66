import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { UnsupportedFeatureError } from '../../errors/unsupported-feature.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { withHeaders } from '../../mime/with-headers.js';
import type { SendContext, SenderIdentity, TransportResult } from '../../transport/mail-transport.js';
import { SmtpTransport } from '../../transport/smtp/smtp.transport.js';
import { SES_CAPABILITIES } from './ses-capabilities.js';
import { SES_SMTP_EXCEPTIONS } from './ses-errors.js';
import { sesExtras } from './ses-extras.interface.js';
import type { SesSmtpTransportOptions } from './ses-options.interface.js';
import { configurationSetOf, regionOf, regionOfEnvironment } from './ses-region.js';
import { SES_DOMAIN } from './ses.sender-domain.js';
import { sesTags } from './ses-tags.js';

/**
 * Amazon SES over SMTP, for those who have SMTP credentials and no SDK. Ports 587, 2587 and 25 want STARTTLS, 465 and 2465
 * `tls: 'implicit'`.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/smtp-connect.html
 * @example
 * new SesSmtpTransport({ region: 'eu-west-1', auth: { user: 'AKIA...', pass: process.env.SES_SMTP_PASSWORD! } })
 */
export class SesSmtpTransport extends SmtpTransport {
  override readonly capabilities = SES_CAPABILITIES;
  readonly #configurationSet?: string;
  readonly #region?: string;

  /** @throws RelayConfigurationError */
  constructor({ region, configurationSet, host, ...smtp }: SesSmtpTransportOptions) {
    super({ ...smtp, host: host ?? hostOf(region) }, SES_SMTP_EXCEPTIONS);
    if (!smtp.auth) throw new RelayConfigurationError('ses.auth', 'is missing; SES wants { user, pass }');
    if (region !== undefined) this.#region = region;
    if (configurationSet !== undefined) this.#configurationSet = configurationSetOf(configurationSet);
  }

  /** @throws SmtpError, or MailError for what cannot be said in a header */
  override async send(message: MailMessage, guard: SendContext): Promise<TransportResult> {
    const result = await super.send(withHeaders(message, sesHeaders(message, this.#configurationSet)), guard);
    // "250 Ok 0102018f...": https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html
    const id = /^250 Ok (\S+)$/i.exec(result.response ?? '')?.[1];
    return { ...result, ...(id !== undefined && { providerMessageId: id }) };
  }

  override identity(): SenderIdentity {
    const region = this.#region ?? regionOfEnvironment();
    return { ...super.identity(), provider: SES_DOMAIN, ...(region !== undefined && { region }) };
  }

  /** `ses+smtp://host:port`, without user and password. */
  override toString(): string {
    return super.toString().replace(/^smtps?:/, 'ses+smtp:');
  }
}

function hostOf(region = regionOfEnvironment()): string {
  if (region === undefined)
    throw new RelayConfigurationError('ses.region', "is missing; give it, such as 'eu-west-1', or set AWS_REGION");
  return `email-smtp.${regionOf(region)}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** What the API has fields for; SES takes them out: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-send-email.html */
function sesHeaders(message: MailMessage, configurationSet: string | undefined): Record<string, string> {
  const extras = sesExtras(message);
  if (extras.listManagement)
    throw new UnsupportedFeatureError(
      'provider.ses.listManagement',
      'ses+smtp',
      'SES manages contact lists for mails over its API only (SesTransport)',
    );
  const set = extras.configurationSet ?? configurationSet;
  const tags = new Map([...sesTags(message), ...Object.entries(extras.tags ?? {})]);
  return {
    ...(set !== undefined && { 'X-SES-CONFIGURATION-SET': set }),
    'X-SES-MESSAGE-TAGS': [...tags].map(([name, value]) => `${name}=${value}`).join(', '),
    ...(extras.identityArn !== undefined && {
      'X-SES-SOURCE-ARN': extras.identityArn,
      'X-SES-FROM-ARN': extras.identityArn,
    }),
  };
}
