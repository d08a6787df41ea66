import { createRequire } from 'node:module';
import { createPublicKey, type KeyObject } from 'node:crypto';

interface Verified {
  results: {
    signingDomain: string;
    selector: string;
    algo: string;
    signingHeaders: { keys: string };
    status: { result: string; comment?: string };
  }[];
}

// mailauth has no types of its own.
const { dkimVerify } = createRequire(import.meta.url)('mailauth/lib/dkim/verify') as {
  dkimVerify(raw: Buffer, options: { resolver(name: string, type: string): Promise<string[][]> }): Promise<Verified>;
};

/** The TXT record that a key's owner publishes; RFC 6376 section 3.6.1, RFC 8463 section 4. */
export function txtRecord(key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  // Ed25519 keys stand there as their bare 32 bytes.
  return key.asymmetricKeyType === 'ed25519'
    ? `v=DKIM1; k=ed25519; p=${spki.subarray(-32).toString('base64')}`
    : `v=DKIM1; k=rsa; p=${spki.toString('base64')}`;
}

/** What a receiver makes of a message's signatures, first to last. */
export async function verify(raw: Uint8Array, records: Record<string, string>): Promise<Verified['results']> {
  const { results } = await dkimVerify(Buffer.from(raw), {
    resolver: (name) => {
      const record = records[name];
      return record
        ? Promise.resolve([[record]])
        : Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    },
  });
  return results;
}
