import { ADDRESS_SOURCE, addressesIn, isServer } from './addresses-in.js';
import { decodeHeader } from '../../mime/decode-header.js';
import { headerOf, type MimePart } from './mime-reader.js';
import { type OriginalMail, subjectOf } from './original-mail.js';

/** A recipient that a text says something of, and what. */
export interface ProseRecipient {
  readonly address: string;
  readonly words: string;
}

/**
 * Whether a server wrote this to say that a mail did not arrive, or not yet: by its sender and its subject first, never by its words alone.
 * People quote and forward bounces, shops write of parcels that could not be delivered, and filters list what they hold.
 */
export function isReport(whole: MimePart, words: string): boolean {
  if (whole.headers.has('x-failed-recipients')) return true;
  const subject = subjectOf(whole);
  if (whole.headers.has('list-unsubscribe') || ANSWERED.test(subject)) return false;
  const returnPath = headerOf(whole, 'return-path');
  const server = isFromServer(whole) || /^<\s*>|mailer-daemon/i.test(returnPath);
  if (!server) return returnPath === '' && NO_REPLY.test(headerOf(whole, 'from')) && MAIL_SUBJECT.test(subject);
  const text = words.replaceAll(/\s+/g, ' ');
  if (SUBJECT.test(subject)) return FAILED.test(text) || DELAYED.test(text);
  return !LISTING.test(subject) && UNDELIVERED.test(text);
}

/** Whether no person wrote this, nor what answers for one. */
export function isFromServer(whole: MimePart): boolean {
  const from = decodeHeader(headerOf(whole, 'from'));
  return SERVERS.test(from) || addressesIn(from).some(isServer);
}

/** Whether it only says that a mail is late, and will be tried again. */
export function saysDelayed(whole: MimePart, words: string): boolean {
  const text = `${subjectOf(whole)}\n${words}`.replaceAll(/\s+/g, ' ');
  return DELAYED.test(text) && !GIVEN_UP.test(text);
}

/** The recipients that failed, by the forms in which servers write them down. */
export function recipientsIn(whole: MimePart, words: string, original: OriginalMail): ProseRecipient[] {
  const senders = new Set(
    [
      ...(original.headers.get('from') ?? []),
      ...(original.headers.get('return-path') ?? []),
      headerOf(whole, 'to'),
      headerOf(whole, 'from'),
    ]
      .flatMap(addressesIn)
      .map((address) => address.toLowerCase()),
  );
  const failed = addressesIn((whole.headers.get('x-failed-recipients') ?? []).join(', '));
  const written = original.headers.get('to')?.flatMap(addressesIn) ?? [];
  const usable = (address: string) =>
    !isServer(address) && (!senders.has(address.toLowerCase()) || written.includes(address));
  const start = ANNOUNCED.exec(words);
  const tail = start ? words.slice(start.index + start[0].length) : '';
  for (const text of start ? [tail, words] : [words]) {
    for (const [index, { form, behind }] of FORMS.entries()) {
      const hits = [...text.matchAll(form)]
        .map((hit) => ({ address: addressesIn(hit[1]!)[0] ?? '', at: hit.index, end: hit.index + hit[0].length }))
        .filter(({ address }) => address !== '' && usable(address));
      if (hits.length > 0) return sections({ text, words, behind: behind ?? false, sure: index < SURE }, hits, failed);
    }
  }
  if (failed.length > 0) return failed.map((address) => ({ address, words }));
  return written.slice(0, 1).map((address) => ({ address, words }));
}

interface Hit {
  readonly address: string;
  readonly at: number;
  readonly end: number;
}

interface Place {
  readonly text: string;
  readonly words: string;
  readonly behind: boolean;
  readonly sure: boolean;
}

/** What stands behind each address up to the next one, or before it up to the last; for a single one, all words. */
function sections(
  { text, words, behind, sure }: Place,
  hits: readonly Hit[],
  failed: readonly string[],
): ProseRecipient[] {
  const distinct = new Set(hits.map(({ address }) => address.toLowerCase()));
  const named = new Set(failed.map((address) => address.toLowerCase()));
  const some = [...distinct].filter((address) => named.has(address));
  if (failed.length > 0 && some.length === 0 && !sure) return failed.map((address) => ({ address, words }));
  if (distinct.size === 1) return [{ address: hits[0]!.address, words }];
  const found = new Map<string, { address: string; words: string }>();
  hits.forEach(({ address, at, end }, index) => {
    const next = hits[index + 1]?.at ?? text.length;
    const line = text.indexOf('\n', end);
    const part = behind ? text.slice(hits[index - 1]?.end ?? 0, line < 0 ? text.length : line) : text.slice(at, next);
    const known = found.get(address.toLowerCase());
    if (known) known.words += `\n${part}`;
    else found.set(address.toLowerCase(), { address, words: part });
  });
  return [...found.values()]
    .filter(({ address }) => some.length === 0 || named.has(address.toLowerCase()))
    .slice(0, MOST);
}

const MOST = 1_000;

const A = ADDRESS_SOURCE;

/** What stands in front of the list of those who failed. */
const ANNOUNCED =
  /(?:following|these|below|below-listed|listed)[^\n.]{0,60}(?:recipient|address|user|person|people|destination|mailbox|group)[^\n]{0,80}\n|(?:could not be|not|undeliverable|cannot be) deliver(?:ed|able)? to[^\n]{0,20}:?[ \t]*\n|did not reach[^\n]{0,60}:?[ \t]*\n/i;

