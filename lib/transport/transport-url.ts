import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { MailTransport } from './mail-transport.js';
import { redactUrl } from './redact-url.js';
import type { TransportScheme, TransportUrl } from './transport-scheme.interface.js';
import { transportSchemes } from './transport-schemes.js';
import { decode, readParameters } from './url-parameters.js';

export { redactUrl } from './redact-url.js';
export type { TransportScheme, TransportUrl } from './transport-scheme.interface.js';
export { registerTransportScheme } from './transport-schemes.js';

/**
 * The transport that a URL describes: `smtp://user:password@host:587?connections=20`, `smtps://`, `file:./mails`, `log:`, `memory:`, and
 * what `registerTransportScheme` added. User, password and parameters are percent-encoded.
 *
 * @param option names the option in errors, such as `transports.main`
 * @throws RelayConfigurationError which says what part is wrong; no user, password or value of the URL is in it
 */
export function transportFromUrl(url: string, option: string): MailTransport {
  if (typeof url !== 'string') throw new RelayConfigurationError(option, 'is no URL');
  const parts = PARTS.exec(url.trim());
  const name = parts?.[1]?.toLowerCase() ?? '';
  const scheme = transportSchemes().get(name);
  if (!parts || !scheme) throw new RelayConfigurationError(option, unknownScheme(name, parts?.[2] !== undefined));
  let read: TransportUrl;
  try {
    read = readUrl(name, parts, scheme);
  } catch (error) {
    throw new RelayConfigurationError(option, `${redactUrl(url)}: ${(error as Error).message}`);
  }
  try {
    return scheme.create(read);
  } catch (error) {
    if (!(error instanceof RelayConfigurationError)) throw error;
    throw new RelayConfigurationError(option, `${redactUrl(url)}: ${withoutPrefix(error, scheme)}`);
  }
}

/** Scheme, authority, path, query and fragment: RFC 3986 appendix B. */
const PARTS = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is;

function readUrl(
  name: string,
  [, , authority, path = '', query = '', fragment]: RegExpExecArray,
  scheme: TransportScheme,
): TransportUrl {
  if (scheme.address === 'host' && [path, query, fragment].some((part) => part?.includes('@'))) {
    throw new Error(
      'there is an @ behind the host; in a user, a password or a value /, ?, # and @ are written %2F, %3F, %23 and %40',
    );
  }
  if (fragment !== undefined)
    throw new Error('there is a #, which means nothing here; within a value it is written %23');
  const url = { scheme: name, ...readAddress(scheme.address, authority, path) };
  return { ...url, options: readParameters(query, scheme.parameters) };
}

type Address = Pick<TransportUrl, 'user' | 'password' | 'host' | 'port' | 'path'>;

function readAddress(kind: TransportScheme['address'], authority: string | undefined, path: string): Address {
  if (kind === 'path') {
    return { host: '', path: decode(authority === undefined ? path : `//${authority}${path}`, 'the path') };
  }
  if (kind === 'none') {
    if (authority || path.length > 0) throw new Error('nothing but parameters may follow the colon');
    return { host: '', path: '' };
  }
  if (!authority) throw new Error('the host is missing; write //host behind the colon');
  if (path.length > 1) throw new Error('there is a path behind the host, which means nothing here');
  const at = authority.lastIndexOf('@');
  return { ...(at >= 0 && readLogin(authority.slice(0, at))), ...readServer(authority.slice(at + 1)), path: '' };
}

function readLogin(login: string): Pick<TransportUrl, 'user' | 'password'> {
  const colon = login.indexOf(':');
  if (colon < 0) return { user: decode(login, 'the user') };
  return { user: decode(login.slice(0, colon), 'the user'), password: decode(login.slice(colon + 1), 'the password') };
}

function readServer(server: string): Pick<TransportUrl, 'host' | 'port'> {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(server) ?? [];
  const host = bracketed ?? (name && domainToASCII(name));
  if (!host || !(bracketed === undefined ? /^[a-z0-9._-]+$/i.test(host) : isIPv6(host))) {
    throw new Error('the host is no name or IP address; an IPv6 address stands in [ ]');
  }
  if (port === undefined) return { host };
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new Error('the port must be a whole number from 1 to 65535; in a password : and @ are written %3A and %40');
  }
  return { host, port: Number(port) };
}

function unknownScheme(name: string, isUrl: boolean): string {
  const known = [...transportSchemes().keys()].map((scheme) => `${scheme}:`).join(', ');
  // Without "//" the first word may be anything, a user's name too.
  return isUrl
    ? `the URL scheme ${name}: is unknown; known are ${known}`
    : `is no transport's URL; it begins with one of ${known}`;
}

/** What an error says, its option by the name it has in the URL: `smtp.connections` is `connections`. */
function withoutPrefix({ problem, option }: RelayConfigurationError, { parameters }: TransportScheme): string {
  const name = Object.hasOwn(parameters, option) ? option : option.replace(/^[a-z]+\./, '');
  return `${name}: ${problem}`;
}
