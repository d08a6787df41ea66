import { createRequire } from 'node:module';
import type * as Sdk from '@aws-sdk/client-sesv2';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** AWS's own client, of which the relay uses credentials, endpoints and signatures. Optional: it is loaded when it is first needed. */
export type SesSdk = typeof Sdk;

/** @throws RelayConfigurationError with the install command */
export async function loadSesSdk(): Promise<SesSdk> {
  try {
    return await import('@aws-sdk/client-sesv2');
  } catch (cause) {
    throw missing(PACKAGE, cause);
  }
}

/**
 * Looks whether the package is there, without loading it. In a bundle there are no packages to look for, and `loadSesSdk` will tell.
 *
 * @throws RelayConfigurationError with the install command
 */
export function checkSesSdk(name = PACKAGE): void {
  const { resolve } = createRequire(import.meta.url);
  const isThere = (one: string): boolean => {
    try {
      return resolve(one) !== '';
    } catch {
      return false;
    }
  };
  if (!isThere(name) && isThere('nodemailer')) throw missing(name);
}

const PACKAGE = '@aws-sdk/client-sesv2';

function missing(name: string, cause?: unknown): RelayConfigurationError {
  return new RelayConfigurationError('ses', `needs the package ${name}. Install it: npm install ${name}`, cause);
}
