import { hash, type KeyObject, sign as signWith } from 'node:crypto';
import { MailError } from '../errors/mail.error.js';
import { relaxedBody, relaxedField } from './canonicalization.js';
import { type DkimAlgorithm, dkimKey } from './dkim-key.js';
import { dkimNames } from './dkim-names.js';
import type { DkimOptions } from './dkim-options.interface.js';
import { fieldsOf } from './header-fields.js';
import { type SignedHeader, signedHeaders } from './signed-headers.js';

export type { DkimOptions } from './dkim-options.interface.js';

/** Signs messages with one key. Sign with one after the other for several signatures. */
export interface DkimSigner {
  /**
   * The message with a `DKIM-Signature` in front of it. It is never given back unsigned.
   *
   * @param raw a whole message with CRLF line ends
   * @throws MailError permanent, scope `message`
   */
  sign(raw: Uint8Array): Uint8Array;
}

/**
 * DKIM as in RFC 6376, relaxed/relaxed, with rsa-sha256, or with ed25519-sha256 (RFC 8463) where the key is one. The key is parsed once.
 *
 * @param option names the options in errors
 * @throws RelayConfigurationError for a wrong domain, selector or header name, and for a key that cannot sign
 */
export function createDkimSigner(options: DkimOptions, option = 'dkim'): DkimSigner {
  const { domain, selector } = dkimNames(options, option);
  const { algorithm, key } = dkimKey(options.privateKey, `${option}.privateKey`);
  const headers = signedHeaders(options.headers, `${option}.headers`);
  const start = `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed;\r\n d=${domain};\r\n s=${selector};\r\n`;
  return {
    sign(raw) {
      try {
        return withSignature(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), start, headers, algorithm, key);
      } catch (cause) {
        if (cause instanceof MailError) throw cause;
        throw new MailError('the message could not be signed with DKIM', {
          permanent: true,
          scope: 'message',
          code: 'EDKIM',
          cause,
        });
      }
    },
  };
}

function withSignature(
  raw: Buffer,
  start: string,
  headers: readonly SignedHeader[],
  algorithm: DkimAlgorithm,
  key: KeyObject,
): Uint8Array {
  const { fields, bodyStart } = fieldsOf(raw);
  const names: string[] = [];
  let signed = '';
  for (const { name, oversign } of headers) {
    const present = fields.get(name.toLowerCase()) ?? [];
    // From the last to the first (section 5.4.2); once more than there are, and another one cannot be added (section 8.15).
    for (const field of present.toReversed()) signed += `${relaxedField(field)}\r\n`;
    for (let count = present.length + (oversign ? 1 : 0); count > 0; count--) names.push(name);
  }
  const bodyHash = hash('sha256', relaxedBody(raw.subarray(bodyStart)), 'base64');
  const unsigned = `${start} h=${foldedList(names)};\r\n bh=${bodyHash};\r\n b=`;
  // Fields are latin1 strings of the message's bytes (section 3.7).
  const data = Buffer.from(signed + relaxedField(unsigned), 'latin1');
  const signature = SIGN[algorithm](data, key)
    .toString('base64')
    .replace(/.{72}(?=.)/g, '$&\r\n ');
  return Buffer.concat([Buffer.from(`${unsigned}${signature}\r\n`, 'latin1'), raw]);
}

const SIGN: Readonly<Record<DkimAlgorithm, (data: Buffer, key: KeyObject) => Buffer>> = {
  'rsa-sha256': (data, key) => signWith('sha256', data, key),
  // RFC 8463 section 3: Ed25519 signs the hash.
  'ed25519-sha256': (data, key) => signWith(null, hash('sha256', data, 'buffer'), key),
};

/** Names between colons, in lines of 78 columns. */
function foldedList(names: readonly string[]): string {
  let list = '';
  let column = ' h='.length;
  names.forEach((name, index) => {
    const item = index < names.length - 1 ? `${name}:` : name;
    if (column + item.length > 76) {
      list += '\r\n  ';
      column = 2;
    }
    list += item;
    column += item.length;
  });
  return list;
}
