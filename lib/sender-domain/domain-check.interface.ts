import type { DnsRecord } from '../dns/dns-record.interface.js';

export type { DnsRecord } from '../dns/dns-record.interface.js';

/** `skip`: does not apply to this domain. What the DNS could not tell is `warn`, never `fail`. */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip';

export type DomainCheckName =
  'domain' | 'spf' | 'dkim' | 'dmarc' | 'alignment' | 'mx' | 'mta-sts' | 'tls-rpt' | 'ptr' | 'bimi';

/** What was looked at, and what came of it. */
export interface DomainCheck {
  readonly name: DomainCheckName;
  /** What it is about: a domain, the name of a record, an address, a transport. */
  readonly subject: string;
  readonly status: CheckStatus;
  /** One sentence. */
  readonly summary: string;
  /** What was found and what is to be done, a sentence each. */
  readonly details: readonly string[];
  /** What to publish, where it is not right and known what would be. */
  readonly record?: DnsRecord;
}

export interface SenderDomainReport {
  readonly domain: string;
  /** The worst of the checks. */
  readonly status: 'pass' | 'warn' | 'fail';
  readonly checks: readonly DomainCheck[];
  /** `false`: the DNS could not be asked for the domain, so what is `warn` may be right or wrong. */
  readonly answered: boolean;
  readonly checkedAt: Date;
}
