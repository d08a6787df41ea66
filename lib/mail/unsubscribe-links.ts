import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { MailMessageError } from '../errors/mail-message.error.js';
import { MAIL_ID_BYTES, packMailId, unpackMailId } from './mail-id.js';

/** Whose mails of what an unsubscribe link ends. */
export interface Subscription {
  /** The mail that the link is in. */
  mailId: string;
  recipient: string;
  stream: string;
  tenant?: string;
  list?: string;
}

export interface UnsubscribeLinkSettings {
  /** Where the page is; its own query is kept. */
  url: string;
  /** The first seals; all open, so that a secret can be replaced. */
  secrets: readonly string[];
  /** Also takes mails that unsubscribe (RFC 2369 section 3.2). */
  mailto?: string;
}

/**
 * Links to unsubscribe that name their subscription in a sealed token: nobody can make one up, change one, or read an address out of one,
 * and nothing has to be stored for them. They are good for as long as one of the secrets is.
 *
 * AES-256-GCM, its nonce a MAC of what is sealed, in the manner of SIV (RFC 5297): the same subscription has the same token, and nothing
 * hangs on a random number's being new.
 */
export class UnsubscribeLinks {
  readonly #url: string;
  readonly #keys: readonly SealingKeys[];
  readonly #mailto: string | undefined;

  constructor({ url, secrets, mailto }: UnsubscribeLinkSettings) {
    this.#url = url;
    this.#keys = secrets.map(keysOf);
    this.#mailto = mailto;
  }

  /** The page of nobody's subscription, for a mail that is only looked at. */
  get page(): string {
    return this.#url;
  }

  /** @throws MailMessageError for one whose names are too long for a header line (RFC 5322 section 2.1.1) */
  of(subscription: Subscription): { url: string; mailto?: string } {
    const token = seal(subscription, this.#keys[0]!);
    const url = `${this.#url}${this.#url.includes('?') ? '&' : '?'}${TOKEN_PARAMETER}=${token}`;
    const mailto = this.#mailto && `mailto:${this.#mailto}?subject=${encodeURIComponent(`unsubscribe ${token}`)}`;
    if (Math.max(url.length, mailto?.length ?? 0) > LONGEST_LINK)
      throw new MailMessageError(
        'unsubscribe',
        'its link is longer than a header may be: shorten the tenant, the stream, the list or the url of the page',
      );
    return { url, ...(mailto && { mailto }) };
  }

  /** `null` for what is not, or no more, sealed by us. */
  read(token: string): Subscription | null {
    if (token.length > LONGEST_LINK || !/^[\w-]+$/.test(token)) return null;
    const sealed = Buffer.from(token, 'base64url');
    if (sealed[0] !== VERSION || sealed.length < SHORTEST) return null;
    let found: Subscription | null = null;
    for (const keys of this.#keys) found ??= open(sealed, keys);
    return found;
  }

  /** Out of the subject of a mail to the `mailto:` address. */
  readSubject(subject: string): Subscription | null {
    const token = /^\s*unsubscribe[\s:]+([\w-]{20,2000})\s*$/i.exec(subject.slice(0, 2_100))?.[1];
    return token === undefined ? null : this.read(token);
  }
}

/** The name of the token in the link's query. */
export const TOKEN_PARAMETER = 't';

const VERSION = 1;
const NONCE = 12;
const TAG = 16;
/** With the version and the mail's id. */
const SHORTEST = 1 + NONCE + MAIL_ID_BYTES + TAG;
/** One word of a header; 998 characters are a line's (RFC 5322 section 2.1.1). */
const LONGEST_LINK = 890;

interface SealingKeys {
  readonly cipher: Buffer;
  readonly nonce: Buffer;
}

/** RFC 5869: two keys that say nothing of each other. */
function keysOf(secret: string): SealingKeys {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', secret, '', `unsubscribe ${use}`, 32));
  return { cipher: derive('cipher'), nonce: derive('nonce') };
}

/** None of the names can hold a line break. */
function seal({ mailId, recipient, stream, tenant = '', list = '' }: Subscription, keys: SealingKeys): string {
  const names = [recipient, stream, tenant, list].join('\n');
  const plain = Buffer.concat([packMailId(mailId), Buffer.from(names)]);
  const nonce = createHmac('sha256', keys.nonce).update(plain).digest().subarray(0, NONCE);
  const cipher = createCipheriv('aes-256-gcm', keys.cipher, nonce);
  const sealed = [Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

/** GCM checks the whole of it before anything is looked at, in a time that tells nothing. */
function open(sealed: Buffer, keys: SealingKeys): Subscription | null {
  const decipher = createDecipheriv('aes-256-gcm', keys.cipher, sealed.subarray(1, 1 + NONCE), { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  let plain: Buffer;
  try {
    plain = Buffer.concat([decipher.update(sealed.subarray(1 + NONCE, -TAG)), decipher.final()]);
  } catch {
    return null;
  }
  const [recipient = '', stream = '', tenant = '', list = ''] = plain.toString('utf8', MAIL_ID_BYTES).split('\n');
  return {
    mailId: unpackMailId(plain),
    recipient,
    stream,
    ...(tenant !== '' && { tenant }),
    ...(list !== '' && { list }),
  };
}
