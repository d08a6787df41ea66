import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';

/**
 * A part of a relay, for a module that stands beside it.
 *
 * @param relay its name, where it has one
 * @param option names what is wrong: `webhooks.relay`
 * @throws RelayConfigurationError when there is no such relay
 */
export function partOfRelay<T>(
  modules: ModuleRef,
  token: InjectionToken,
  relay: string | undefined,
  option: string,
): T {
  try {
    return modules.get(token as string, { strict: false }) as T;
  } catch (cause) {
    throw new RelayConfigurationError(
      option,
      relay === undefined ? 'import RelayModule.forRoot() too' : `there is no relay by the name ${relay}`,
      cause as Error,
    );
  }
}
