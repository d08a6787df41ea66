import { createPublicKey, type KeyObject } from 'node:crypto';
import type { DnsRecord } from '../dns/dns-record.interface.js';

/** Where the public key of a selector is (RFC 6376 section 3.6.2.1). */
export function dkimRecordName(domain: string, selector: string): string {
  return `${selector}._domainkey.${domain}`;
}

/**
 * The record that lets others verify what a key has signed (RFC 6376 section 3.6.1, RFC 8463 section 4).
 *
 * @param key the public key, or the private one, of which only the public one is looked at
 */
export function dkimRecord(domain: string, selector: string, key: KeyObject): DnsRecord {
  const type = key.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'rsa';
  const value = `v=DKIM1; k=${type}; p=${publicKeyBytes(key).toString('base64')}`;
  return { name: dkimRecordName(domain, selector), type: 'TXT', value };
}

/** Says that a key is no longer in use (RFC 6376 section 3.6.1, `p=`). */
export function revokedDkimRecord(domain: string, selector: string): DnsRecord {
  return { name: dkimRecordName(domain, selector), type: 'TXT', value: 'v=DKIM1; p=' };
}

/** RSA keys as SubjectPublicKeyInfo, Ed25519 keys as their bare 32 bytes. */
export function publicKeyBytes(key: KeyObject): Buffer {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return key.asymmetricKeyType === 'ed25519' ? spki.subarray(-32) : spki;
}
