/** What the DNS says of a name, kept for as long as it may be. */
export interface DnsResolver {
  /** In the order in which the server gave them; a null MX (RFC 7505) is one whose exchange is empty. */
  mx(domain: string): Promise<DnsAnswer<MxRecord>>;
  /** IPv4 addresses. */
  a(host: string): Promise<DnsAnswer<string>>;
  /** IPv6 addresses. */
  aaaa(host: string): Promise<DnsAnswer<string>>;
  /** Each with its strings joined (RFC 7208 section 3.3). */
  txt(name: string): Promise<DnsAnswer<string>>;
  tlsa(name: string): Promise<DnsAnswer<TlsaRecord>>;
  /** Names of an IP address. */
  ptr(address: string): Promise<DnsAnswer<string>>;
}

/** An answer that says there is none is an answer too. What could not be asked is a {@link DnsError}. */
export interface DnsAnswer<T> {
  readonly records: readonly T[];
  /** `false`: there is no such name at all (NXDOMAIN). */
  readonly exists: boolean;
  /** The resolver has validated it with DNSSEC (RFC 4035 section 3.2.3: the AD bit). */
  readonly authentic: boolean;
  /** The name that CNAMEs led to, in lower case, without a dot at its end. */
  readonly name: string;
}

export interface MxRecord {
  readonly preference: number;
  /** In lower case, without a dot at its end. */
  readonly exchange: string;
}

/** RFC 6698 section 2.1. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}
