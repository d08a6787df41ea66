import type { BufferedAttachment } from '../mail/mail-attachment.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { MailAssertionError } from './mail-assertion.error.js';

/** A mail that was sent, with what tests ask of it. */
export class SentMail {
  constructor(
    readonly message: MailMessage,
    readonly sentAt: Date,
  ) {}

  /** `''` for a mail without. */
  get html(): string {
    return this.message.html ?? '';
  }

  get text(): string {
    return this.message.text ?? '';
  }

  /** All links of the HTML, or of the text where there is no HTML, in their order. */
  get links(): readonly string[] {
    if (!this.message.html) return this.text.match(/https?:\/\/[^\s<>"')\]]+/g) ?? [];
    return Array.from(this.html.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi), ([, ...quoted]) =>
      decodeEntities(quoted.find((href) => href !== undefined)!),
    );
  }

  /** The first link that holds the text, or that the pattern matches; without either, the first. @throws MailAssertionError */
  link(match?: string | RegExp): URL {
    const found = this.links.find(
      (link) => match === undefined || (typeof match === 'string' ? link.includes(match) : match.test(link)),
    );
    if (found !== undefined && URL.canParse(found)) return new URL(found);
    const wanted = match === undefined ? 'No link' : `No link that matches ${String(match)}`;
    throw new MailAssertionError(
      `${wanted} in ${JSON.stringify(this.message.subject)}. Its links are: ${this.links.join(', ') || 'none'}`,
    );
  }

  /** By file name or content id. @throws MailAssertionError */
  attachment(name: string): { contentType: string; content: Uint8Array } {
    const attachments = this.message.attachments as readonly BufferedAttachment[];
    const found = attachments.find(({ filename, cid }) => filename === name || cid === name);
    if (found) return { contentType: found.contentType, content: Uint8Array.from(found.bytes) };
    const names = attachments.map(({ filename, cid }) => filename ?? cid).join(', ') || 'none';
    throw new MailAssertionError(
      `No attachment ${JSON.stringify(name)} in ${JSON.stringify(this.message.subject)}. Its attachments are: ${names}`,
    );
  }
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot|#39|#x3D|#x27);/gi,
    (entity, name: string) => ENTITIES[name.toLowerCase()] ?? entity,
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  '#x27': "'",
  '#x3d': '=',
};
