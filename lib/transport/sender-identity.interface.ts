import type { DkimIdentity } from '../dkim/dkim-identity.js';
import type { DnsRecord } from '../dns/dns-record.interface.js';

/** What a transport knows of how its mails leave, for the checks of the sender's domain. Left out is what is not known. */
export interface SenderIdentity {
  readonly provider?: ProviderDomain;
  /** Keys that the relay signs with, before the provider gets the message. */
  readonly dkim?: readonly DkimIdentity[];
  /** What the recipients' servers see, where mails go to them directly. */
  readonly hosts?: readonly SendingHost[];
  /** The domain that the provider knows the sender by, where that is one of its settings (Mailgun). */
  readonly domain?: string;
  readonly region?: string;
}

/** Where mails leave from: one of both is known at least. */
export interface SendingHost {
  readonly address?: string;
  /** For EHLO. */
  readonly name?: string;
}

/** What a provider wants to see in the DNS of its users' domains, from its own pages. */
export interface ProviderDomain {
  /** `Postmark`. */
  readonly title: string;
  /** The page that says so. */
  readonly page: string;
  /** The domain whose SPF record names its servers: to be named in an `include:`. */
  readonly spf?: string;
  /** With keys of the sender's domain. */
  readonly dkim?: {
    /** Where they are the same for everyone. */
    readonly selectors: readonly string[];
    /** Where a person finds the records, should they be made for each. */
    readonly where: string;
  };
  readonly returnPath: ProviderReturnPath;
}

/** Whose domain is in the return path, which SPF is about (RFC 7208 section 2.4). */
export type ProviderReturnPath =
  /** The one that it is given. */
  | { readonly kind: 'given' }
  /** That of the domain in its settings. */
  | ({ readonly kind: 'sending-domain' } & ReturnPathRecord)
  /** Always this label beneath the sender's domain. */
  | ({ readonly kind: 'beneath'; readonly label: string } & ReturnPathRecord)
  /** Its own, unless the sender has set up a name of its own. */
  | ({ readonly kind: 'own'; readonly domain: string } & ReturnPathRecord);

export interface ReturnPathRecord {
  /** What the provider wants at the name of a return path, beside SPF: a CNAME, or the MX of who takes the bounces. */
  record?(name: string, region: string | undefined): DnsRecord | undefined;
}
