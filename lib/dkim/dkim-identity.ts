import { createPublicKey, type KeyObject } from 'node:crypto';
import { dkimKey } from './dkim-key.js';
import { dkimNames } from './dkim-names.js';
import type { DkimOptions } from './dkim-options.interface.js';

/** What others may know of a key that signs. */
export interface DkimIdentity {
  readonly domain: string;
  readonly selector: string;
  /** Left out where only the names are known. */
  readonly publicKey?: KeyObject;
}

/** @param option names the options in errors. @throws RelayConfigurationError for a wrong domain or selector, and a key that cannot sign */
export function dkimIdentities(
  dkim: DkimOptions | readonly DkimOptions[] | undefined,
  option: string,
): readonly DkimIdentity[] {
  return [dkim ?? []].flat().map((options) => ({
    ...dkimNames(options, option),
    publicKey: createPublicKey(dkimKey(options.privateKey, `${option}.privateKey`).key),
  }));
}
