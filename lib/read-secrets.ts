import { RelayConfigurationError } from './errors/relay-configuration.error.js';

/**
 * One secret or several: the first is used, all are good, so that one can be replaced.
 *
 * @throws RelayConfigurationError that names the option, and never a secret
 */
export function readSecrets(given: string | readonly string[], option: string): readonly string[] {
  const secrets: unknown = typeof given === 'string' ? [given] : given;
  if (Array.isArray(secrets) && secrets.length > 0 && secrets.every(isSecret)) return secrets;
  throw new RelayConfigurationError(
    option,
    'is a text of at least 16 characters, or several of them; make one with: openssl rand -base64 32',
  );
}

function isSecret(secret: unknown): secret is string {
  return typeof secret === 'string' && secret.length >= 16;
}
