import { MailMessageError } from '../../errors/mail-message.error.js';
import { parseAddress } from '../../mail/address.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';

/** The path and parameters of MAIL or RCPT. */
export interface ParsedPath {
  /** Its domain in ASCII; empty for the null sender. */
  readonly address: string;
  /** By name in upper case; `true` for one without a value. xtext is decoded. */
  readonly parameters: Readonly<Record<string, string | true>>;
}

/**
 * Reads `MAIL FROM:<ada@acme.test> SIZE=100` (RFC 5321 sections 4.1.1.2 and 4.1.1.3).
 *
 * @param host of the postmaster without a domain, whom every relay takes mail for (RFC 5321 section 4.5.1)
 * @throws SmtpRefusalError 501, 555
 */
export function parsePath(verb: 'MAIL FROM' | 'RCPT TO', line: string, host: string): ParsedPath {
  const syntax = new SmtpRefusalError(501, verb === 'MAIL FROM' ? '5.1.7' : '5.1.3', `The syntax is ${verb}:<address>`);
  const colon = line.indexOf(':');
  if (line.slice(0, colon).trim().toUpperCase() !== verb) throw syntax;
  const rest = line.slice(colon + 1).trim();
  const end = closingBracket(rest);
  if (end < 0) throw syntax;
  // A source route is taken and ignored (RFC 5321 appendix C).
  const path = rest.slice(1, end).replace(/^@[^\s:@"]+(?:,@[^\s:@",]+)*:/, '');
  const parameters = parseParameters(rest.slice(end + 1), KNOWN[verb]);
  if (path === '' && verb === 'RCPT TO') throw syntax;
  const address = verb === 'RCPT TO' && path.toLowerCase() === 'postmaster' ? `postmaster@${host}` : path;
  return { address: address && checked(address, syntax), parameters };
}

/** Where `<` ends; a quoted local part may hold anything. */
function closingBracket(text: string): number {
  if (text[0] !== '<') return -1;
  let quoted = false;
  for (let at = 1; at < text.length; at++) {
    if (quoted && text[at] === '\\') at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === '>' && !quoted) return at;
  }
  return -1;
}

function checked(path: string, syntax: SmtpRefusalError): string {
  // What is no UTF-8.
  if (path.includes('\ufffd')) throw syntax;
  try {
    return parseAddress({ address: path }, 'path').address;
  } catch (error) {
    if (error instanceof MailMessageError) throw syntax;
    throw error;
  }
}

function parseParameters(text: string, known: readonly string[]): Record<string, string | true> {
  if (text !== '' && text[0] !== ' ') throw new SmtpRefusalError(501, '5.5.4', 'A space stands before each parameter');
  const parameters: Record<string, string | true> = {};
  for (const parameter of text.split(' ').filter(Boolean)) {
    const [, name = '', value] = PARAMETER.exec(parameter) ?? [];
    const key = name.toUpperCase();
    if (key === '') throw new SmtpRefusalError(501, '5.5.4', 'A parameter is NAME or NAME=value');
    if (!known.includes(key)) throw new SmtpRefusalError(555, '5.5.4', `The parameter ${key} is not known here`);
    if (key in parameters) throw new SmtpRefusalError(501, '5.5.4', `The parameter ${key} is there twice`);
    parameters[key] = value === undefined ? true : XTEXT.includes(key) ? decodeXtext(value, key) : value;
  }
  return parameters;
}

const KNOWN: Readonly<Record<'MAIL FROM' | 'RCPT TO', readonly string[]>> = {
  'MAIL FROM': ['SIZE', 'BODY', 'SMTPUTF8', 'AUTH', 'RET', 'ENVID'],
  'RCPT TO': ['NOTIFY', 'ORCPT'],
};

/** RFC 5321 section 4.1.2, and RFC 6531 section 3.3. */
// oxlint-disable-next-line no-control-regex
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]{0,30})(?:=([^= \0-\x1f\x7f][^ \0-\x1f\x7f]*))?$/;

const XTEXT = ['ENVID', 'ORCPT', 'AUTH'];

/** RFC 3461 section 4, and RFC 6533 section 3 for addresses in UTF-8. */
function decodeXtext(value: string, key: string): string {
  if (/\+(?![0-9A-F]{2})/.test(value))
    throw new SmtpRefusalError(501, '5.5.4', `${key} is no xtext (RFC 3461 section 4)`);
  const plain = value.replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const text = /^utf-8;/i.test(plain)
    ? plain.replaceAll(/\\x\{(10[0-9A-F]{4}|[0-9A-F]{2,5})\}/g, (_, hex: string) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      )
    : plain;
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(text)) throw new SmtpRefusalError(501, '5.5.4', `${key} holds a control character`);
  return text;
}
