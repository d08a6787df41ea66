import { MailError } from '../errors/mail.error.js';
import { MailMessageError } from '../errors/mail-message.error.js';
import { shownAddress } from '../mail/address.js';
import { bufferedAttachment } from '../mail/mail-attachment.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { MailBody } from '../mail/mail-snapshot.interface.js';
import type { MailHead } from '../mail/mail-head.interface.js';
import type { SnapshotAttachment } from '../mail/mail-snapshot.interface.js';
import { composePieces, joined } from '../mime/compose-mime.js';
import type { RawInPieces } from '../mime/message-pieces.js';
import type { BufferedAttachment } from '../mail/mail-attachment.js';
import { withListHeaders } from './list-mail.js';
import type { MailSnapshotHead } from './mail-composer.js';
import type { RenderedMail } from './mail-renderer.js';
import { partsOf } from './message-parts.js';

/** A message out of what the queue kept and what was rendered. */
export function createMessage(
  head: MailSnapshotHead,
  body: MailBody,
  attachments: readonly BufferedAttachment[],
  words: RenderedMail,
): MailMessage {
  const message: MailMessage = Object.freeze({
    id: head.id,
    messageId: head.messageId,
    from: head.from,
    to: head.to,
    cc: head.cc,
    bcc: head.bcc,
    replyTo: head.replyTo,
    subject: words.subject,
    ...(words.html !== undefined && { html: words.html }),
    ...(words.text !== undefined && { text: words.text }),
    attachments: [...words.attachments, ...attachments],
    headers: words.headers ? withListHeaders(body.headers, words.headers) : body.headers,
    tags: body.tags,
    metadata: body.metadata,
    envelope: head.envelope,
    ...(head.locale !== undefined && { locale: head.locale }),
    stream: head.stream,
    ...(head.tenant !== undefined && { tenant: head.tenant }),
    ...(head.mail !== undefined && { mail: head.mail }),
    provider: body.provider,
    ...(head.notify && { notify: head.notify }),
    date: new Date(head.acceptedAt),
    raw: composeOnce,
  });
  return body.content.kind === 'raw' ? finished(message, attachments[0]!.bytes) : message;
}

/** One that came as MIME goes as the very same bytes; what is in them is read only where somebody looks. */
function finished(message: MailMessage, bytes: Uint8Array): MailMessage {
  const unread = Object.freeze({ ...message, attachments: [] });
  const whole = Promise.resolve(bytes);
  composed.set(unread, { finished: bytes, whole, pieces: whole.then((piece) => [piece]), size: bytes.length });
  return unread;
}

/** A finished message with its text, HTML, attachments and headers; any other as it is. An error for one that cannot be read. */
export function readable(message: MailMessage): MailMessage | Promise<MailMessage | MailMessageError> {
  const bytes = composed.get(message);
  return bytes?.finished ? withParts(message, bytes, bytes.finished) : message;
}

async function withParts(
  message: MailMessage,
  bytes: Bytes,
  finished: Uint8Array,
): Promise<MailMessage | MailMessageError> {
  const read = await partsOf(finished);
  if (read instanceof MailMessageError) return read;
  const { headers, ...parts } = read;
  const copy = Object.freeze({ ...message, ...parts, headers: { ...headers, ...message.headers } });
  composed.set(copy, bytes);
  return copy;
}

/** The same message for other recipients; its bytes are shared. */
export function forRecipients(message: MailMessage, to: readonly string[]): MailMessage {
  const copy: MailMessage = Object.freeze({ ...message, envelope: { from: message.envelope.from, to } });
  composed.set(copy, bytesOf(message));
  return copy;
}

/** The attachments that a snapshot carries. @throws MailError for one that is gone */
export function storedAttachments(stored: readonly SnapshotAttachment[]): BufferedAttachment[] {
  return stored.map(({ filename, contentType, cid, content, bytes, gone }) => {
    if (gone)
      throw new MailError(`The attachment ${filename ?? contentType} is not kept any more`, {
        permanent: true,
        scope: 'message',
        reason: 'attachment',
      });
    return bufferedAttachment({
      contentType,
      bytes: bytes ?? Buffer.from(content, 'base64'),
      ...(filename !== undefined && { filename }),
      ...(cid !== undefined && { cid }),
    });
  });
}

/** What is shown of it in a list; its size where its bytes were made. */
export function headOf(message: MailMessage): MailHead {
  const { subject, from, attachments } = message;
  const { finished, size } = composed.get(message) ?? {};
  return {
    subject,
    from: shownAddress(from),
    ...(!finished && attachments.length > 0 && { attachments: attachments.length }),
    ...(size !== undefined && { size }),
  };
}

interface Bytes {
  /** Of a message that came as MIME. */
  finished?: Uint8Array;
  pieces?: Promise<readonly Uint8Array[]>;
  whole?: Promise<Uint8Array>;
  size?: number;
}

/** By message, so that a copy that an interceptor made with other words (`{ ...message, subject }`) has bytes of its own. */
const composed = new WeakMap<MailMessage, Bytes>();

function bytesOf(message: MailMessage): Bytes {
  let bytes = composed.get(message);
  if (!bytes) composed.set(message, (bytes = {}));
  return bytes;
}

async function piecesOnce(this: MailMessage): Promise<readonly Uint8Array[]> {
  const bytes = bytesOf(this);
  return (bytes.pieces ??= Promise.resolve(composePieces(this)).then((pieces) => {
    bytes.size = pieces.reduce((sum, { length }) => sum + length, 0);
    return pieces;
  }));
}

const composeOnce: RawInPieces = Object.assign(
  function raw(this: MailMessage): Promise<Uint8Array> {
    return (bytesOf(this).whole ??= piecesOnce.call(this).then(joined));
  },
  { pieces: piecesOnce },
);
