import type { HttpTransportOptions } from '../../transport/http/http-settings.js';
import type { SmtpTransportOptions } from '../../transport/smtp/smtp-transport-options.interface.js';

/** Keys of an IAM user or role; the shape of the SDK's `AwsCredentialIdentity`. */
export interface SesCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** With temporary keys. */
  sessionToken?: string;
}

/** A `SESv2Client` of `@aws-sdk/client-sesv2`. */
export interface SesClientLike {
  send(command: never, options?: never): Promise<unknown>;
}

/** The options of a `SesTransport`. In a URL: `ses+api://default?region=eu-west-1&configurationSet=news`. */
export interface SesTransportOptions extends HttpTransportOptions {
  /** Such as `eu-west-1`. Default the SDK's: AWS_REGION, or the shared config file. */
  region?: string;
  /** Default the SDK's chain: environment, shared files, SSO, web identity, container, instance. */
  credentials?: SesCredentials | (() => Promise<SesCredentials>);
  /** Where SES publishes what becomes of a mail; default the one of the identity, if any. */
  configurationSet?: string;
  /** A client of your own, for a proxy or an assumed role. Stands for `region`, `credentials` and `baseUrl`; you close it. */
  client?: SesClientLike;
}

/** The options of a `SesSmtpTransport`. In a URL: `ses+smtp://USER:PASSWORD@default?region=eu-west-1`. */
export interface SesSmtpTransportOptions extends Omit<SmtpTransportOptions, 'host' | 'auth' | 'authMethod'> {
  /** Such as `eu-west-1`. Default AWS_REGION. Not needed with a `host`. */
  region?: string;
  /** SMTP credentials, made in the SES console: they are not the keys of an IAM user. */
  auth: { user: string; pass: string };
  /** Where SES publishes what becomes of a mail; default the one of the identity, if any. */
  configurationSet?: string;
  /** Another host: a VPC endpoint. */
  host?: string;
}
