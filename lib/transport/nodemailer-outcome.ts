import type { MailError } from '../errors/mail.error.js';
import { asForeign, type Foreign, foreignFailure, neverLeft } from './foreign-error.js';
import { httpVerdict } from './http-verdict.js';
import type { TransportResult } from './mail-transport.js';
import { refused } from './smtp/smtp-errors.js';
import { parseReply, type SmtpReply } from './smtp/smtp-reply.js';
import { transportResult } from './smtp/smtp-result.js';
import { SmtpError, type SmtpPhase } from './smtp/smtp.error.js';

/** How far a message has come: it waits, the plugin was given it (and may do with its fields what it likes), reads its bytes, has read them. */
export interface Progress {
  stage: 'waiting' | 'given' | 'reading' | 'read';
}

/**
 * What nodemailer's `info` comes to for each recipient.
 *
 * @param who the plugin's name
 * @param messageId our own: another one in the answer is the provider's
 */
export function nodemailerResult(
  who: string,
  to: readonly string[],
  messageId: string,
  info: unknown,
): TransportResult {
  const answer = asForeign(info);
  const { response, messageId: theirs } = answer;
  const result = transportResult(
    to,
    { response: String(response ?? ''), refused: refusals(who, to, answer) },
    new Map(),
  );
  if (typeof response !== 'string') delete result.response;
  return typeof theirs === 'string' && theirs !== messageId ? { ...result, providerMessageId: theirs } : result;
}

/**
 * What each recipient was refused with, where that is why a plugin failed.
 *
 * @throws SmtpError for a reason that is none of the recipients' own
 */
export function allRefused(who: string, to: readonly string[], error: unknown): TransportResult | undefined {
  const refused = refusals(who, to, asForeign(error));
  return to.every((address) => refused.has(address)) ? transportResult(to, { refused }, new Map()) : undefined;
}

/** What a plugin's error means. An SMTP reply or an HTTP status is an answer; of anything else it is unknown whether the message had left. */
export function nodemailerFailure(who: string, thrown: unknown, progress: Progress): MailError {
  const error = asForeign(thrown);
  const { response, responseCode, command, code } = error;
  if (Number(responseCode) >= 400 && (typeof command === 'string' || typeof response === 'string')) {
    return refused(who, phaseOf(String(command), progress), replyOf(error));
  }
  const status = httpStatus(error);
  if (status !== undefined) return foreignFailure(who, thrown, httpVerdict(status));
  // What nodemailer itself does not send: an address with a line break, an empty message.
  if (code === 'EENVELOPE' || code === 'EMESSAGE')
    return foreignFailure(who, thrown, { scope: 'message', permanent: true });
  const mayHaveLeft = progress.stage === 'given' || progress.stage === 'read';
  return foreignFailure(who, thrown, { scope: 'transport', ambiguous: mayHaveLeft && !neverLeft(thrown) });
}

function refusals(who: string, to: readonly string[], { rejected, rejectedErrors }: Foreign): Map<string, SmtpError> {
  const refusals = new Map<string, SmtpError>();
  const known = new Map(to.map((address) => [address.toLowerCase(), address]));
  for (const error of list(rejectedErrors)) {
    const address = known.get(String(error['recipient']).toLowerCase());
    if (address !== undefined) refusals.set(address, refused(who, 'rcpt', replyOf(error), ` ${address}`));
  }
  for (const one of list(rejected)) {
    const address = known.get(String(one['address'] ?? one['message']).toLowerCase());
    if (address === undefined || refusals.has(address)) continue;
    const why = `${who} refused the recipient ${address} and does not say why`;
    refusals.set(address, new SmtpError('rcpt', why, { scope: 'recipient' }));
  }
  return refusals;
}

function list(value: unknown): Foreign[] {
  return Array.isArray(value) ? value.map(asForeign) : [];
}

function replyOf({ response, responseCode, message }: Foreign): SmtpReply {
  return parseReply(typeof response === 'string' ? response : `${String(responseCode)} ${String(message)}`);
}

const COMMANDS: Readonly<Record<string, SmtpPhase>> = {
  CONN: 'greeting',
  EHLO: 'ehlo',
  HELO: 'ehlo',
  LHLO: 'ehlo',
  STARTTLS: 'tls',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt',
};

function phaseOf(command: string, { stage }: Progress): SmtpPhase {
  if (command.startsWith('AUTH')) return 'auth';
  return COMMANDS[command] ?? (stage === 'read' ? 'dot' : 'data');
}

/** Where the clients of HTTP that plugins use put the status: AWS, axios, and most others. */
function httpStatus(error: Foreign): number | undefined {
  const places = [error['statusCode'], error['status'], asForeign(error['$metadata'])['httpStatusCode']];
  const { status, statusCode } = asForeign(error['response']);
  const found = [...places, status, statusCode, error['code'], error['responseCode']].find(isStatus);
  return found as number | undefined;
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 400 && (value as number) <= 599;
}
