import { DnsError } from '../dns/dns.error.js';
import type { CheckStatus, DnsRecord, DomainCheck, DomainCheckName } from './domain-check.interface.js';
import { shown } from './shown.js';

/** Gathers what one check finds. Its status is the worst of them, its summary the first of the worst. */
export class Findings {
  readonly #name: DomainCheckName;
  readonly #subject: string;
  readonly #found: { status: CheckStatus; text: string }[] = [];
  #record?: DnsRecord;

  constructor(name: DomainCheckName, subject: string) {
    this.#name = name;
    this.#subject = subject;
  }

  pass(text: string): this {
    return this.#add('pass', text);
  }

  warn(text: string): this {
    return this.#add('warn', text);
  }

  fail(text: string): this {
    return this.#add('fail', text);
  }

  skip(text: string): this {
    return this.#add('skip', text);
  }

  /** Something the DNS could have told. */
  unknown(what: string, error: unknown): this {
    return this.warn(`${what} could not be asked: ${reason(error)}`);
  }

  /** What to publish, should anything be wrong. */
  publish(record: DnsRecord | undefined): this {
    if (record) this.#record = record;
    return this;
  }

  /** What is there may be right: nothing is to be published over it. */
  withdraw(): this {
    this.#record = undefined;
    return this;
  }

  get status(): CheckStatus {
    return worst(this.#found.map(({ status }) => status));
  }

  toCheck(summary?: string): DomainCheck {
    const { status } = this;
    const first = this.#found.find((one) => one.status === status)!;
    const isWell = status === 'pass' || status === 'skip';
    const text = isWell && summary !== undefined ? summary : first.text;
    return {
      name: this.#name,
      subject: this.#subject,
      status,
      summary: text,
      details: this.#found.map((one) => one.text).filter((one) => one !== text),
      ...(!isWell && this.#record && { record: this.#record }),
    };
  }

  #add(status: CheckStatus, text: string): this {
    this.#found.push({ status, text: shown(text, LONGEST_TEXT) });
    return this;
  }
}

/** The worst of several; `skip` weighs nothing. */
export function worst(statuses: readonly CheckStatus[]): CheckStatus {
  return ORDER.find((status) => statuses.includes(status)) ?? 'skip';
}

/** A check whose answer the DNS owes us is `warn`. What is no fault of the DNS is thrown. */
export async function findingsOf(
  name: DomainCheckName,
  subject: string,
  look: (findings: Findings) => Promise<string | void>,
): Promise<DomainCheck> {
  const findings = new Findings(name, subject);
  try {
    const summary = await look(findings);
    return findings.toCheck(summary ?? undefined);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return findings
      .withdraw()
      .warn(`the DNS did not answer, so nothing is known: ${reason(error)}`)
      .toCheck();
  }
}

export function reason(error: unknown): string {
  return error instanceof DnsError ? `${error.message} (${error.code})` : (error as Error).message;
}

const ORDER: readonly CheckStatus[] = ['fail', 'warn', 'pass', 'skip'];
const LONGEST_TEXT = 1_000;
