import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { mailIdOfHex, packMailId } from './mail-id.js';

export interface ReturnPathSettings {
  /** `bounces@acme.test`: where bounces arrive, with whatever stands behind a `+`. */
  address: string;
  /** The first signs; all are taken, so that a secret can be replaced. */
  secrets: readonly string[];
}

/** What a signed return path says. */
export interface NamedReturnPath {
  mailId: string;
  /** Of the only recipient of its transaction; empty when there were several. */
  recipientTag: string;
}

/**
 * Variable envelope return paths: `bounces+<id><tag>=<signature>@acme.test`, so that a bounce names its mail and recipient whatever is in
 * it, and signed, so that nobody can make one up. In lower case throughout, since some servers change that; at most 64 octets before the
 * @ (RFC 5321 section 4.5.3.1.1).
 */
export class ReturnPath {
  readonly #local: string;
  readonly #domain: string;
  readonly #secrets: readonly string[];

  constructor({ address, secrets }: ReturnPathSettings) {
    const at = address.lastIndexOf('@');
    this.#local = address.slice(0, at).toLowerCase();
    this.#domain = address.slice(at + 1).toLowerCase();
    this.#secrets = secrets;
  }

  /** Where bounces arrive. */
  get domain(): string {
    return this.#domain;
  }

  /** @param recipient where the transaction has only one */
  sign(mailId: string, recipient?: string): string {
    const named = base32(packMailId(mailId)) + (recipient === undefined ? '' : this.tagOf(recipient));
    return `${this.#local}+${named}=${this.#signature(named, this.#secrets[0]!)}@${this.#domain}`;
  }

  /** `null` for what is not, or no more, signed by us. */
  read(address: string): NamedReturnPath | null {
    const at = address.lastIndexOf('@');
    const local = address.slice(0, at).trim().replace(/^</, '').toLowerCase();
    const domain = address
      .slice(at + 1)
      .trim()
      .replace(/>$/, '')
      .toLowerCase();
    const prefix = `${this.#local}+`;
    if (domain !== this.#domain || !local.startsWith(prefix)) return null;
    const [, named, signature] = FORM.exec(local.slice(prefix.length)) ?? [];
    if (named === undefined || signature === undefined) return null;
    if (!this.#secrets.some((secret) => same(this.#signature(named, secret), signature))) return null;
    return { mailId: idOfBase32(named.slice(0, ID_LENGTH)), recipientTag: named.slice(ID_LENGTH) };
  }

  /** A few characters that tell the recipients of one mail apart. */
  tagOf(recipient: string): string {
    return base32(createHash('sha256').update(recipient.toLowerCase()).digest()).slice(0, TAG_LENGTH);
  }

  #signature(named: string, secret: string): string {
    const mac = createHmac('sha256', secret).update(`${this.#local}+${named}@${this.#domain}`).digest();
    return base32(mac).slice(0, SIGNATURE_LENGTH);
  }
}

/** The longest local part that leaves room for the rest. */
export const LONGEST_RETURN_PATH = 16;

const ID_LENGTH = 26;
/** 20 bits: enough for the recipients of one mail. */
const TAG_LENGTH = 4;
/** 80 bits. */
const SIGNATURE_LENGTH = 16;
const FORM = new RegExp(`^([a-z2-7]{${ID_LENGTH}}(?:[a-z2-7]{${TAG_LENGTH}})?)=([a-z2-7]{${SIGNATURE_LENGTH}})$`);

/** RFC 4648 section 6, in lower case and without padding. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) text += ALPHABET[(value >>> (bits -= 5)) & 31];
    value &= 31;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

function idOfBase32(text: string): string {
  let value = 0n;
  for (const letter of text) value = (value << 5n) | BigInt(ALPHABET.indexOf(letter));
  return mailIdOfHex((value >> 2n).toString(16).padStart(32, '0'));
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
