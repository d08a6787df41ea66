import type { DkimOptions } from '../dkim/dkim-options.interface.js';
import type { DnsOptions } from '../dns/dns-options.interface.js';
import type { DnsResolver } from '../dns/dns-resolver.interface.js';
import type { Duration } from '../duration.js';
import type { ProviderName } from '../providers/provider-domains.js';
import type { ProviderDomain } from '../transport/sender-identity.interface.js';

/** A provider that sends for the domain. */
export interface SenderProviderOptions {
  /** One that is known, or what yours wants. */
  provider: ProviderName | ProviderDomain;
  /** DKIM selectors that it signs with. Default those it has for everyone, if it has. */
  selectors?: readonly string[];
  /** The domain of a return path that was set up with it: a custom MAIL FROM (SES), Return-Path (Postmark), `em1234.acme.test` (SendGrid). */
  returnPath?: string;
  /** The domain that it knows the sender by, where it is not the one in check (Mailgun: `mg.acme.test`). */
  domain?: string;
  /** Such as `eu-west-1`, where its records depend on it (SES). */
  region?: string;
}

/** Gets the text at `https://mta-sts.<domain>/.well-known/mta-sts.txt`; what it throws says why there is none. */
export type FetchMtaStsPolicy = (domain: string) => Promise<string>;

/** What a {@link SenderDomains} goes by. Nothing is needed: then it checks what can be seen from outside. */
export interface SenderDomainsOptions {
  /** How the DNS is asked; or `resolver`, one of your own. */
  dns?: DnsOptions;
  resolver?: DnsResolver;
  /** Who sends for the domain: `['postmark', { provider: 'ses', returnPath: 'bounces.acme.test', region: 'eu-west-1' }]`. */
  providers?: readonly (ProviderName | SenderProviderOptions)[];
  /** Keys that you sign with yourself: what is published is compared with them. */
  dkim?: DkimOptions | readonly DkimOptions[];
  /** DKIM selectors of the domain, whoever signs with them. */
  selectors?: readonly string[];
  /** The From header: an address, or its domain. Default the domain in check. */
  from?: string;
  /** The return path that mails are given: an address, or its domain. Default the From's domain. */
  returnPath?: string;
  /** IP addresses that mails leave from, as others see them. */
  addresses?: readonly string[];
  /** The name for EHLO of the servers at `addresses`; without them, of those at the addresses that it has in the DNS. */
  helo?: string;
  /** Looks at BIMI as well. Default `false`. */
  bimi?: boolean;
  /** For all that one check asks. Default `'30s'`. */
  timeout?: Duration;
  /** How MTA-STS policies are fetched. Default over HTTPS. */
  fetchPolicy?: FetchMtaStsPolicy;
}
