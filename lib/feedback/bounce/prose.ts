import { ADDRESS_SOURCE, addressesIn, isServer } from './addresses-in.js';
import { headerOf, type MimePart } from './mime-reader.js';
import type { OriginalMail } from './original-mail.js';
import { subjectOf } from './original-mail.js';

/** A recipient that a text says something of, and what. */
export interface ProseRecipient {
  readonly address: string;
  readonly words: string;
}

/** Whether a server wrote this to say that a mail did not arrive: by its sender and subject, never by its words alone. */
export function isReport(whole: MimePart): boolean {
  if (whole.headers.has('x-failed-recipients')) return true;
  const subject = subjectOf(whole);
  const from = headerOf(whole, 'from');
  const server =
    SERVERS.test(from) || addressesIn(from).some(isServer) || /^<\s*>/.test(headerOf(whole, 'return-path'));
  if (SUBJECT.test(subject)) return server || !/^\s*(?:re|fwd?|aw|wg|tr|rv)\s*:/i.test(subject);
  return server && !/^\s*(?:re|fwd?|aw|wg|tr|rv)\s*:/i.test(subject);
}

/** Whether it says that a mail failed; else it is some other letter of the server's. */
export function saysFailed(words: string): boolean {
  return FAILED.test(words.replaceAll(/\s+/g, ' '));
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
  for (const form of FORMS) {
    const hits = [...words.matchAll(form)].map((hit) => ({
      address: addressesIn(hit[1]!)[0] ?? '',
      at: hit.index,
      end: hit.index + hit[0].length,
    }));
    const usable = hits.filter(
      ({ address }) =>
        address !== '' && !isServer(address) && (!senders.has(address.toLowerCase()) || written.includes(address)),
    );
    if (usable.length > 0) return sections(words, usable, failed);
  }
  if (failed.length > 0) return failed.map((address) => ({ address, words }));
  const any = addressesIn(words).filter((address) => !senders.has(address.toLowerCase()) && !isServer(address));
  const some = [...new Set(any)].slice(0, 1);
  return (some.length > 0 ? some : written.slice(0, 1)).map((address) => ({ address, words }));
}

/** What stands behind each address up to the next one; for a single one, all words. */
function sections(
  words: string,
  hits: readonly { address: string; at: number; end: number }[],
  failed: readonly string[],
): ProseRecipient[] {
  const found = new Map<string, { address: string; words: string }>();
  const distinct = new Set(hits.map(({ address }) => address.toLowerCase()));
  if (distinct.size === 1) return [{ address: hits[0]!.address, words }];
  hits.forEach(({ address, at }, index) => {
    const text = words.slice(at, hits[index + 1]?.at ?? words.length);
    const before = found.get(address.toLowerCase());
    if (before) before.words += `\n${text}`;
    else found.set(address.toLowerCase(), { address, words: text });
  });
  const all = [...found.values()].slice(0, MOST);
  if (failed.length === 0) return all;
  const named = new Set(failed.map((address) => address.toLowerCase()));
  const both = all.filter(({ address }) => named.has(address.toLowerCase()));
  return both.length > 0 ? both : failed.map((address) => ({ address, words }));
}

const MOST = 1_000;

const A = ADDRESS_SOURCE;

/** From the surest form to the weakest; the first that is there at all counts. */
const FORMS: readonly RegExp[] = [
  // <ada@x.test>: and its reason behind it or below.
  new RegExp(String.raw`^[ \t]*<(${A})>[ \t]*:`, 'gim'),
  // ada@x.test alone on its line, a colon or a few words after it.
  new RegExp(String.raw`^[ \t]*(?:[-*•>][ \t]+)?["'<]{0,2}(${A})["'>]{0,2}[ \t]*(?::|\(|;|,|\.{2,}|-{1,}|$)`, 'gim'),
  new RegExp(
    String.raw`(?:recipient|rcpt to|to|user|mailbox|address|addressee|account|e-?mail|destinataire|empfänger|宛先)s?(?: address| name)?[ \t]*(?:is|was)?[ \t]*[:=][ \t]*["'<]{0,2}(?:smtp:)?(${A})`,
    'gim',
  ),
  new RegExp(
    String.raw`(?:recipient|rcpt to|delivered to|deliver(?:ed|y)? (?:mail |message |your message )?to|addressed to|sent to|mail to|for|to|user|mailbox|address|account)[ \t]+(?:the (?:following )?(?:recipient|address)e?s?[ \t]*)?["'<(]{0,2}(${A})`,
    'gim',
  ),
  new RegExp(String.raw`["'<(](${A})[>"')]`, 'gim'),
];

const SERVERS =
  /mailer[-_ .]?daemon|postmaster|mail delivery (?:sub)?system|mail[-_ ]?administrator|mail ?(?:er)? ?service|system administrator|delivery (?:status|notification|subsystem)|internet mail delivery|mail router|mmdf|\bmta\b/i;

const SUBJECT =
  /undeliver(?:ed|able)|(?:deliver(?:y|ed)|mail|message)[^\n]{0,30}(?:fail|delay|error|problem|not be|unsuccessful|incomplete)|(?:fail|unable|could ?n[o']t|cannot)[^\n]{0,40}(?:deliver|send)|returned (?:mail|message|to sender)|return(?:ed|ing)? (?:to sender|message)|delivery (?:status|notification|report|has failed)|mail(?: system)? (?:error|problem|failure)|failure notice|non[- ]?delivery|nicht zustellbar|unzustellbar|mail non remis|配信不能|送信エラー|エラーメール|mail could not|warning: (?:could not|message)|rejected (?:mail|message)/i;

const FAILED =
  /fail|undeliver|un(?:able|known)|not (?:be |been |able )?(?:deliver|sent|send|found|exist|accept|reach|complete)|could ?n[o']t|cannot|can't|can not|reject|refus|return(?:ed|ing)|denied|bounce|does(?:n't| not)|no such|error|invalid|exceed|over quota|expired|[45]\d\d[ -]|[45]\.\d\.\d|giving up|blocked|full|送信|配信|存在|届|nicht zugestellt|unzustellbar/i;

const DELAYED =
  /delay(?:ed)?\b|will (?:be )?(?:re-?try|retried|try again|keep trying|continue|attempt)|still (?:being )?(?:re-?tried|trying)|not yet been delivered|temporarily deferred|you do not need to resend/i;
const GIVEN_UP =
  /fail(?:ed|ure)\b|giving up|given up|permanent|returned to sender|will not be retried|undeliver|not going to try/i;
