import PostalMime, { type Address, type Email, type Header } from 'postal-mime';
import { decodeHeader } from '../../mime/decode-header.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';

/** A message taken apart. */
export interface ReadMessage {
  readonly subject: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly replyTo: readonly string[];
  /** ISO 8601, where it can be read. */
  readonly date?: string;
  /** As they stand there, decoded, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly html?: string;
  readonly text?: string;
  readonly attachments: readonly ReadAttachment[];
  /** Bytes of all of it. */
  readonly size: number;
}

export interface ReadAttachment {
  readonly filename?: string;
  readonly contentType: string;
  readonly cid?: string;
  readonly bytes: Uint8Array;
}

/** @throws ConsoleRejectedError for what no reader makes anything of */
export async function readMessage(raw: Uint8Array): Promise<ReadMessage> {
  const email = await PostalMime.parse(raw, {
    attachmentEncoding: 'arraybuffer',
    maxNestingDepth: DEEPEST,
    forceRfc822Attachments: true,
  }).catch((error: Error): Email => {
    throw new ConsoleRejectedError(422, `The parts of the message cannot be read: ${error.message}`);
  });
  const { html, text, attachments, headers } = email;
  return {
    subject: email.subject ?? '',
    from: email.from ? addressOf(email.from) : '',
    to: addressesOf(email.to),
    cc: addressesOf(email.cc),
    replyTo: addressesOf(email.replyTo),
    ...(email.date !== undefined && { date: email.date }),
    headers: headers.map((header) => [header.originalKey ?? header.key, decodedValue(header)] as const),
    ...(html !== undefined && { html }),
    ...(text !== undefined && { text }),
    attachments: attachments.map(({ filename, mimeType, contentId, content }) => ({
      contentType: mimeType,
      bytes: new Uint8Array(content as ArrayBuffer),
      ...(filename && { filename }),
      ...(contentId && { cid: contentId.replace(/^<(.*)>$/, '$1') }),
    })),
    size: raw.length,
  };
}

const DEEPEST = 32;

function decodedValue({ value }: Header): string {
  try {
    return decodeHeader(Buffer.from(value).toString('latin1'));
  } catch {
    return value;
  }
}

function addressesOf(list: readonly Address[] | undefined): string[] {
  return (list ?? []).map(addressOf);
}

function addressOf({ name, address, group }: Address): string {
  if (group) return `${name}: ${group.map(addressOf).join(', ')};`;
  return name ? `${name} <${address}>` : (address ?? '');
}
