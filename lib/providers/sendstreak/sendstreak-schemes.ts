import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { TransportScheme, TransportUrl } from '../../transport/transport-scheme.interface.js';
import { SendStreakTransport } from './sendstreak.transport.js';

/** `sendstreak+api://KEY@default?template=relay`. */
export const SENDSTREAK_SCHEMES: Readonly<Record<string, TransportScheme>> = {
  'sendstreak+api': {
    address: 'host',
    parameters: { template: 'text', from: 'text', baseUrl: 'text', timeout: 'duration' },
    create: (url) => new SendStreakTransport({ ...url.options, key: keyOf(url) }),
  },
};

function keyOf({ user, password, host, port }: TransportUrl): string {
  if (!user || password !== undefined)
    throw new RelayConfigurationError(
      'key',
      'stands alone before the @, percent-encoded: sendstreak+api://KEY@default',
    );
  if (host !== 'default' || port !== undefined)
    throw new RelayConfigurationError('host', 'must be `default`; another address of the API is given as ?baseUrl=');
  return user;
}
