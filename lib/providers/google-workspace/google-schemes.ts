import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { SMTP_PARAMETERS } from '../../transport/smtp/smtp-parameters.js';
import type { TransportScheme, TransportUrl } from '../../transport/transport-scheme.interface.js';
import type { GoogleWorkspaceTransportOptions } from './google-options.interface.js';
import { GoogleWorkspaceTransport } from './google-workspace.transport.js';

const { 'auth.accessToken': _token, authMethod: _method, ...SMTP } = SMTP_PARAMETERS;

/** `google-workspace://relay?name=acme.test` and `google-workspace://user%40acme.test:APPPASSWORD@account`. */
export const GOOGLE_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  'google-workspace': { address: 'host', parameters: { ...SMTP, host: 'text' }, create },
};

function create({ user, password, host: mode, port, options }: TransportUrl): GoogleWorkspaceTransport {
  if (mode !== 'relay' && mode !== 'account')
    throw new RelayConfigurationError('host', 'must be `relay` or `account`; another server is given as ?host=');
  if ((user === undefined) !== (password === undefined) || user === '' || password === '')
    throw new RelayConfigurationError('auth', 'a login is google-workspace://user%40acme.test:APPPASSWORD@account');
  const auth = user !== undefined && password !== undefined ? { auth: { user, pass: password } } : {};
  return new GoogleWorkspaceTransport({ ...options, mode, port, ...auth } as GoogleWorkspaceTransportOptions);
}
