import type { DkimIdentity } from '../dkim/dkim-identity.js';
import type { DnsRecord } from '../dns/dns-record.interface.js';
import type { ProviderDomain, SendingHost } from '../transport/sender-identity.interface.js';

/** One way in which mails of the domain leave. */
export interface Sender {
  /** For messages: `Postmark`, `the transport main`. */
  readonly title: string;
  readonly provider?: ProviderDomain;
  /** With which the provider signs for the domain. */
  readonly selectors: readonly string[];
  /** Keys that the relay signs with. */
  readonly dkim: readonly DkimIdentity[];
  /** The return path's domain that was set up with the provider. */
  readonly returnPath?: string;
  /** The domain that the provider knows the sender by. */
  readonly domain?: string;
  readonly region?: string;
  /** What the recipients' servers see, where it is not a provider's. */
  readonly hosts: readonly SendingHost[];
}

/** Whose domain is in the sender's return path, and whether the DNS of it is the domain owner's. */
export interface ReturnPathDomain {
  readonly domain: string;
  readonly isOwn: boolean;
}

/**
 * @param domain of the sender
 * @param given the domain of the return path that the relay gives
 */
export function returnPathOf(sender: Sender, domain: string, given: string): ReturnPathDomain {
  const kind = sender.provider?.returnPath ?? { kind: 'given' };
  if (sender.returnPath !== undefined && kind.kind !== 'given') return { domain: sender.returnPath, isOwn: true };
  switch (kind.kind) {
    case 'own':
      return { domain: kind.domain, isOwn: false };
    case 'beneath':
      return { domain: `${kind.label}.${domain}`, isOwn: true };
    case 'sending-domain':
      return { domain: sender.domain ?? domain, isOwn: true };
    case 'given':
      return { domain: sender.returnPath ?? given, isOwn: true };
  }
}

/** The domain that the provider signs for. */
export function signingDomainOf(sender: Sender, domain: string): string {
  return sender.domain ?? domain;
}

/** What the provider wants at the return path's domain, beside SPF. */
export function returnPathRecord({ provider, region }: Sender, domain: string): DnsRecord | undefined {
  const path = provider?.returnPath;
  return path && path.kind !== 'given' ? path.record?.(domain, region) : undefined;
}
