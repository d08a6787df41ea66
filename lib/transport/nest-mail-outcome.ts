import { MailError } from '../errors/mail.error.js';
import { needsSmtpUtf8 } from '../mail/address.js';
import { asForeign, type Foreign, foreignFailure, neverLeft } from './foreign-error.js';
import { httpVerdict, type HttpVerdict } from './http-verdict.js';
import type { RecipientResult, TransportResult } from './mail-transport.js';
import { verdictOf } from './smtp/smtp-verdict.js';
import type { SmtpPhase } from './smtp/smtp.error.js';

/** What an `@nestjs/mail` transport's answer comes to for each recipient. */
export function nestMailResult(who: string, to: readonly string[], result: unknown): TransportResult {
  const { accepted, providerMessageId, response } = asForeign(result);
  const taken = Array.isArray(accepted) ? new Set(accepted.map((address) => String(address).toLowerCase())) : undefined;
  const missing = to.filter((address) => taken && !taken.has(address.toLowerCase()));
  return {
    ...(typeof providerMessageId === 'string' && { providerMessageId }),
    ...(typeof response === 'string' && { response }),
    ...(missing.length > 0 && {
      recipients: to.map((address): RecipientResult => {
        if (!missing.includes(address)) return { address, state: 'sent' };
        const error = new MailError(`${who} did not accept ${address} and does not say why`, { scope: 'recipient' });
        return { address, state: 'deferred', error };
      }),
    }),
  };
}

/** What became of each recipient where some were refused, and so the message was given to none (`MailRecipientsRejectedError`). */
export function nestMailRefusals(who: string, to: readonly string[], error: unknown): TransportResult | undefined {
  const { rejected } = asForeign(error);
  if (!Array.isArray(rejected) || rejected.length === 0) return undefined;
  const refusals = new Map(rejected.map(asForeign).map((one) => [String(one['address']).toLowerCase(), one]));
  const recipients = to.map((address): RecipientResult => {
    const refusal = refusals.get(address.toLowerCase());
    const error = refusal
      ? smtpFailure(`${who} refused the recipient ${address}`, refusal, 'rcpt')
      : othersRefused(who);
    return { address, state: error.permanent ? 'bounced' : 'deferred', error };
  });
  const ours = recipients.find(({ error }) => error?.scope === 'transport')?.error;
  if (ours) throw ours;
  return { recipients };
}

/**
 * What became of each recipient where the server has no SMTPUTF8, which some of their addresses need. That package then sends nothing, and
 * calls it a fault of the connection; the others are sent to without them at the next attempt.
 */
export function nestMailMisfits(who: string, to: readonly string[], error: unknown): TransportResult | undefined {
  if (!lacksSmtpUtf8(asForeign(error)) || !to.some(needsSmtpUtf8)) return undefined;
  const recipients = to.map((address): RecipientResult => {
    if (!needsSmtpUtf8(address)) return { address, state: 'deferred', error: othersRefused(who) };
    const misfit = new MailError(`${who} has a server without SMTPUTF8, which this address needs: <${address}>`, {
      scope: 'recipient',
      permanent: true,
      reason: 'smtputf8',
      cause: error,
    });
    return { address, state: 'bounced', error: misfit };
  });
  return { recipients };
}

/** What an error of `@nestjs/mail` means, told by its fields: there may be several copies of its classes. */
export function nestMailFailure(who: string, thrown: unknown): MailError {
  const error = asForeign(thrown);
  const { code, command, provider, phase, permanent, providerCode, retryAfterMs } = error;
  if (typeof command === 'string' && typeof code === 'number') {
    return smtpFailure(`${who}: ${String(error['message'])}`, error, PHASES[command] ?? 'data');
  }
  if (typeof provider === 'string' && typeof code === 'number') {
    return foreignFailure(who, thrown, {
      ...corrected(httpVerdict(code), permanent),
      code: String(providerCode ?? code),
      ...(typeof retryAfterMs === 'number' && { retryAfter: retryAfterMs }),
    });
  }
  // A time-out of the phases before the message says that it has not left.
  const before = typeof phase === 'string' && phase !== 'data' && phase !== 'request';
  // `permanent` of a connection is about its configuration, but for an address that needs what the server has not.
  const configuration = isUnusable(error) && !lacksSmtpUtf8(error);
  if (permanent === true && !configuration) return foreignFailure(who, thrown, { scope: 'message', permanent: true });
  return foreignFailure(who, thrown, {
    scope: 'transport',
    ambiguous: !before && !configuration && !neverLeft(thrown),
  });
}

function isUnusable({ name, permanent }: Foreign): boolean {
  return name === 'MailConnectionError' && permanent === true;
}

function lacksSmtpUtf8(error: Foreign): boolean {
  return isUnusable(error) && /SMTPUTF8/.test(String(error['message']));
}

function othersRefused(who: string): MailError {
  return new MailError(`${who} sent nothing: it refused others of the recipients`, { scope: 'recipient' });
}

function smtpFailure(message: string, { code, enhancedCode, response }: Foreign, phase: SmtpPhase): MailError {
  const reply = {
    code: Number(code),
    text: [code, enhancedCode, response].filter(Boolean).join(' ').slice(0, 500),
    ...(typeof enhancedCode === 'string' && { enhancedCode }),
  };
  return new MailError(message, {
    ...verdictOf(phase, reply),
    replyCode: reply.code,
    enhancedCode: reply.enhancedCode,
  });
}

/** A transport knows its provider's words better than the status does. */
function corrected(verdict: HttpVerdict, permanent: unknown): HttpVerdict {
  if (permanent === true && verdict.scope === 'message') return { ...verdict, permanent: true };
  if (permanent === false && verdict.permanent) return { scope: 'transport', permanent: false };
  return verdict;
}

const PHASES: Readonly<Record<string, SmtpPhase>> = {
  greeting: 'greeting',
  HELO: 'ehlo',
  EHLO: 'ehlo',
  STARTTLS: 'tls',
  AUTH: 'auth',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt',
  DATA: 'data',
};
