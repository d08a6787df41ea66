import { request } from 'node:https';
import type { DnsResolver } from '../dns/dns-resolver.interface.js';

/** An MTA-STS policy (RFC 8461 section 3.2). */
export interface MtaStsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Patterns of servers' names: `mx.acme.test`, `*.acme.test`. */
  readonly mx: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
  readonly problems: readonly string[];
}

/** Gets the text at `https://mta-sts.<domain>/.well-known/mta-sts.txt`; what it throws says why there is none. */
export type FetchMtaStsPolicy = (domain: string) => Promise<string>;

export function parseMtaStsPolicy(text: string): MtaStsPolicy {
  const problems: string[] = [];
  const values = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/).filter((one) => one.trim() !== '')) {
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(0, colon)).trim();
    if (key === '') problems.push(`${JSON.stringify(line.slice(0, 60))} is no line of a policy`);
    else values.set(key, [...(values.get(key) ?? []), line.slice(colon + 1).trim()]);
  }
  const [version, mode, age] = ['version', 'mode', 'max_age'].map((key) => values.get(key)?.[0]);
  const mx = values.get('mx') ?? [];
  if (version !== 'STSv1') problems.push('version: STSv1 is missing');
  if (mode === undefined || !MODES.includes(mode)) problems.push(`mode is none of ${MODES.join(', ')}`);
  if (age === undefined || !/^\d{1,10}$/.test(age) || Number(age) > LONGEST_AGE)
    problems.push(`max_age is no number of seconds up to ${LONGEST_AGE}`);
  if (mx.length === 0 && mode !== 'none') problems.push('mx is missing');
  return {
    mode: MODES.includes(mode!) ? (mode as MtaStsPolicy['mode']) : 'none',
    mx: mx.slice(0, 100).map((pattern) => pattern.toLowerCase()),
    maxAge: Number(age) || 0,
    problems,
  };
}

/** Section 4.1: `*` stands for one label, the first. */
export function matchesMtaSts(host: string, patterns: readonly string[]): boolean {
  const name = host.toLowerCase();
  return patterns.some((pattern) =>
    pattern.startsWith('*.') ? name.slice(name.indexOf('.')) === pattern.slice(1) : name === pattern,
  );
}

/** Over HTTPS with a certificate of that name, following nothing (section 3.3). */
export function mtaStsFetcher(resolver: DnsResolver): FetchMtaStsPolicy {
  return async (domain) => {
    const name = `mta-sts.${domain}`;
    const [a, aaaa] = await Promise.all([resolver.a(name), resolver.aaaa(name)]);
    const [address] = [...a.records, ...aaaa.records];
    if (address === undefined) throw new Error(`${name} has no address`);
    return fetched(name, address);
  };
}

function fetched(name: string, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: name };
    // By its address: Node's own lookup would ask another resolver than the rest of the check.
    const options = { host: address, servername: name, path: PATH, headers, agent: false as const };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LONGEST_POLICY) outgoing.destroy(new Error(`the policy is longer than ${LONGEST_POLICY} bytes`));
        else chunks.push(chunk);
      });
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`https://${name}${PATH} answers ${response.statusCode}, not 200`));
      });
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${TIMEOUT / 1_000} s`)), TIMEOUT);
    outgoing.once('error', reject);
    outgoing.once('close', () => clearTimeout(timer));
    outgoing.end();
  });
}

const PATH = '/.well-known/mta-sts.txt';
const MODES: readonly string[] = ['enforce', 'testing', 'none'];
const LONGEST_AGE = 31_557_600;
/** Section 3.3: 64 KB is what a fetcher must take. */
const LONGEST_POLICY = 65_536;
const TIMEOUT = 10_000;
