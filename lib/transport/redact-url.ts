/**
 * A URL without its secrets, for errors and logs: user, password and parameters are `***`. Where it cannot be told what is a secret,
 * nothing but the scheme is shown.
 *
 * @example
 * redactUrl('smtp://ada:secret@mx.acme.test:25?connections=20') // 'smtp://***@mx.acme.test:25?***'
 */
export function redactUrl(url: string): string {
  const [, scheme, slashes = '', rest = ''] = /^([a-z][a-z0-9+.-]*:)(\/\/)?(.*)$/is.exec(url.trim()) ?? [];
  if (!scheme) return HIDDEN;
  const [, address = '', query, fragment] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(rest)!;
  const shown = scheme.toLowerCase() === 'file:' ? address : server(scheme, slashes !== '', address);
  // An "@" further on: the password was not percent-encoded, and nobody knows where it ends.
  if (shown === undefined || rest.slice(address.length).includes('@')) return `${scheme}${slashes}${HIDDEN}`;
  return `${scheme}${slashes}${shown}${query === undefined ? '' : `?${HIDDEN}`}${fragment ? `#${HIDDEN}` : ''}`;
}

const HIDDEN = '***';

/** Without an "@" the token of such a URL was written where its host belongs. */
const TOKEN_SCHEME = /\+api:$/i;
const SERVER = /^(?:([^/]*)@)?((?:[\p{L}\p{N}._-]*|\[[0-9a-f:.]*\])(?::\d*)?)(\/[^@]*)?$/isu;

function server(scheme: string, isServer: boolean, address: string): string | undefined {
  if (address === '') return '';
  const [, login, host, path = ''] = (isServer && SERVER.exec(address)) || [];
  if (host === undefined || (login === undefined && TOKEN_SCHEME.test(scheme))) return undefined;
  return `${login === undefined ? '' : `${HIDDEN}@`}${host}${path.length > 1 ? `/${HIDDEN}` : path}`;
}
