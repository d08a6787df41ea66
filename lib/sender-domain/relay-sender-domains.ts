import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { refuseUnknown } from '../refuse-unknown.js';
import type { MailTransport } from '../transport/mail-transport.js';
import { readHosts, readProviderDomain, readSetup } from './read-senders.js';
import type { Sender } from './sender.js';
import { SENDER_DOMAINS_OPTIONS, SenderDomains } from './sender-domains.js';
import type { SenderDomainsOptions, SenderProviderOptions } from './sender-domains-options.interface.js';

/** What a transport does not know of how its mails leave. */
export interface SenderTransportOptions extends Partial<SenderProviderOptions> {
  /** IP addresses that its mails leave from, as others see them. */
  addresses?: readonly string[];
  /** The name for EHLO at those addresses; without them, at the addresses that it has in the DNS. */
  helo?: string;
}

/**
 * The relay's transports, their DKIM keys, the domain of `from` and that of `bounces.address` are known; the rest is here. `providers` are
 * others that send for the domain, beside the relay.
 */
export interface RelaySenderDomainsOptions extends SenderDomainsOptions {
  /** By the transports' names: `{ postmark: { selectors: ['20260301123456pm'], returnPath: 'pm-bounces.acme.test' } }`. */
  transports?: Readonly<Record<string, SenderTransportOptions>>;
}

/**
 * @param from the sender of mails that name none
 * @param transports by name; those made by Nest are there once the application is
 * @throws RelayConfigurationError
 */
export function relaySenderDomains(
  options: RelaySenderDomainsOptions,
  from: string | undefined,
  transports: () => ReadonlyMap<string, MailTransport>,
): SenderDomains {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('senderDomains', 'is an object');
  refuseUnknown(options, ['transports', ...Object.keys(SENDER_DOMAINS_OPTIONS)], 'senderDomains.');
  const { transports: given = {}, ...rest } = options;
  const told = new Map(
    Object.entries(given).map(([name, one]) => [name, readTold(one, `senderDomains.transports.${name}`)]),
  );
  const senders = (): Sender[] =>
    [...transports()].flatMap(([name, transport]) => senderOf(name, transport, told.get(name)) ?? []);
  return new SenderDomains(rest, { ...(from !== undefined && { from }), senders });
}

type Told = Partial<Omit<Sender, 'title' | 'dkim'>>;

function readTold(options: SenderTransportOptions, path: string): Told {
  refuseUnknown(options, ['provider', 'selectors', 'returnPath', 'domain', 'region', 'addresses', 'helo'], `${path}.`);
  const { provider, addresses, helo } = options;
  return {
    ...(provider !== undefined && { provider: readProviderDomain(provider, `${path}.provider`) }),
    ...readSetup(options, path),
    ...((addresses ?? helo) !== undefined && { hosts: readHosts({ addresses, helo }, path) }),
  };
}

/** None for a transport of which nothing is known: its mails may go no further than a folder. */
function senderOf(name: string, transport: MailTransport, told: Told | undefined): Sender | undefined {
  const known = transport.identity?.();
  if (!known && !told) return undefined;
  const provider = told?.provider ?? known?.provider;
  return {
    dkim: [],
    hosts: [],
    ...known,
    selectors: provider?.dkim?.selectors ?? [],
    ...told,
    title: provider === undefined ? `the transport ${name}` : `${provider.title} (the transport ${name})`,
  };
}
