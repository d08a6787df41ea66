import type { KeyObject } from 'node:crypto';

/** One DKIM key, and what it signs. */
export interface DkimOptions {
  /** The signing domain (`d=`); an international one may be written as such. */
  domain: string;
  /** Where the public key is: the TXT record at `<selector>._domainkey.<domain>`. */
  selector: string;
  /** RSA (1024 bits at least; 2048 is usual) or Ed25519, in PEM without a passphrase. `\n` written out, as in a `.env` file, is understood. */
  privateKey: string | Uint8Array | KeyObject;
  /** Names of the headers to sign instead of the usual ones; `From` always is. Leave out what a server on the way rewrites. */
  headers?: readonly string[];
}
