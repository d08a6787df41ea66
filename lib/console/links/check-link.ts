import { lookup as resolveName } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isSpecialPurpose } from '../../dns/ip-address.js';

/** What became of a link. */
export interface CheckedLink {
  readonly url: string;
  /** HTTP. */
  readonly status?: number;
  readonly ok: boolean;
  readonly why?: string;
}

export interface CheckLinkOptions {
  /** Whether this machine and private networks may be asked. */
  readonly privateAddresses: boolean;
  /** Milliseconds for a link with all that it leads on to. Default 8,000. */
  readonly time?: number;
}

/**
 * Asks where a link leads, with HEAD, and with GET where that is refused, through a few redirects. What is asked is a stranger's text: only
 * addresses of the public Internet are connected to, whatever a name or a redirect leads to, and nothing of an answer but its head is read.
 */
export async function checkLink(url: string, options: CheckLinkOptions): Promise<CheckedLink> {
  const signal = AbortSignal.timeout(options.time ?? LONGEST);
  try {
    let at = readUrl(url);
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      let answer = await ask('HEAD', at, options, signal);
      if (REFUSES_HEAD.has(answer.status)) answer = await ask('GET', at, options, signal);
      const { status, location } = answer;
      if (status < 300 || status >= 400 || location === undefined)
        return { url, status, ok: status < 400, ...(status >= 400 && { why: `${at.host} answered ${status}` }) };
      at = readUrl(new URL(location, at).href);
    }
    return { url, ok: false, why: `It leads on more than ${MOST_REDIRECTS} times` };
  } catch (error) {
    return { url, ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

const MOST_REDIRECTS = 5;
/** Milliseconds. */
const LONGEST = 8_000;
/** Of servers that would rather not be asked so. */
const REFUSES_HEAD: ReadonlySet<number> = new Set([400, 403, 404, 405, 501]);

function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw new Error('It is no URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('Only http and https are asked');
  if (url.username !== '' || url.password !== '') throw new Error('It holds a user or a password');
  return url;
}

function ask(
  method: 'HEAD' | 'GET',
  url: URL,
  { privateAddresses }: CheckLinkOptions,
  signal: AbortSignal,
): Promise<{ status: number; location?: string }> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // An address is looked up nowhere.
  if (!privateAddresses && isIP(host) && isSpecialPurpose(host)) return Promise.reject(notPublic(host));
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method,
      agent: false,
      // The address that was looked at is the one that is connected to: no second answer of the DNS comes between.
      ...(privateAddresses ? {} : { lookup: publicLookup }),
      signal,
      headers: { 'User-Agent': 'nestjs-mail-relay (link check)', Accept: '*/*' },
      maxHeaderSize: 32 * 1024,
    };
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, (response) => {
      const { statusCode: status = 0, headers } = response;
      response.destroy();
      resolve({ status, ...(headers.location !== undefined && { location: headers.location }) });
    });
    request.on('error', (error: Error) => reject(isTimeout(error) ? new Error(`${url.host} does not answer`) : error));
    request.end();
  });
}

function isTimeout({ name }: Error): boolean {
  return name === 'AbortError' || name === 'TimeoutError';
}

const publicLookup: LookupFunction = (name, options, callback) => {
  resolveName(name, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => isSpecialPurpose(address))) return callback(notPublic(name), '', 0);
    if (options.all) callback(null, addresses as never, 0);
    else callback(null, first.address, first.family);
  });
};

function notPublic(host: string): Error {
  return new Error(`${host} leads to no address of the public Internet, and is not asked`);
}
