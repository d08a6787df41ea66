import PostalMime, { type Header } from 'postal-mime';
import { MailMessageError } from '../errors/mail-message.error.js';
import { checkHeaders } from '../mail/headers.js';
import { bufferedAttachment, type BufferedAttachment } from '../mail/mail-attachment.js';
import { decodeHeader } from '../mime/decode-header.js';

/** What a finished message consists of, read out of its bytes. */
export interface MessageParts {
  readonly html?: string;
  readonly text?: string;
  readonly attachments: readonly BufferedAttachment[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the parts of a finished message, for a transport that takes no MIME. Once for all copies of a message. */
export function partsOf(bytes: Uint8Array): Promise<MessageParts | MailMessageError> {
  let parts = known.get(bytes);
  if (!parts) known.set(bytes, (parts = readParts(bytes).catch(unreadable)));
  return parts;
}

const known = new WeakMap<Uint8Array, Promise<MessageParts | MailMessageError>>();

function unreadable(cause: unknown): MailMessageError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MailMessageError('raw', `the parts of the message cannot be read: ${why}`, { cause });
}

async function readParts(bytes: Uint8Array): Promise<MessageParts> {
  if (hasMoreLines(bytes, MOST_LINES)) throw new Error(`it has more than ${MOST_LINES.toLocaleString('en')} lines`);
  const { html, text, attachments, headers } = await PostalMime.parse(bytes, {
    attachmentEncoding: 'arraybuffer',
    maxNestingDepth: DEEPEST,
    forceRfc822Attachments: true,
  });
  return {
    ...(html !== undefined && { html }),
    ...(text !== undefined && { text }),
    attachments: attachments.map(({ filename, mimeType, contentId, related, content }) =>
      bufferedAttachment({
        contentType: mimeType,
        bytes: new Uint8Array(content as ArrayBuffer),
        ...(filename && { filename }),
        ...(contentId && related && { cid: contentId.replace(/^<(.*)>$/, '$1') }),
      }),
    ),
    headers: Object.assign({}, ...headers.filter(({ key }) => isKept(key)).map(asHeader)) as Record<string, string>,
  };
}

function hasMoreLines(bytes: Uint8Array, most: number): boolean {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && lines <= most; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines > most;
}

/** As the application would have given it; what it could not give is left out. */
function asHeader({ originalKey, value }: Header): Record<string, string> {
  try {
    return checkHeaders({ [originalKey]: decodeHeader(Buffer.from(value).toString('latin1')) });
  } catch {
    return {};
  }
}

/** Of the header, what its readers act upon; what the message's way and its make-up are is written anew. */
function isKept(name: string): boolean {
  return (
    KEPT.has(name) ||
    name.startsWith('list-') ||
    (name.startsWith('x-') && !/^x-(?:ms|mailer|originating|google)\b/.test(name))
  );
}

const KEPT: ReadonlySet<string> = new Set([
  'in-reply-to',
  'references',
  'auto-submitted',
  'precedence',
  'importance',
  'priority',
  'feedback-id',
  'organization',
]);

const LF = 10;
const DEEPEST = 32;

/** The parser takes kilobytes and microseconds for each; 25 MiB in base64 have 350,000. */
const MOST_LINES = 400_000;
