import { MailMessageError } from '../errors/mail-message.error.js';

/** What a mail may hold beside its attachments, so that no input can fill the queue, or hold up a process. */
const MESSAGE_LIMITS = {
  recipients: 10_000,
  /** Characters each, all of a kind together. */
  headers: 256 * 1024,
  tags: 16 * 1024,
  metadata: 64 * 1024,
  /** Of subject, HTML, text, context and data, encoded. */
  content: 16 * 1024 * 1024,
} as const;

interface Limited {
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws MailMessageError with the reason `too-large` */
export function checkLimits(recipients: number, { headers, tags, metadata }: Limited): void {
  limit('to', recipients, MESSAGE_LIMITS.recipients, 'recipients; send to each of them by sendMany()');
  limit('headers', lengthOf(headers), MESSAGE_LIMITS.headers, 'characters');
  limit(
    'tags',
    tags.reduce((sum, tag) => sum + tag.length, 0),
    MESSAGE_LIMITS.tags,
    'characters',
  );
  limit('metadata', lengthOf(metadata), MESSAGE_LIMITS.metadata, 'characters');
}

/** @throws MailMessageError with the reason `too-large` */
export function checkContentLimit(encoded: number): void {
  limit('content', encoded, MESSAGE_LIMITS.content, 'characters in subject, html, text, context and data');
}

function limit(field: string, count: number, most: number, of: string): void {
  if (count > most)
    throw new MailMessageError(field, `more than ${most.toLocaleString('en')} ${of}`, { reason: 'too-large' });
}

function lengthOf(record: Readonly<Record<string, string>>): number {
  let sum = 0;
  for (const name in record) sum += name.length + record[name]!.length;
  return sum;
}
