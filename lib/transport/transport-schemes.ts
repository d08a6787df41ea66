import { BUILT_IN_SCHEMES } from './built-in-schemes.js';
import type { TransportScheme } from './transport-scheme.interface.js';

/**
 * Makes a scheme known to `transport: '<scheme>:...'`.
 *
 * @example
 * registerTransportScheme('acme+api', {
 *   address: 'host',
 *   parameters: { baseUrl: 'text', timeout: 'duration' },
 *   create: ({ user, options }) => new AcmeTransport({ token: user, ...options }),
 * });
 *
 * @throws TypeError when the name is no scheme (RFC 3986 section 3.1) or is taken
 */
export function registerTransportScheme(name: string, scheme: TransportScheme): void {
  if (!/^[a-z][a-z0-9+.-]*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no URL scheme`);
  if (schemes.has(name)) throw new TypeError(`The URL scheme ${name} is registered already`);
  schemes.set(name, scheme);
}

/** The schemes known, by name. */
export function transportSchemes(): ReadonlyMap<string, TransportScheme> {
  return schemes;
}

const schemes = new Map(Object.entries(BUILT_IN_SCHEMES));
