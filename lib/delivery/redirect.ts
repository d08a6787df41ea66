import { asciiDomain } from '../mail/address.js';
import { mergeHeaders } from '../mail/headers.js';
import type { MailAddress, MailMessage } from '../mail/mail-message.interface.js';
import type { RecipientResult, TransportCapabilities, TransportResult } from '../transport/mail-transport.js';

/** In staging, mails go to one address instead of to their recipients. */
export interface Redirect {
  readonly to: MailAddress;
  /** Whether a recipient gets its mail all the same. */
  excepts(address: string): boolean;
}

/** @param patterns addresses in which `*` stands for anything: `'*@acme.test'` */
export function redirectTo(to: MailAddress, patterns: readonly string[]): Redirect {
  const excepted = patterns.map(matcherOf);
  return { to, excepts: (address) => excepted.some((matches) => matches(address.toLowerCase())) };
}

/** A message as it goes out where mails are redirected, and its answer as one for the recipients that were meant. */
export function redirected(
  message: MailMessage,
  { to: target, excepts }: Redirect,
  capabilities: TransportCapabilities | undefined,
): { message: MailMessage; answer(result: TransportResult): TransportResult } {
  const meant = message.envelope.to;
  const away = meant.filter((address) => !excepts(address));
  const keep = (list: readonly MailAddress[]): MailAddress[] => list.filter(({ address }) => excepts(address));
  const to = keep(message.to);
  const cc = keep(message.cc);
  const bcc = keep(message.bcc);
  if (away.length > 0) (to.length === 0 ? to : bcc).push(target);
  const envelope = {
    from: message.envelope.from,
    to: [...new Set([...meant.filter(excepts), ...(away.length > 0 ? [target.address] : [])])],
  };
  const headers =
    capabilities?.headers === false || away.length === 0
      ? message.headers
      : mergeHeaders(message.headers, originals(message, envelope.to.length === 1));
  return {
    message: { ...message, to, cc, bcc, envelope, headers },
    answer: (result) => ({ ...result, ...answerFor(meant, away, target.address, result) }),
  };
}

/** Whom it would have gone to, by the header they stand in. @param alone nobody else sees who was in `bcc` */
function originals({ to, cc, bcc }: MailMessage, alone: boolean): Record<string, string> {
  const lists = Object.entries({ 'X-Original-To': to, 'X-Original-Cc': cc, 'X-Original-Bcc': alone ? bcc : [] });
  return Object.fromEntries(
    lists
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => [name, list.map(({ address }) => address).join(', ')]),
  );
}

function answerFor(
  meant: readonly string[],
  away: readonly string[],
  target: string,
  { recipients }: TransportResult,
): Pick<TransportResult, 'recipients'> {
  if (!recipients) return {};
  const said = new Map(recipients.map((one) => [one.address, one]));
  const answered = meant.flatMap((address): RecipientResult[] => {
    const one = said.get(away.includes(address) ? target : address);
    return one ? [{ ...one, address }] : [];
  });
  return { recipients: answered };
}

/** Split at the stars, so that no pattern can be slow. */
function matcherOf(pattern: string): (address: string) => boolean {
  const at = pattern.lastIndexOf('@');
  const [first = '', ...rest] = `${pattern.slice(0, at + 1).toLowerCase()}${asciiOf(pattern.slice(at + 1))}`.split('*');
  const last = rest.pop();
  return (address) => {
    if (last === undefined) return address === first;
    if (!address.startsWith(first)) return false;
    let from = first.length;
    for (const part of rest) {
      const found = address.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return address.length - last.length >= from && address.endsWith(last);
  };
}

/** As addresses have it; a domain with a star is written in ASCII. */
function asciiOf(domain: string): string {
  return (domain.includes('*') ? undefined : asciiDomain(domain)) || domain.toLowerCase();
}
