import { isIPv4, isIPv6 } from 'node:net';
import type { Answer } from 'dns-packet';
import type { DnsReply, DnsType } from './dns-message.js';
import type { MxRecord, TlsaRecord } from './dns-resolver.interface.js';
import { answeredName } from './domain-name.js';

/** What of each type is kept. */
export interface RecordOf {
  readonly A: string;
  readonly AAAA: string;
  readonly MX: MxRecord;
  readonly TXT: string;
  readonly TLSA: TlsaRecord;
  readonly PTR: string;
}

/** A reply, read along its CNAMEs. */
export interface ReadReply<T extends DnsType> {
  readonly records: readonly RecordOf[T][];
  /** Where the CNAMEs in the reply end. */
  readonly name: string;
  /** How long it may be kept, in seconds; 0 when it may not. */
  readonly ttl: number;
}

/** Records that are kept of one reply. */
const RECORDS = 256;
/** CNAMEs that are followed. */
export const CNAMES = 8;

export function readReply<T extends DnsType>(asked: string, type: T, reply: DnsReply): ReadReply<T> {
  const { name, ttl: untilThere } = followed(asked, reply.answers);
  const found = reply.answers.filter((record) => record.type === type && answeredName(record.name) === name);
  const records = found
    .slice(0, RECORDS)
    .map((record) => READERS[type](record))
    .filter((record) => record !== undefined);
  const ttl = found.length > 0 ? Math.min(...found.map(ttlOf)) : negativeTtl(reply.authorities);
  return { records, name, ttl: Math.min(untilThere, ttl) };
}

/** @throws RangeError never: a loop ends where the steps do */
function followed(asked: string, answers: readonly Answer[]): { name: string; ttl: number } {
  let name = asked;
  let ttl = Infinity;
  for (let step = 0; step < CNAMES; step++) {
    const alias = answers.find((record) => record.type === 'CNAME' && answeredName(record.name) === name);
    const target = alias && alias.type === 'CNAME' ? answeredName(alias.data) : undefined;
    if (!alias || !target) break;
    ttl = Math.min(ttl, ttlOf(alias));
    name = target;
  }
  return { name, ttl };
}

/** RFC 2181 section 8: with its highest bit set it is 0. */
function ttlOf(record: Answer): number {
  const ttl = 'ttl' in record ? (record.ttl ?? 0) : 0;
  return ttl > 0x7fff_ffff ? 0 : ttl;
}

/** RFC 2308 section 5; without a SOA it is not kept. */
function negativeTtl(authorities: readonly Answer[]): number {
  const soa = authorities.find((record) => record.type === 'SOA');
  return soa?.type === 'SOA' ? Math.min(ttlOf(soa), soa.data.minimum ?? 0) : 0;
}

const READERS: { readonly [T in DnsType]: (record: Answer) => RecordOf[T] | undefined } = {
  A: (record) => (record.type === 'A' && isIPv4(record.data) ? record.data : undefined),
  AAAA: (record) => (record.type === 'AAAA' && isIPv6(record.data) ? record.data : undefined),
  MX: (record) => {
    const exchange = record.type === 'MX' ? answeredName(record.data.exchange) : undefined;
    if (record.type !== 'MX' || exchange === undefined) return undefined;
    return { preference: record.data.preference ?? 0, exchange };
  },
  TXT: (record) =>
    record.type === 'TXT'
      ? Buffer.concat([record.data].flat().map((part) => Buffer.from(part as Uint8Array))).toString('utf8')
      : undefined,
  TLSA: (record) => {
    if (record.type !== 'TLSA') return undefined;
    const { usage, selector, matchingType, certificate } = record.data;
    // A copy: the whole message would be kept with a view of it.
    return { usage, selector, matchingType, data: Uint8Array.from(certificate) };
  },
  PTR: (record) => (record.type === 'PTR' ? answeredName(record.data) || undefined : undefined),
};
