import { MailMessageError } from '../errors/mail-message.error.js';
import { mergeHeaders } from '../mail/headers.js';
import type { UnsubscribeChoice } from '../mail/mail-options.interface.js';
import type { MailDefaults } from './mail-defaults.interface.js';

/** What a mail that can be unsubscribed from carries. */
export interface ListMail {
  /** For `{{unsubscribeUrl}}`. */
  readonly url: string;
  /** The mail's own headers win over them: see {@link withListHeaders}. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ListMailSource {
  mailId: string;
  /** `unsubscribe` of the options or of `@Mail`. */
  choice: UnsubscribeChoice | undefined;
  recipients: readonly string[];
  from: string;
  stream: string;
  tenant?: string;
}

/**
 * `undefined` for a mail that nobody unsubscribes from.
 *
 * @throws MailMessageError for a mail whose link could not be its recipient's own
 */
export function listMailOf(unsubscribe: MailDefaults['unsubscribe'], source: ListMailSource): ListMail | undefined {
  const { mailId, recipients, from, stream, tenant } = source;
  const choice = readChoice(source.choice);
  if (choice === false || (choice === undefined && !unsubscribe?.streams.has(stream))) return undefined;
  if (!unsubscribe)
    throw new MailMessageError(
      'unsubscribe',
      "needs RelayModule.forRoot({ unsubscribe: { url: 'https://acme.test/unsubscribe', secret } })",
    );
  const list = typeof choice === 'object' ? choice.list : undefined;
  const headers = headersOf(list ?? stream, from);
  const [recipient, another] = recipients;
  // Only in `render()`.
  if (recipient === undefined) return { url: unsubscribe.links.page, headers };
  if (another !== undefined)
    throw new MailMessageError(
      'unsubscribe',
      'a mail that can be unsubscribed from has one recipient, whose own link is in it: use sendMany(), or unsubscribe: false',
    );
  const { url, mailto } = unsubscribe.links.of({
    mailId,
    recipient,
    stream,
    ...(tenant !== undefined && { tenant }),
    ...(list !== undefined && { list }),
  });
  return {
    url,
    headers: {
      // RFC 2369 section 2: the ways in the order of preference. RFC 8058 section 3.1: both fields, word for word.
      'List-Unsubscribe': mailto ? `<${url}>, <${mailto}>` : `<${url}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      ...headers,
    },
  };
}

/**
 * The mail's own headers over those of list mail. Where it brings another way to unsubscribe, nobody knows whether that takes one click,
 * so that nothing is said of it.
 */
export function withListHeaders(
  list: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  if (!Object.keys(own).some((name) => name.toLowerCase() === 'list-unsubscribe')) return mergeHeaders(list, own);
  const kept = Object.entries(list).filter(([name]) => name.toLowerCase() !== 'list-unsubscribe-post');
  return mergeHeaders(Object.fromEntries(kept), own);
}

/**
 * Nobody wrote to this recipient in person: automatic answers are not wanted. `Auto-Submitted` says so by RFC 3834 section 5;
 * `Precedence`, which is no standard (RFC 2076 section 3.9), says it to the many that go by it, as RFC 3834 section 2 knows.
 * `List-Id` (RFC 2919) names the list, which mail programs and Gmail's guidelines for subscription messages go by
 * (https://support.google.com/a/answer/15263077).
 */
function headersOf(label: string, from: string): Record<string, string> {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    ...(LABEL.test(label) && { 'List-Id': `<${label}.${domain}>` }),
    Precedence: 'bulk',
    'Auto-Submitted': 'auto-generated',
  };
}

function readChoice(choice: unknown): boolean | { list?: string } | undefined {
  if (choice === undefined || typeof choice === 'boolean') return choice;
  if (typeof choice !== 'object' || choice === null || Array.isArray(choice))
    throw new MailMessageError('unsubscribe', "is true, false or { list: 'weekly' }");
  const unknown = Object.keys(choice).find((key) => key !== 'list');
  if (unknown !== undefined) throw new MailMessageError(`unsubscribe.${unknown}`, 'is no option; known is list');
  const { list } = choice as { list?: unknown };
  if (list === undefined || (typeof list === 'string' && LABEL.test(list))) return choice;
  throw new MailMessageError(
    'unsubscribe.list',
    'is a name of at most 100 letters, digits, dots, hyphens and underscores (RFC 2919 section 2)',
  );
}

const LABEL = /^(?=.{1,100}$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