/** The first of the forms, which nothing else looks like. */
const SURE = 3;

/** From the surest form to the weakest; the first that is there at all counts. */
const FORMS: readonly { form: RegExp; behind?: boolean }[] = [
  // <ada@x.test>: and its reason behind it or below.
  { form: new RegExp(String.raw`^[ \t]*<(${A})>[ \t]*(?::|\((?:expanded|reason|ref)|\n)`, 'gim') },
  // 550 <ada@x.test>... No such user (Sendmail); what was said to it stands above.
  {
    form: new RegExp(String.raw`^[ \t]*[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?<?(${A})>?\.\.\.`, 'gim'),
    behind: true,
  },
  // ada@x.test alone on its line, a colon or a few words after it.
  {
    form: new RegExp(
      String.raw`^[ \t]*(?:[-*•>][ \t]+)?["'<]{0,2}(${A})["'>]{0,2}[ \t]*(?::|\(|;|,|<|\.{2,}|-{1,}|$)`,
      'gim',
    ),
  },
  {
    form: new RegExp(
      String.raw`(?:recipient|rcpt to|to|user|mailbox|addressee|account|destinataire|empfänger|宛先)s?(?: address| name)?[ \t]*(?:is|was)?[ \t]*[:=][ \t]*["'<]{0,2}(?:smtp:)?(${A})`,
      'gim',
    ),
  },
  { form: new RegExp(String.raw`^[ \t]*["'<]{0,2}(${A})["'>]{0,2}[ \t]`, 'gim') },
  {
    form: new RegExp(
      String.raw`(?:recipient|errors?:|rcpt to|delivered to|deliver(?:ed|y|ing)? (?:mail |message |your message )?to|addressed to|sent to|mail to|for|to|user|mailbox|address|account)[ \t\n]+(?:the (?:following )?(?:recipient|address)e?s?[ \t]*)?["'<(]{0,2}(${A})`,
      'gim',
    ),
  },
  { form: new RegExp(String.raw`["'<(](${A})[>"')]`, 'gim') },
  { form: new RegExp(`(${A})`, 'gim') },
];

const SERVERS =
  /mailer[-_ .]?daemon|post[-_]?master|mail delivery (?:sub)?system|mail[-_ ]?administrator|mail ?(?:er)? ?service|system administrator|delivery (?:status|notification|subsystem)|internet mail delivery|mail router|mmdf|\bmta\b/i;

const SUBJECT =
  /undeliver(?:ed|able)|(?:deliver(?:y|ed)|mail|message)[^\n]{0,30}(?:fail|delay|error|problem|not be|unsuccessful|incomplete)|(?:fail|unable|could ?n[o']t|cannot)[^\n]{0,40}(?:deliver|send)|returned (?:mail|message|to sender)|return(?:ed|ing)? (?:to sender|message)|delivery (?:status|notification|report|has failed)|mail(?: system)? (?:error|problem|failure)|failure notice|non[- ]?delivery|nicht zustellbar|unzustellbar|mail non remis|配信不能|送信エラー|エラーメール|mail could not|error sending your mail|trouble delivering|メールエラー|warning: (?:could not|message)|rejected (?:mail|message)/i;

const FAILED =
  /fail|undeliver|un(?:able|known)|not (?:be |been |able )?(?:deliver|sent|send|found|exist|accept|reach|complete)|could ?n[o']t|cannot|can't|can not|reject|refus|return(?:ed|ing)|denied|bounce|does(?:n't| not)|no such|error|invalid|exceed|over quota|expired|[45]\d\d[ -]|[45]\.\d\.\d|giving up|blocked|disabled|suspended|trouble|full|送信|配信|存在|届|nicht zugestellt|unzustellbar/i;

/** Words that say it without a subject that does. */
const UNDELIVERED =
  /(?:could ?n[o']t|cannot|can ?not|unable to|not|never) (?:be |been )?(?:deliver|reach|sent to)|(?:trouble|problem|error)s? (?:deliver|send)|undeliver|deliver(?:y|ed)?[^.]{0,40} fail|returned to sender|(?:user|recipient|host|address) unknown|unknown (?:user|recipient)|no such user|[45]\d\d[ -][45]\.\d\.\d|送信でき|配信でき|届きません/i;

/** An answer, or a forwarded report. */
const ANSWERED = /^\s*(?:re|fwd?|aw|wg|tr|rv|sv|vs|antw)\s*:/i;
/** What filters and receivers send regularly. */
const LISTING = /\b(?:quarantine|digest|summary|report domain|dmarc|newsletter)\b/i;
const NO_REPLY = /\b(?:no|do-?not)[-_]?reply/i;
/** Of mail, not of parcels. */
const MAIL_SUBJECT =
  /undeliver(?:ed|able) (?:e-?mail|message)|(?:e-?mail|message) (?:system )?(?:error|delivery fail)|returned (?:e-?mail|message)|メールエラー|エラーメール/i;

const DELAYED =
  /delay(?:ed)?\b|will (?:be )?(?:re-?try|retried|try again|keep trying|continue|attempt)|still (?:being )?(?:re-?tried|trying)|not yet been delivered|temporarily deferred|you do not need to resend/i;
const GIVEN_UP =
  /fail(?:ed|ure)\b|giving up|given up|permanent|returned to sender|will not be retried|undeliverable|undelivered mail|not going to try/i;
