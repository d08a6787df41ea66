import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { SMTP_PARAMETERS } from '../../transport/smtp/smtp-parameters.js';
import type { TransportScheme, TransportUrl } from '../../transport/transport-scheme.interface.js';
import { MailgunSmtpTransport } from './mailgun-smtp.transport.js';
import { MailgunTransport } from './mailgun.transport.js';

const { 'auth.accessToken': _token, authMethod: _method, ...SMTP } = SMTP_PARAMETERS;
const REGIONS = ['us', 'eu'];

/** `mailgun+api://KEY@DOMAIN?region=eu`, `mailgun+smtp://USER:PASS@DOMAIN?region=eu`. */
export const MAILGUN_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  'mailgun+api': {
    address: 'host',
    parameters: { region: REGIONS, format: ['mime', 'fields'], baseUrl: 'text', timeout: 'duration' },
    create: (url) => new MailgunTransport({ ...url.options, key: keyOf(url), domain: domainOf(url) }),
  },
  'mailgun+smtp': {
    address: 'host',
    parameters: { ...SMTP, region: REGIONS, host: 'text' },
    create: (url) => new MailgunSmtpTransport({ ...url.options, ...loginOf(url), domain: url.host, port: url.port }),
  },
};

function keyOf({ user, password }: TransportUrl): string {
  if (user && password === undefined) return user;
  throw new RelayConfigurationError('key', 'stands alone before the @, percent-encoded: mailgun+api://KEY@DOMAIN');
}

function domainOf({ host, port }: TransportUrl): string {
  if (port === undefined) return host;
  throw new RelayConfigurationError('port', 'means nothing here; another address of the API is given as ?baseUrl=');
}

function loginOf({ user, password }: TransportUrl): { user: string; pass: string } {
  if (user && password) return { user, pass: password };
  throw new RelayConfigurationError('auth', 'a login needs a user and a password: mailgun+smtp://USER:PASS@DOMAIN');
}
