import { createPublicKey, type KeyObject } from 'node:crypto';
import { asciiDomain } from '../mail/address.js';
import { dkimKey } from './dkim-key.js';
import type { DkimOptions } from './dkim-options.interface.js';

/** What others may know of a key that signs. */
export interface DkimIdentity {
  readonly domain: string;
  readonly selector: string;
  /** Left out where only the names are known. */
  readonly publicKey?: KeyObject;
}

/** @param option names the options in errors. @throws RelayConfigurationError for a key that cannot sign */
export function dkimIdentities(
  dkim: DkimOptions | readonly DkimOptions[] | undefined,
  option: string,
): readonly DkimIdentity[] {
  return [dkim ?? []].flat().map(({ domain, selector, privateKey }) => ({
    domain: asciiDomain(String(domain)),
    selector,
    publicKey: createPublicKey(dkimKey(privateKey, `${option}.privateKey`).key),
  }));
}
