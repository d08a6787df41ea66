import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import type { MtaStsOptions } from '../direct-transport-options.interface.js';
import { type ExchangerSettings, hostAddresses } from '../mail-exchangers.js';
import { type MtaStsPolicy, parsePolicy } from './mta-sts-policy.js';

/**
 * Fetches a domain's policy: RFC 8461 section 3.3. The certificate must be that of `mta-sts.<domain>`, redirects are not followed, and the
 * address is looked up and looked at as a mail server's is.
 *
 * @throws Error that says why there is none to be had
 */
export async function fetchPolicy(
  domain: string,
  options: MtaStsOptions,
  settings: ExchangerSettings,
): Promise<MtaStsPolicy> {
  return parsePolicy(await fetchPolicyText(domain, options, settings));
}

/** The same, unread. */
export async function fetchPolicyText(
  domain: string,
  { ca, port = 443 }: MtaStsOptions,
  settings: ExchangerSettings,
): Promise<string> {
  const host = `mta-sts.${domain}`;
  const { addresses, why } = await hostAddresses(
    host,
    { domain, hosts: [host], authentic: false, kind: 'mx' },
    settings,
  );
  if (why) throw why;
  return get(host, port, addresses, ca);
}

/** Milliseconds, and bytes: section 3.3 suggests a minute and 64 kilobytes; a mail waits for it. */
const TIMEOUT = 20_000;
const LARGEST = 64 * 1024;

function get(host: string, port: number, addresses: readonly string[], ca: MtaStsOptions['ca']): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host,
      port,
      path: '/.well-known/mta-sts.txt',
      servername: host,
      lookup: lookupIn(addresses),
      agent: false,
      headers: { accept: 'text/plain' },
      signal: AbortSignal.timeout(TIMEOUT),
      ...(ca !== undefined && { ca }),
    });
    asked.once('error', reject);
    asked.once('response', (response) => {
      read(response).then(resolve, (error: unknown) => {
        asked.destroy();
        reject(error as Error);
      });
    });
    asked.end();
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const { statusCode, headers } = response;
  if (statusCode !== 200) throw new Error(`the server answered ${statusCode}`);
  if (!/^text\/plain\s*(?:;|$)/i.test(headers['content-type'] ?? 'text/plain')) throw new Error('it is no text/plain');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What was looked at is what is connected to. */
function lookupIn(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
}
