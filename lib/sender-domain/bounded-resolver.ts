import type { DnsAnswer, DnsResolver, MxRecord, TlsaRecord } from '../dns/dns-resolver.interface.js';
import { DnsError } from '../dns/dns.error.js';

/**
 * One check's view of the DNS: what was asked is not asked again, so that all of the check sees the same, and neither the number of
 * questions, nor the size of answers, nor the time is without bounds, whatever the DNS says.
 */
export class BoundedResolver implements DnsResolver {
  readonly #resolver: DnsResolver;
  readonly #answers = new Map<string, Promise<DnsAnswer<unknown>>>();
  readonly #late: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  #isLate = false;

  /** @param time for all questions together, in milliseconds */
  constructor(resolver: DnsResolver, time: number) {
    this.#resolver = resolver;
    let reject!: (error: DnsError) => void;
    this.#late = new Promise<never>((_, fail) => (reject = fail));
    this.#late.catch(() => {});
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      reject(late(time));
    }, time);
  }

  mx(domain: string): Promise<DnsAnswer<MxRecord>> {
    return this.#once('MX', domain, () => this.#resolver.mx(domain));
  }

  a(host: string): Promise<DnsAnswer<string>> {
    return this.#once('A', host, () => this.#resolver.a(host));
  }

  aaaa(host: string): Promise<DnsAnswer<string>> {
    return this.#once('AAAA', host, () => this.#resolver.aaaa(host));
  }

  async txt(name: string): Promise<DnsAnswer<string>> {
    const answer = await this.#once('TXT', name, () => this.#resolver.txt(name));
    return { ...answer, records: answer.records.map((text) => text.slice(0, LONGEST_TEXT)) };
  }

  tlsa(name: string): Promise<DnsAnswer<TlsaRecord>> {
    return this.#once('TLSA', name, () => this.#resolver.tlsa(name));
  }

  ptr(address: string): Promise<DnsAnswer<string>> {
    return this.#once('PTR', address, () => this.#resolver.ptr(address));
  }

  /** Asks no more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  async #once<T>(type: string, name: string, ask: () => Promise<DnsAnswer<T>>): Promise<DnsAnswer<T>> {
    if (!isName(name)) throw new DnsError(`${JSON.stringify(name.slice(0, 80))} is no name in the DNS`, 'EBADNAME');
    const key = `${type} ${name.toLowerCase()}`;
    let answer = this.#answers.get(key) as Promise<DnsAnswer<T>> | undefined;
    if (!answer) {
      if (this.#isLate) return this.#late;
      if (this.#answers.size >= MOST_QUESTIONS)
        throw new DnsError(`more than ${MOST_QUESTIONS} questions would be needed`, 'ELIMIT');
      answer = Promise.race([ask(), this.#late]).then((got) => ({
        ...got,
        records: got.records.slice(0, MOST_RECORDS),
      }));
      // Who asks gets the error; nobody may be asking any more when it comes.
      answer.catch(() => {});
      this.#answers.set(key, answer);
    }
    return answer;
  }
}

const MOST_QUESTIONS = 500;
const MOST_RECORDS = 100;
/** Characters of one TXT record; the longest that can be is 65,535 octets. */
const LONGEST_TEXT = 8_192;

/** RFC 1035 section 2.3.4. */
function isName(name: string): boolean {
  const bare = name.replace(/\.$/, '');
  return (
    bare.length > 0 && bare.length <= 253 && bare.split('.').every((label) => label.length > 0 && label.length <= 63)
  );
}

function late(time: number): DnsError {
  return new DnsError(`no answer within the ${time} ms that a check may take`, 'ETIMEOUT');
}
