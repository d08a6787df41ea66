import { createPrivateKey, createPublicKey, KeyObject, sign, verify } from 'node:crypto';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

/**
 * A private key, parsed, and what it signs with.
 *
 * @throws RelayConfigurationError which says what is wrong with the key, and nothing of what is in it
 */
export function dkimKey(
  given: string | Uint8Array | KeyObject,
  option: string,
): { algorithm: DkimAlgorithm; key: KeyObject } {
  const key = given instanceof KeyObject ? given : parse(given, option);
  if (key.type !== 'private') throw new RelayConfigurationError(option, `is a ${key.type} key; give the private one`);
  const algorithm = ALGORITHMS[key.asymmetricKeyType ?? ''];
  if (!algorithm)
    throw new RelayConfigurationError(
      option,
      `is a key of type ${key.asymmetricKeyType}; DKIM signs with RSA or Ed25519`,
    );
  const bits = key.asymmetricKeyDetails?.modulusLength ?? Infinity;
  // RFC 8301 section 3.2: verifiers refuse shorter ones.
  if (bits < 1024)
    throw new RelayConfigurationError(option, `is an RSA key of ${bits} bits; 1024 is the least, 2048 is usual`);
  if (!fitsItself(key, algorithm))
    throw new RelayConfigurationError(option, 'is damaged: what it signs is not valid; take it from where it was made');
  return { algorithm, key };
}

/** OpenSSL takes a key whose numbers do not belong together, and signs with it what nobody can verify. */
function fitsItself(key: KeyObject, algorithm: DkimAlgorithm): boolean {
  const hash = algorithm === 'rsa-sha256' ? 'sha256' : null;
  const probe = Buffer.from('probe');
  try {
    return verify(hash, probe, createPublicKey(key), sign(hash, probe, key));
  } catch {
    return false;
  }
}

const ALGORITHMS: Readonly<Record<string, DkimAlgorithm>> = { rsa: 'rsa-sha256', ed25519: 'ed25519-sha256' };

function parse(given: string | Uint8Array, option: string): KeyObject {
  if (typeof given !== 'string' && !(given instanceof Uint8Array)) {
    throw new RelayConfigurationError(option, 'is missing; give a private key in PEM');
  }
  const pem = (typeof given === 'string' ? given : Buffer.from(given).toString('latin1'))
    .replaceAll('\\n', '\n')
    .trim();
  if (ENCRYPTED.test(pem))
    throw new RelayConfigurationError(option, 'has a passphrase; decrypt it first (openssl pkey -in key.pem)');
  if (/-----BEGIN [A-Z ]*PUBLIC KEY-----/.test(pem))
    throw new RelayConfigurationError(option, 'is a public key; give the private one');
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // What OpenSSL says helps nobody, and is not handed on: it is about the key's own bytes.
    throw new RelayConfigurationError(
      option,
      'is no private key in PEM; it begins with -----BEGIN PRIVATE KEY----- and must be whole',
    );
  }
}

const ENCRYPTED = /-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/;
