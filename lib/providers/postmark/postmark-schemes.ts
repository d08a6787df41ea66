import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { SMTP_PARAMETERS } from '../../transport/smtp/smtp-parameters.js';
import type { TransportScheme, TransportUrl } from '../../transport/transport-scheme.interface.js';
import { PostmarkSmtpTransport } from './postmark-smtp.transport.js';
import { PostmarkTransport } from './postmark.transport.js';

const { 'auth.accessToken': _token, authMethod: _method, ...SMTP } = SMTP_PARAMETERS;

/** `postmark+api://TOKEN@default`, `postmark+smtp://TOKEN@default`; another host is that of an SMTP server. */
export const POSTMARK_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  'postmark+api': {
    address: 'host',
    parameters: { messageStream: 'text', baseUrl: 'text', timeout: 'duration' },
    create: (url) => new PostmarkTransport({ ...url.options, token: tokenOf(url), ...nowhere(url) }),
  },
  'postmark+smtp': {
    address: 'host',
    parameters: { ...SMTP, messageStream: 'text' },
    create: (url) =>
      new PostmarkSmtpTransport({
        ...url.options,
        token: tokenOf(url),
        ...(url.host !== 'default' && { host: url.host }),
        port: url.port,
      }),
  },
};

function tokenOf({ user, password }: TransportUrl): string {
  if (user && password === undefined) return user;
  throw new RelayConfigurationError(
    'token',
    'stands alone before the @, percent-encoded: postmark+api://TOKEN@default',
  );
}

function nowhere({ host, port }: TransportUrl): object {
  if (host === 'default' && port === undefined) return {};
  throw new RelayConfigurationError('host', 'must be `default`; another address of the API is given as ?baseUrl=');
}
