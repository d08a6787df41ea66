/** A record to publish, in full: it stands for what is at that name now. */
export interface DnsRecord {
  /** Without a dot at its end. */
  readonly name: string;
  readonly type: 'TXT' | 'MX' | 'CNAME' | 'PTR' | 'A' | 'AAAA';
  /** As in a zone file, but for the quotes of a TXT record: it is one text here, however long; see {@link zoneFileLine}. */
  readonly value: string;
}
