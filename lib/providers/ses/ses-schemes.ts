import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { SMTP_PARAMETERS } from '../../transport/smtp/smtp-parameters.js';
import type { TransportScheme, TransportUrl } from '../../transport/transport-scheme.interface.js';
import type { SesCredentials } from './ses-options.interface.js';
import { SesSmtpTransport } from './ses-smtp.transport.js';
import { SesTransport } from './ses.transport.js';

const { 'auth.accessToken': _token, authMethod: _method, ...SMTP } = SMTP_PARAMETERS;

/**
 * `ses+api://default?region=eu-west-1` with the SDK's own credentials, `ses+api://KEY:SECRET@default?region=eu-west-1`, and
 * `ses+smtp://USER:PASSWORD@default?region=eu-west-1`; another host is that of an SMTP server.
 */
export const SES_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  'ses+api': {
    address: 'host',
    parameters: {
      region: 'text',
      configurationSet: 'text',
      sessionToken: 'text',
      baseUrl: 'text',
      timeout: 'duration',
    },
    create: api,
  },
  'ses+smtp': {
    address: 'host',
    parameters: { ...SMTP, region: 'text', configurationSet: 'text' },
    create: ({ user, password, host, port, options }) => {
      if (!user || !password)
        throw new RelayConfigurationError('auth', 'SES wants its SMTP credentials: ses+smtp://USER:PASSWORD@default');
      const auth = { user, pass: password };
      return new SesSmtpTransport({ ...options, ...(host !== 'default' && { host }), port, auth });
    },
  },
};

function api(url: TransportUrl): SesTransport {
  if (url.host !== 'default' || url.port !== undefined)
    throw new RelayConfigurationError('host', 'must be `default`; another address of the API is given as ?baseUrl=');
  const { sessionToken, ...options } = url.options as { sessionToken?: string };
  const credentials = keys(url, sessionToken);
  return new SesTransport({ ...options, ...(credentials && { credentials }) });
}

function keys({ user, password }: TransportUrl, sessionToken: string | undefined): SesCredentials | undefined {
  if (user && password) return { accessKeyId: user, secretAccessKey: password, ...(sessionToken && { sessionToken }) };
  if (user === undefined && sessionToken === undefined) return undefined;
  throw new RelayConfigurationError(
    'credentials',
    'a key needs its secret, ses+api://KEY:SECRET@default; without both, the SDK finds credentials itself',
  );
}
