import { DnsCache } from './dns-cache.js';
import { DnsClient } from './dns-client.js';
import type { DnsReply, DnsType } from './dns-message.js';
import type { DnsOptions } from './dns-options.interface.js';
import type { DnsAnswer, DnsResolver, MxRecord, TlsaRecord } from './dns-resolver.interface.js';
import { dnsSettings, type DnsSettings } from './dns-settings.js';
import { DnsError } from './dns.error.js';
import { asciiName } from './domain-name.js';
import { reverseName } from './ip-address.js';
import { CNAMES, readReply, type RecordOf } from './read-reply.js';

/**
 * Asks recursive resolvers, and keeps what they say for as long as its TTL allows. Equal questions at the same time are asked once.
 * Names may be in Unicode. `localhost` is this machine, without asking (RFC 6761 section 6.3).
 *
 * @throws RelayConfigurationError names the option that is wrong
 */
export class CachedDnsResolver implements DnsResolver {
  readonly #settings: DnsSettings;
  readonly #client: DnsClient;
  readonly #cache: DnsCache<DnsAnswer<unknown> | DnsError>;
  readonly #asked = new Map<string, Promise<DnsAnswer<unknown>>>();

  /** @param path names the options in errors */
  constructor(options: DnsOptions = {}, path = 'dns') {
    this.#settings = dnsSettings(options, path);
    this.#client = new DnsClient(this.#settings);
    this.#cache = new DnsCache(this.#settings.cacheSize);
  }

  mx(domain: string): Promise<DnsAnswer<MxRecord>> {
    return this.#answer(domain, 'MX');
  }

  a(host: string): Promise<DnsAnswer<string>> {
    return this.#answer(host, 'A');
  }

  aaaa(host: string): Promise<DnsAnswer<string>> {
    return this.#answer(host, 'AAAA');
  }

  txt(name: string): Promise<DnsAnswer<string>> {
    return this.#answer(name, 'TXT');
  }

  tlsa(name: string): Promise<DnsAnswer<TlsaRecord>> {
    return this.#answer(name, 'TLSA');
  }

  /** @throws RangeError for what is no IP address */
  async ptr(address: string): Promise<DnsAnswer<string>> {
    return this.#answer(reverseName(address), 'PTR');
  }

  async #answer<T extends DnsType>(given: string, type: T): Promise<DnsAnswer<RecordOf[T]>> {
    const name = asciiName(given);
    if (name === undefined) return { records: [], exists: false, authentic: false, name: given };
    if (LOCALHOST.test(name)) return { records: HERE[type] ?? [], exists: true, authentic: false, name } as never;
    const key = `${type} ${name}`;
    const kept = this.#cache.get(key);
    if (kept instanceof DnsError) throw kept;
    if (kept) return kept as DnsAnswer<RecordOf[T]>;
    let answer = this.#asked.get(key);
    if (!answer) {
      answer = this.#ask(key, name, type).finally(() => this.#asked.delete(key));
      this.#asked.set(key, answer);
    }
    return answer as Promise<DnsAnswer<RecordOf[T]>>;
  }

  async #ask<T extends DnsType>(key: string, asked: string, type: T): Promise<DnsAnswer<RecordOf[T]>> {
    try {
      const { answer, ttl, bytes } = await this.#follow(asked, type);
      const most = answer.records.length > 0 ? this.#settings.maxTtl : this.#settings.maxNegativeTtl;
      this.#cache.set(key, answer, Math.min(ttl * 1_000, most), bytes);
      return answer;
    } catch (error) {
      if (error instanceof DnsError) this.#cache.set(key, error, FAILURE_TTL, key.length);
      throw error;
    }
  }

  /** Resolvers follow CNAMEs by themselves; some leave the last steps to the one who asks. */
  async #follow<T extends DnsType>(asked: string, type: T): Promise<Followed<T>> {
    let name = asked;
    let authentic = true;
    let ttl = Infinity;
    let bytes = 0;
    for (let step = 0; step <= CNAMES; step++) {
      const reply: DnsReply = await this.#client.ask(name, type);
      const read = readReply(name, type, reply);
      authentic &&= reply.authentic;
      ttl = Math.min(ttl, read.ttl);
      bytes += reply.bytes;
      const exists = reply.code !== 'NXDOMAIN';
      const complete = read.records.length > 0 || !exists || read.name === name || hasSoa(reply);
      if (complete) return { answer: { records: read.records, exists, authentic, name: read.name }, ttl, bytes };
      name = read.name;
      // The answer had no SOA, which says nothing of how long its CNAMEs may be kept.
      ttl = Infinity;
    }
    throw new DnsError(`${type} of ${asked}: more than ${CNAMES} CNAMEs, one after the other`, 'ECNAME');
  }
}

interface Followed<T extends DnsType> {
  readonly answer: DnsAnswer<RecordOf[T]>;
  /** Seconds. */
  readonly ttl: number;
  readonly bytes: number;
}

/** Failures are kept for a moment, so that many who want to know the same do not ask in vain one by one (RFC 9520 section 3.2). Milliseconds. */
const FAILURE_TTL = 1_000;

const LOCALHOST = /(?:^|\.)localhost$/;
const HERE: Partial<Record<DnsType, readonly string[]>> = { A: ['127.0.0.1'], AAAA: ['::1'] };

function hasSoa({ authorities }: DnsReply): boolean {
  return authorities.some(({ type }) => type === 'SOA');
}
