import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { MailError } from '../errors/mail.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { refuseUnknown } from '../refuse-unknown.js';

/** What mails hold is encrypted before it is stored (AES-256-GCM): reset links and attachments do not lie there in clear. */
export interface QueueEncryption {
  /**
   * Keys of 32 bytes in base64; make one with `openssl rand -base64 32`. The first encrypts, all decrypt: to replace a key, put the new one
   * last in every process, then first, and take the old one out when the mails of its time are gone.
   */
  keys: readonly string[];
}

/** Encrypts texts for a mail; each is bound to its mail and its place, so that none can be put elsewhere. */
export class PayloadCipher {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #first: string;

  /** @throws RelayConfigurationError that names the option, and never a key */
  constructor(options: QueueEncryption) {
    if (typeof options !== 'object' || options === null) throw new RelayConfigurationError('queue.encryption', WANTED);
    refuseUnknown(options, ['keys'], 'queue.encryption.');
    if (!Array.isArray(options.keys) || options.keys.length === 0)
      throw new RelayConfigurationError('queue.encryption.keys', WANTED);
    this.#keys = new Map(options.keys.map((text, index) => keyOf(text, `queue.encryption.keys[${index}]`)));
    this.#first = this.#keys.keys().next().value!;
  }

  /** Names the key that is used from now on; not a secret. */
  get id(): string {
    return this.#first;
  }

  /** @param place which mail, and what of it */
  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#first)!, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${MARK}${this.#first}:${sealed.toString('base64')}`;
  }

  /**
   * What was not encrypted, from before the option was set, comes back as it is.
   *
   * @throws MailError of scope `transport` for a key that is not here, or a text that somebody has changed
   */
  open(text: string, place: string): string {
    if (!text.startsWith(MARK)) return text;
    const id = text.slice(MARK.length, MARK.length + ID_LENGTH);
    const key = this.#keys.get(id);
    if (!key)
      throw new MailError(`The mail is encrypted with a key that is not among queue.encryption.keys here (${id})`, {
        reason: 'encryption',
      });
    const sealed = Buffer.from(text.slice(MARK.length + ID_LENGTH + 1), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE)).setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(-TAG));
    try {
      return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new MailError('The mail was changed in the queue: it cannot be decrypted', { reason: 'encryption', cause });
    }
  }
}

/** No text of the relay's own begins so. */
const MARK = 'aes256gcm:';
const NONCE = 12;
const TAG = 16;
const ID_LENGTH = 8;
const WANTED = "needs keys: { keys: ['<32 bytes in base64>'] }; make one with: openssl rand -base64 32";

/** The key and a name for it that gives nothing of it away. */
function keyOf(text: unknown, option: string): [id: string, key: Buffer] {
  const key = typeof text === 'string' ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (key.length !== 32)
    throw new RelayConfigurationError(option, 'is 32 bytes in base64; make one with: openssl rand -base64 32');
  return [createHash('sha256').update('nestjs-mail-relay key id').update(key).digest('hex').slice(0, ID_LENGTH), key];
}
