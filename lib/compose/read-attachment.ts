import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { detectMimeType } from 'nodemailer/lib/mime-funcs';
import { MailMessageError } from '../errors/mail-message.error.js';
import { checkLine } from '../mail/headers.js';
import { type BufferedAttachment, bufferedAttachment } from '../mail/mail-attachment.js';
import type { AttachmentInput } from '../mail/mail-options.interface.js';

/** All attachments of one mail together, in bytes: 25 MiB, which is what most providers and mailboxes take. */
export const MAX_ATTACHMENTS_SIZE = 25 * 1024 * 1024;

/** Reads attachments into memory, in their order; not a promise where nothing has to be waited for. @throws MailMessageError */
export function readAttachments(inputs: unknown, field: string): BufferedAttachment[] | Promise<BufferedAttachment[]> {
  if (inputs === undefined) return [];
  if (!Array.isArray(inputs)) throw new MailMessageError(field, 'is an array of attachments');
  if (
    inputs.every(
      (input: AttachmentInput | undefined) =>
        input?.path === undefined && (typeof input?.content === 'string' || input?.content instanceof Uint8Array),
    )
  ) {
    const budget = new Budget();
    return inputs.map((input: AttachmentInput, index) =>
      describe(input, inMemory(input, budget, `${field}[${index}]`), `${field}[${index}]`),
    );
  }
  return readInTurn(inputs as AttachmentInput[], field);
}

/** One after the other, so that the limit holds before the next is read. */
async function readInTurn(inputs: readonly AttachmentInput[], field: string): Promise<BufferedAttachment[]> {
  const budget = new Budget();
  const read: BufferedAttachment[] = [];
  for (const [index, input] of inputs.entries()) {
    const place = `${field}[${index}]`;
    read.push(describe(input, await bytesOf(input, budget, place), place));
  }
  return read;
}

function describe(input: AttachmentInput, bytes: Uint8Array, field: string): BufferedAttachment {
  const filename = input.filename ?? (input.path === undefined ? undefined : basename(input.path));
  const unknown = Object.keys(input).find((key) => !KEYS.has(key));
  if (unknown)
    throw new MailMessageError(
      `${field}.${unknown}`,
      `is no option of an attachment; known are ${[...KEYS].join(', ')}`,
    );
  if (filename !== undefined && checkLine(filename, `${field}.filename`).includes('\t'))
    throw new MailMessageError(`${field}.filename`, 'holds a tab');
  if (input.cid !== undefined && !/^[\w.@+-]{1,200}$/.test(input.cid)) {
    throw new MailMessageError(`${field}.cid`, 'holds something else than letters, digits and . _ @ + -');
  }
  const contentType = input.contentType ?? (filename ? detectMimeType(filename) : 'application/octet-stream');
  if (!MEDIA_TYPE.test(contentType)) {
    throw new MailMessageError(
      `${field}.contentType`,
      `${JSON.stringify(contentType)} is no media type such as 'application/pdf'`,
    );
  }
  return bufferedAttachment({
    ...(filename !== undefined && { filename }),
    ...(input.cid !== undefined && { cid: input.cid }),
    contentType,
    bytes,
  });
}

async function bytesOf(input: AttachmentInput, budget: Budget, field: string): Promise<Uint8Array> {
  if (typeof input !== 'object' || input === null)
    throw new MailMessageError(field, 'is an object with `content` or `path`');
  if ((input.content === undefined) === (input.path === undefined))
    throw new MailMessageError(field, 'needs either `content` or `path`');
  if (input.path !== undefined) return readFile(input.path, budget, `${field}.path`);
  if (typeof input.content === 'string' || input.content instanceof Uint8Array) return inMemory(input, budget, field);
  if (isReadable(input.content)) return readStream(input.content, budget, `${field}.content`);
  throw new MailMessageError(`${field}.content`, 'is a string, bytes or a readable stream');
}

function inMemory(input: AttachmentInput, budget: Budget, field: string): Uint8Array {
  const bytes =
    typeof input.content === 'string'
      ? Buffer.from(input.content, 'utf8')
      : Uint8Array.from(input.content as Uint8Array);
  budget.take(bytes.byteLength, field);
  return bytes;
}

async function readFile(path: unknown, budget: Budget, field: string): Promise<Uint8Array> {
  if (typeof path !== 'string' || path.includes('\0')) throw new MailMessageError(field, 'is a path, a string');
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    budget.check((await file.stat()).size, field);
    return await readStream(file.createReadStream({ autoClose: false }), budget, field);
  } catch (cause) {
    if (cause instanceof MailMessageError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    throw new MailMessageError(
      field,
      code === 'ENOENT' ? `there is no file ${path}` : `cannot read ${path} (${code ?? 'unknown'})`,
      { cause },
    );
  } finally {
    await file?.close();
  }
}

async function readStream(stream: AsyncIterable<unknown>, budget: Budget, field: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
      budget.take(bytes.byteLength, field);
      chunks.push(bytes);
    }
  } catch (cause) {
    if (cause instanceof MailMessageError) throw cause;
    throw new MailMessageError(field, `its stream failed: ${(cause as Error).message}`, { cause });
  }
  return Buffer.concat(chunks);
}

function isReadable(value: unknown): value is Readable {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** What is left of {@link MAX_ATTACHMENTS_SIZE}. */
class Budget {
  #left = MAX_ATTACHMENTS_SIZE;

  check(size: number, field: string): void {
    if (size > this.#left) {
      throw new MailMessageError(
        field,
        `is too large: the attachments of a mail may have ${MAX_ATTACHMENTS_SIZE / 1024 / 1024} MiB together`,
        { reason: 'too-large' },
      );
    }
  }

  take(size: number, field: string): void {
    this.check(size, field);
    this.#left -= size;
  }
}

const KEYS: ReadonlySet<string> = new Set([
  'filename',
  'content',
  'path',
  'contentType',
  'cid',
] satisfies (keyof AttachmentInput)[]);

/** RFC 2045 section 5.1, ASCII in one line. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:[ \t]*;[ \t]*[\w-]+=(?:"[ !#-~]*"|[!#-+\--:<-~]+))*$/;
