import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { DIRECT_SCHEME } from './direct/direct-scheme.js';
import { FileTransport } from './file.transport.js';
import { LogTransport } from './log.transport.js';
import { MemoryTransport } from './memory.transport.js';
import { SMTP_PARAMETERS } from './smtp/smtp-parameters.js';
import type { SmtpTransportOptions } from './smtp/smtp-transport-options.interface.js';
import { SmtpTransport } from './smtp/smtp.transport.js';
import type { TransportScheme, TransportUrl } from './transport-scheme.interface.js';

/** The schemes of the transports that belong to no provider. */
export const BUILT_IN_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  smtp: { address: 'host', parameters: SMTP_PARAMETERS, create: smtp },
  smtps: { address: 'host', parameters: SMTP_PARAMETERS, create: smtps },
  direct: DIRECT_SCHEME,
  file: { address: 'path', parameters: {}, create: ({ path }) => new FileTransport({ dir: folder(path) }) },
  log: { address: 'none', parameters: { body: 'boolean' }, create: ({ options }) => new LogTransport(options) },
  memory: { address: 'none', parameters: { limit: 'integer' }, create: ({ options }) => new MemoryTransport(options) },
};

function smtp(url: TransportUrl): SmtpTransport {
  const { auth, ...options } = url.options as Partial<SmtpTransportOptions> & { auth?: { accessToken: string } };
  return new SmtpTransport({ host: url.host, port: url.port, ...options, auth: login(url, auth?.accessToken) });
}

/** RFC 8314 section 3.3: TLS from the first byte. */
function smtps(url: TransportUrl): SmtpTransport {
  if ((url.options['tls'] ?? 'implicit') !== 'implicit') {
    throw new RelayConfigurationError('tls', 'smtps:// is always implicit; write smtp:// for the others');
  }
  return smtp({ ...url, options: { ...url.options, tls: 'implicit' } });
}

function login({ user, password }: TransportUrl, accessToken: string | undefined): SmtpTransportOptions['auth'] {
  if (user && accessToken && password === undefined) return { user, accessToken };
  if (user && password && accessToken === undefined) return { user, pass: password };
  if (user === undefined && password === undefined && accessToken === undefined) return undefined;
  throw new RelayConfigurationError(
    'auth',
    'a login needs a user, and with it a password or the parameter auth.accessToken',
  );
}

/** `file:mails`, `file:./mails` and `file://mails` are relative to the working directory, `file:///var/mails` is absolute. */
function folder(path: string): string {
  const absolute = /^\/\/(?:localhost)?(\/[^/].*)$/s.exec(path)?.[1];
  return absolute === undefined ? path.replace(/^\/\//, '') : absolute.replace(/^\/(?=[A-Za-z]:)/, '');
}
