import { RelayConfigurationError } from './errors/relay-configuration.error.js';

/** A misspelt option must not be ignored. @throws RelayConfigurationError */
export function refuseUnknown(options: object, known: readonly string[], prefix: string): void {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError(prefix.slice(0, -1), 'is an object');
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new RelayConfigurationError(`${prefix}${key}`, `is no option; known are ${known.join(', ')}`);
  }
}
