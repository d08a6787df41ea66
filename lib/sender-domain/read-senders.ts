import { isIP } from 'node:net';
import { dkimIdentities } from '../dkim/dkim-identity.js';
import { dkimDomain, isDkimSelector } from '../dkim/dkim-names.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { PROVIDER_DOMAINS } from '../providers/provider-domains.js';
import { refuseUnknown } from '../refuse-unknown.js';
import type { ProviderDomain, SendingHost } from '../transport/sender-identity.interface.js';
import type { Sender } from './sender.js';
import type { SenderDomainsOptions, SenderProviderOptions } from './sender-domains-options.interface.js';

/**
 * The ways in which mails leave, of the options.
 *
 * @param path of the options, for errors: `senderDomains`
 * @throws RelayConfigurationError
 */
export function readSenders(options: SenderDomainsOptions, path: string): readonly Sender[] {
  const providers = arrayOf<SenderProviderOptions | string>(options.providers, `${path}.providers`);
  const senders = providers.map((given, index) => readProvider(given, `${path}.providers[${index}]`));
  const hosts = readHosts(options, path);
  const dkim = dkimIdentities(options.dkim, `${path}.dkim`);
  if (hosts.length > 0 || dkim.length > 0) senders.push({ title: 'your own server', selectors: [], dkim, hosts });
  return senders;
}

/** @throws RelayConfigurationError */
export function readProviderDomain(given: unknown, path: string): ProviderDomain {
  if (typeof given === 'object' && given !== null && 'title' in given && 'returnPath' in given)
    return given as ProviderDomain;
  if (typeof given === 'string' && Object.hasOwn(PROVIDER_DOMAINS, given))
    return PROVIDER_DOMAINS[given as keyof typeof PROVIDER_DOMAINS];
  throw new RelayConfigurationError(
    path,
    `${JSON.stringify(given)} is no provider that is known; there are ${Object.keys(PROVIDER_DOMAINS).join(', ')}`,
  );
}

/** A domain, in ASCII, in lower case. @throws RelayConfigurationError */
export function readDomain(given: unknown, path: string): string {
  const domain = dkimDomain(typeof given === 'string' ? given.trim() : given);
  if (domain !== undefined) return domain;
  throw new RelayConfigurationError(path, `${JSON.stringify(given)} is no domain; give e.g. acme.test`);
}

/** Of an address, or a domain itself. @throws RelayConfigurationError */
export function readDomainOf(given: unknown, path: string): string {
  if (typeof given !== 'string') return readDomain(given, path);
  return readDomain(given.slice(given.lastIndexOf('@') + 1).replace(/>\s*$/, ''), path);
}

/** @throws RelayConfigurationError */
export function readSelectors(given: unknown, path: string): readonly string[] {
  const selectors = arrayOf<string>(given, path);
  const wrong = selectors.find((selector) => typeof selector !== 'string' || !isDkimSelector(selector));
  if (wrong === undefined) return selectors;
  throw new RelayConfigurationError(
    path,
    `${JSON.stringify(wrong)} is no selector; give what stands before ._domainkey`,
  );
}

/** Those at `addresses`, or those that `helo` has in the DNS. @throws RelayConfigurationError */
export function readHosts(
  { addresses: given, helo }: { addresses?: readonly string[]; helo?: string },
  path: string,
): readonly SendingHost[] {
  const addresses = arrayOf<string>(given, `${path}.addresses`);
  const wrong = addresses.find((address) => typeof address !== 'string' || !isIP(address));
  if (wrong !== undefined)
    throw new RelayConfigurationError(`${path}.addresses`, `${JSON.stringify(wrong)} is no IP address`);
  if (helo === undefined) return addresses.map((address) => ({ address }));
  const name = readDomain(helo, `${path}.helo`);
  return addresses.length === 0 ? [{ name }] : addresses.map((address) => ({ address, name }));
}

type ProviderSetup = Partial<Omit<SenderProviderOptions, 'provider'>>;

/** What was set up with a provider, as far as it is said. @throws RelayConfigurationError */
export function readSetup(
  { selectors, returnPath, domain, region }: ProviderSetup,
  path: string,
): Partial<Pick<Sender, 'selectors' | 'returnPath' | 'domain' | 'region'>> {
  return {
    ...(selectors !== undefined && { selectors: readSelectors(selectors, `${path}.selectors`) }),
    ...(returnPath !== undefined && { returnPath: readDomainOf(returnPath, `${path}.returnPath`) }),
    ...(domain !== undefined && { domain: readDomain(domain, `${path}.domain`) }),
    ...(region !== undefined && { region }),
  };
}

function readProvider(given: SenderProviderOptions | string, path: string): Sender {
  const options: ProviderSetup & { provider: unknown } = typeof given === 'string' ? { provider: given } : given;
  refuseUnknown(options, ['provider', 'selectors', 'returnPath', 'domain', 'region'], `${path}.`);
  const provider = readProviderDomain(options.provider, typeof given === 'string' ? path : `${path}.provider`);
  return {
    title: provider.title,
    provider,
    selectors: provider.dkim?.selectors ?? [],
    dkim: [],
    hosts: [],
    ...readSetup(options, path),
  };
}

function arrayOf<T>(given: unknown, path: string): readonly T[] {
  if (given === undefined) return [];
  if (Array.isArray(given)) return given as T[];
  throw new RelayConfigurationError(path, 'is an array');
}
