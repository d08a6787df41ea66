import { type HistorySearch, SHORTEST_BEGINNING, wordsOf } from '../../history/history-terms.js';
import type { MailQueue } from '../../queue/mail-queue.interface.js';
import { mailIdOf } from '../../mail/message-id.js';

export interface ReadSearch {
  readonly search: HistorySearch;
  /** What is not searched. */
  readonly note?: string;
  /** Nothing is left that can be searched. */
  readonly nothing?: boolean;
}

/**
 * What somebody has typed: an address or a part behind its `@`, `tag:welcome`, and words of the subject, in any order.
 *
 * @param sealed subjects are encrypted
 */
export function readSearch(text: string, sealed: boolean): ReadSearch {
  const search: { -readonly [K in keyof HistorySearch]: HistorySearch[K] } = {};
  const words: string[] = [];
  for (const part of text.split(/\s+/).slice(0, MOST_PARTS)) {
    const tag = /^tag:(.+)$/i.exec(part)?.[1];
    const at = part.lastIndexOf('@');
    if (tag !== undefined) search.tag = tag;
    else if (at === 0) search.domain = part.slice(1);
    else if (at > 0) search.recipient = part.replace(/^<(.*)>$/, '$1');
    else words.push(...wordsOf(part));
  }
  if (words.length === 0) return { search };
  if (sealed) {
    const note = 'Subjects are encrypted (queue.encryption), so their words are not searched.';
    return { search, note, nothing: Object.keys(search).length === 0 };
  }
  const short = words.some((word) => [...word].length < SHORTEST_BEGINNING);
  const note = `Words of fewer than ${SHORTEST_BEGINNING} letters are found as whole words only.`;
  return { search: { ...search, words }, ...(short && { note }) };
}

/** The mail of an id, a Message-ID or a provider's id; `undefined` for what is none. */
export async function mailIdIn(text: string, queue: MailQueue): Promise<string | undefined> {
  if (UUID.test(text)) return text.toLowerCase();
  if (/\s/.test(text) || text.startsWith('tag:')) return undefined;
  return mailIdOf(text) ?? queue.store.mailOf(text);
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const MOST_PARTS = 20;
