import { asciiName } from '../dns/domain-name.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';

/** A domain that can sign (RFC 6376 section 3.5, `d=`), in ASCII and lower case; `undefined` for what is none. */
export function dkimDomain(given: unknown): string | undefined {
  const domain = typeof given === 'string' ? asciiName(given) : undefined;
  return domain !== undefined && DOMAIN.test(domain) ? domain : undefined;
}

/** The domain and selector of a key that signs. @param option names both in errors @throws RelayConfigurationError */
export function dkimNames(
  { domain: given, selector }: { readonly domain: string; readonly selector: string },
  option: string,
): { domain: string; selector: string } {
  const domain = dkimDomain(given);
  if (domain === undefined) throw new RelayConfigurationError(`${option}.domain`, 'is no domain; give e.g. acme.test');
  if (isDkimSelector(String(selector))) return { domain, selector };
  throw new RelayConfigurationError(
    `${option}.selector`,
    'is no selector; give the part before ._domainkey of the TXT record',
  );
}

/** RFC 6376 section 3.1. */
export function isDkimSelector(text: string): boolean {
  return SELECTOR.test(text);
}

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SELECTOR =
  /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/;
