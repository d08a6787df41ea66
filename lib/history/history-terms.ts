import type { MailAbout, MailHead, MailRecord } from '../delivery/outcome-store.interface.js';

/** What mails are searched by; all of it must fit. */
export interface HistorySearch {
  readonly recipient?: string;
  /** `x.test` */
  readonly domain?: string;
  readonly tag?: string;
  readonly words?: readonly string[];
  readonly stream?: string;
  readonly transport?: string;
}

/** The terms that a mail is found by, some perhaps twice. @param words whether those of the subject may lie in clear */
export function termsOf(
  { to, tags = [], stream }: MailAbout,
  head: MailHead | undefined,
  transport: string | undefined,
  words: boolean,
): string[] {
  const terms = [streamTerm(stream)];
  for (const address of to.length > MOST_RECIPIENTS ? to.slice(0, MOST_RECIPIENTS) : to)
    terms.push(recipientTerm(address), domainTerm(domainOf(address)));
  for (const tag of tags) terms.push(tagTerm(tag));
  if (transport) terms.push(transportTerm(transport));
  if (words && head) for (const word of wordsOf(head.subject)) terms.push(wordTerm(word));
  return terms;
}

/** The terms that every mail has which the search finds. */
export function termsOfSearch({ recipient, domain, tag, words = [], stream, transport }: HistorySearch): string[] {
  return [
    ...(recipient === undefined ? [] : [recipientTerm(recipient)]),
    ...(domain === undefined ? [] : [domainTerm(domain)]),
    ...(tag === undefined ? [] : [tagTerm(tag)]),
    ...words.map(wordTerm),
    ...(stream === undefined ? [] : [streamTerm(stream)]),
    ...(transport === undefined ? [] : [transportTerm(transport)]),
  ];
}

/** Whether the search finds a mail: terms only say that it may. */
export function fits(search: HistorySearch, { about, head, attempts }: MailRecord): boolean {
  const { recipient, domain, tag, words = [], stream, transport } = search;
  const to = about?.to.map((address) => address.toLowerCase()) ?? [];
  if (recipient !== undefined && !to.includes(recipient.toLowerCase())) return false;
  if (domain !== undefined && !to.some((address) => domainOf(address) === domain.toLowerCase())) return false;
  if (tag !== undefined && !about?.tags?.includes(tag)) return false;
  if (stream !== undefined && about?.stream !== stream) return false;
  if (transport !== undefined && !attempts.some((one) => one.transport === transport)) return false;
  if (words.length === 0) return true;
  const has = wordsOf(head?.subject ?? '');
  return words.every((word) => has.some((one) => one.startsWith(word)));
}

/** The words of a text as they are compared, in their order: small letters and digits. */
export function wordsOf(text: string): string[] {
  const lower = text.slice(0, LONGEST_TEXT).toLowerCase();
  const words = (isPlain(lower) ? lower.match(PLAIN_WORD) : lower.normalize('NFKC').match(WORD)) ?? [];
  return words.length > MOST_WORDS ? words.slice(0, MOST_WORDS) : words;
}

/** Shorter words are found only as a whole: a word is found by how it begins. */
export const SHORTEST_BEGINNING = 4;

const WORD = /[\p{L}\p{N}]+/gu;
/** Of plain English, which takes a tenth of the time. */
const PLAIN_WORD = /[a-z\d]+/g;
const LONGEST_TEXT = 500;
const MOST_WORDS = 24;
const MOST_RECIPIENTS = 100;

function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\0-\x7f]*$/.test(text);
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

const recipientTerm = (address: string): string => `r:${cut(address.toLowerCase())}`;
const domainTerm = (domain: string): string => `d:${cut(domain.toLowerCase())}`;
const tagTerm = (tag: string): string => `t:${cut(tag)}`;
const wordTerm = (word: string): string => `w:${word.slice(0, SHORTEST_BEGINNING)}`;
const streamTerm = (stream: string): string => `s:${cut(stream)}`;
const transportTerm = (transport: string): string => `p:${cut(transport)}`;

/** Postgres refuses a row with a term of more than 2,712 bytes. What follows is compared when the mail is looked at. */
function cut(text: string): string {
  return text.length > LONGEST_TERM ? text.slice(0, LONGEST_TERM) : text;
}

/** Characters, of up to three bytes. */
const LONGEST_TERM = 320;
