import { exchange, serverText } from './dns-exchange.js';
import { dnsQuery, type DnsReply, type DnsType } from './dns-message.js';
import type { DnsServer, DnsSettings } from './dns-settings.js';
import { DnsError } from './dns.error.js';

/** Asks the resolvers, one after the other until one knows; so many questions at once, and no more. */
export class DnsClient {
  readonly #settings: DnsSettings;
  readonly #waiting: (() => void)[] = [];
  #asking = 0;

  constructor(settings: DnsSettings) {
    this.#settings = settings;
  }

  /** NOERROR or NXDOMAIN, `authentic` only where that is believed. @throws DnsError when none of the servers knows */
  async ask(name: string, type: DnsType): Promise<DnsReply> {
    if (this.#asking >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#asking++;
    try {
      return await this.#askAll(name, type);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#asking--;
    }
  }

  async #askAll(name: string, type: DnsType): Promise<DnsReply> {
    let last: unknown;
    for (let round = 0; round < this.#settings.tries; round++) {
      for (const server of this.#settings.servers) {
        try {
          return await this.#askOne(name, type, server);
        } catch (error) {
          last = error;
        }
      }
    }
    throw last;
  }

  async #askOne(name: string, type: DnsType, server: DnsServer): Promise<DnsReply> {
    const { timeout } = this.#settings;
    let reply = await exchange(dnsQuery(name, type), server, timeout);
    if (WITHOUT_EDNS.includes(reply.code)) reply = await exchange(dnsQuery(name, type, false), server, timeout);
    if (!KNOWN.includes(reply.code))
      throw new DnsError(
        `${type} of ${name}: the DNS server ${serverText(server)} answered ${reply.code}`,
        `E${reply.code}`,
      );
    return { ...reply, authentic: reply.authentic && server.trusted };
  }
}

const AT_ONCE = 100;
const KNOWN: readonly string[] = ['NOERROR', 'NXDOMAIN'];
/** RFC 6891 section 7; 16 is BADVERS, of which the upper bits are 1. */
const WITHOUT_EDNS: readonly string[] = ['FORMERR', 'NOTIMP', 'RCODE_1'];
