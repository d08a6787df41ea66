import { allAttachmentBytes } from './attachment-bytes.js';
import { attachmentPart } from './attachment-part.js';
import { ByteWriter } from './byte-writer.js';
import { messageHeader } from './message-header.js';
import { type Entity, type Leaf, writeEntity } from './mime-entity.js';
import type { MimeInput } from './mime-input.interface.js';
import { chooseEncoding } from './text-encoding.js';

/**
 * A message as bytes: RFC 5322 and MIME (RFC 2045 to 2047, 2231), CRLF line ends, all ASCII but for UTF-8 local parts of addresses.
 * The same input gives the same bytes. At once where every attachment has its `bytes`, else a promise.
 *
 * @throws MailMessageError for a header that cannot be written, and for an attachment that cannot be read
 */
export function composeMime(message: MimeInput): Uint8Array | Promise<Uint8Array> {
  const pieces = composePieces(message);
  return pieces instanceof Promise ? pieces.then(joined) : joined(pieces);
}

/** The same in pieces, one at least, the header in the first: large attachments are not copied, and those of many messages are shared. */
export function composePieces(message: MimeInput): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
  const contents = message.attachments.map(({ bytes }) => bytes);
  if (contents.every((bytes) => bytes !== undefined)) return compose(message, contents);
  return allAttachmentBytes(message.attachments).then((read) => compose(message, read));
}

/** Pieces as one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

const writer = new ByteWriter();

function compose(message: MimeInput, contents: readonly Uint8Array[]): readonly Uint8Array[] {
  try {
    writer.text(messageHeader(message));
    writeEntity(writer, bodyOf(message, contents), message.messageId);
    if (writer.last !== LF) writer.text('\r\n');
    return writer.take();
  } catch (error) {
    writer.discard();
    throw error;
  }
}

/** mixed(alternative(text, related(html, inline parts)), attachments), less what there is no need of. */
function bodyOf(message: MimeInput, contents: readonly Uint8Array[]): Entity {
  const inline: Entity[] = [];
  const attached: Entity[] = [];
  message.attachments.forEach((attachment, index) => {
    const part = attachmentPart(attachment, contents[index]!, `attachments[${index}]`);
    (attachment.cid !== undefined && message.html ? inline : attached).push(part);
  });
  const bodies: Entity[] = [];
  if (message.text || (!message.html && attached.length === 0)) bodies.push(textPart('plain', message.text ?? ''));
  if (message.html) bodies.push(multipart('related', [textPart('html', message.html), ...inline]));
  const body = bodies.length > 0 ? [multipart('alternative', bodies)] : [];
  return attached.length > 0 ? { subtype: 'mixed', parts: [...body, ...attached] } : body[0]!;
}

function multipart(subtype: 'alternative' | 'related', parts: readonly Entity[]): Entity {
  return parts.length === 1 ? parts[0]! : { subtype, parts };
}

function textPart(subtype: 'plain' | 'html', text: string): Leaf {
  return { fields: `Content-Type: text/${subtype}; charset=utf-8\r\n`, encoding: chooseEncoding(text), content: text };
}

const LF = 0x0a;
