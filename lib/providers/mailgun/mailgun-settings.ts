import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** A domain alone: with a slash in it Mailgun answers 200 and sends nothing. @throws RelayConfigurationError */
export function domainOf(domain: unknown): string {
  if (typeof domain === 'string' && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(domain)) return domain.toLowerCase();
  throw new RelayConfigurationError('mailgun.domain', "must be the sending domain, such as 'mg.acme.test'");
}

/** @throws RelayConfigurationError */
export function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new RelayConfigurationError(option, `must be one of ${allowed.join(', ')}`);
}
