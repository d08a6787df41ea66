import { createHmac, timingSafeEqual } from 'node:crypto';
import { MAIL_ID_BYTES, packMailId, unpackMailId } from '../mail/mail-id.js';
import { packUrl, unpackUrl } from './url-packing.js';

/** What a token says. */
export interface TrackedThing {
  readonly mailId: string;
  /** The recipient's place among the mail's own. */
  readonly recipient: number;
  /** Where the link leads; none for an open. */
  readonly url?: string;
}

/**
 * What stands in tracked URLs: which mail, whose copy, and where the link leads to, signed. All of it is in the token, so that a link still
 * leads on when its mail is long forgotten; nobody can make one up that leads elsewhere; and no address is in it.
 *
 *     1 byte version and recipient | 16 bytes mail | the link, packed | 12 bytes of an HMAC-SHA-256, in base64url
 */
export class TrackingTokens {
  readonly #keys: readonly Buffer[];

  /** @param secrets the first signs; all are taken, so that a secret can be replaced */
  constructor(secrets: readonly string[]) {
    // A key of its own, should the same secret sign other things too.
    this.#keys = secrets.map((secret) => createHmac('sha256', secret).update('nestjs-mail-relay tracking').digest());
  }

  sign({ mailId, recipient, url }: TrackedThing): string {
    const body = Buffer.concat([
      Buffer.from(recipient < FEW ? [VERSION + recipient] : [VERSION + FEW, recipient - FEW]),
      packMailId(mailId),
      ...(url === undefined ? [] : [packUrl(url)]),
    ]);
    return Buffer.concat([body, signature(this.#keys[0]!, body, url !== undefined)]).toString('base64url');
  }

  /** `undefined` for what is not, or no more, signed by us. @param link whether it stood where a link's token does */
  read(token: string, link: boolean): TrackedThing | undefined {
    if (token.length > LONGEST_TOKEN || !FORM.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // There is one spelling of a token only.
    if (bytes.length < SHORTEST || bytes.toString('base64url') !== token) return undefined;
    const body = bytes.subarray(0, -SIGNATURE);
    const signed = bytes.subarray(-SIGNATURE);
    if (!this.#keys.some((key) => timingSafeEqual(signature(key, body, link), signed))) return undefined;
    return decode(body, link);
  }
}

/** Characters: those of the longest link that is tracked are fewer. */
const LONGEST_TOKEN = 4_096;

const VERSION = 1 << 5;
/** Recipients below this fit into the first byte; the second goes 255 further. */
const FEW = 31;
/** 96 bits, as RFC 2404 has them: nobody can try that many at a server. */
const SIGNATURE = 12;
const SHORTEST = 1 + MAIL_ID_BYTES + SIGNATURE;

const FORM = /^[\w-]+$/;

/** A link's signature is none for an open. */
function signature(key: Buffer, body: Buffer, link: boolean): Buffer {
  return createHmac('sha256', key)
    .update(link ? 'c' : 'o')
    .update(body)
    .digest()
    .subarray(0, SIGNATURE);
}

function decode(body: Buffer, link: boolean): TrackedThing | undefined {
  const first = body[0]! - VERSION;
  const start = first < FEW ? 1 : 2;
  if (first < 0 || first > FEW || body.length < start + MAIL_ID_BYTES) return undefined;
  const thing = {
    mailId: unpackMailId(body.subarray(start)),
    recipient: first < FEW ? first : FEW + body[1]!,
  };
  if (!link) return thing;
  const url = unpackUrl(body.subarray(start + MAIL_ID_BYTES));
  return url === undefined ? undefined : { ...thing, url };
}
