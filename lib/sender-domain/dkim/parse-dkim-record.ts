import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseTagList } from '../tag-list.js';

/** What the TXT record of a selector says (RFC 6376 section 3.6.1). */
export interface DkimKeyRecord {
  /** Left out where it is revoked, or cannot be read. */
  readonly publicKey?: KeyObject;
  /** Of an RSA key. */
  readonly bits?: number;
  /** `p=` is empty. */
  readonly revoked: boolean;
  /** `t=y`: verifiers treat its mails as unsigned. */
  readonly testing: boolean;
  /** `t=s`: only for addresses at the very domain, not beneath it. */
  readonly strict: boolean;
  /** Why verifiers do not take it. */
  readonly problems: readonly string[];
}

export function parseDkimRecord(text: string): DkimKeyRecord {
  const { tags, order, problems: ill } = parseTagList(text);
  const problems = [...ill];
  const version = tags.get('v');
  if (version !== undefined && version !== 'DKIM1') problems.push(`v=${version} is not DKIM1`);
  if (version !== undefined && order[0] !== 'v') problems.push('v=DKIM1 is not the first tag');
  const type = (tags.get('k') ?? 'rsa').toLowerCase();
  if (!KEY_TYPES.includes(type)) problems.push(`k=${type} is no type of key that is known`);
  if (!listed(tags.get('h') ?? 'sha256').includes('sha256')) problems.push(`h=${tags.get('h')} leaves out sha256`);
  const services = listed(tags.get('s') ?? '*');
  if (!services.includes('*') && !services.includes('email')) problems.push(`s=${tags.get('s')} leaves out email`);
  const flags = listed(tags.get('t') ?? '');
  const data = tags.get('p')?.replace(/\s/g, '');
  if (data === undefined) problems.push('p=, the public key, is missing');
  const publicKey = data && problems.length === 0 ? readKey(type, data) : undefined;
  if (data && problems.length === 0 && !publicKey) problems.push(`p= is no public key of type ${type}`);
  const bits = publicKey?.asymmetricKeyDetails?.modulusLength;
  return {
    ...(publicKey && { publicKey }),
    ...(bits !== undefined && { bits }),
    revoked: data === '',
    testing: flags.includes('y'),
    strict: flags.includes('s'),
    problems,
  };
}

const KEY_TYPES: readonly string[] = ['rsa', 'ed25519'];

function listed(value: string): string[] {
  return value.split(':').map((part) => part.trim().toLowerCase());
}

function readKey(type: string, base64: string): KeyObject | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  // RFC 8463 section 4: the bare key. Some publish RSA keys as PKCS#1, as RFC 6376 section 3.6.1 seems to say.
  const forms =
    type === 'ed25519'
      ? [() => ed25519(bytes)]
      : (['spki', 'pkcs1'] as const).map((form) => () => createPublicKey({ key: bytes, format: 'der', type: form }));
  for (const form of forms) {
    try {
      const key = form();
      if (key.asymmetricKeyType === type) return key;
    } catch {
      // Told by the caller.
    }
  }
  return undefined;
}

function ed25519(bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
}
