import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import { MailMessageError } from '../errors/mail-message.error.js';
import type { AddressInput, OneOrMany } from './mail-options.interface.js';
import type { MailAddress } from './mail-message.interface.js';

/**
 * One address, parsed and validated; its domain in ASCII (RFC 5891), its local part as it is (UTF-8 allowed, RFC 6531).
 *
 * @param field names the place in the error, such as `to[1]`
 * @throws MailMessageError
 */
export function parseAddress(input: AddressInput, field: string): MailAddress {
  if (typeof input === 'string') return parseText(input, field);
  if (typeof input !== 'object' || input === null)
    throw new MailMessageError(field, `an address is a string or an object, not ${kindOf(input)}`);
  const { name } = input;
  const address = 'address' in input ? input.address : input.email;
  if (typeof address !== 'string')
    throw new MailMessageError(field, 'an address object needs `address` or `email`, a string');
  if (name !== undefined && name !== null && typeof name !== 'string')
    throw new MailMessageError(`${field}.name`, 'is no string');
  refuseControls(address, field);
  return withName(checkAddress(address.trim(), field), name ?? undefined, field);
}

/** One address or several; none for `undefined`. */
export function parseAddresses(input: OneOrMany<AddressInput> | undefined, field: string): MailAddress[] {
  if (input === undefined || input === null) return [];
  if (!Array.isArray(input)) return [parseAddress(input as AddressInput, field)];
  return input.map((one: AddressInput, index) => parseAddress(one, `${field}[${index}]`));
}

/** The locale that a recipient's own record names. */
export function localeOf(input: OneOrMany<AddressInput> | undefined): string | undefined {
  const first = Array.isArray(input) ? (input[0] as AddressInput | undefined) : (input as AddressInput | undefined);
  return (typeof first === 'object' && first && 'locale' in first && first.locale) || undefined;
}

/**
 * A host's name in ASCII and lower case (RFC 5891); empty for what is none. Node's `domainToASCII` reads the host of a URL, and would
 * forget what stands behind it: `acme.test/other.test`.
 */
export function asciiDomain(domain: string): string {
  return HOST.test(domain) ? domainToASCII(domain.toLowerCase()) : '';
}

/** For readers, without the quotes of a header: `Ada Lovelace <ada@example.test>`. */
export function shownAddress({ address, name }: MailAddress): string {
  return name === undefined ? address : `${name} <${address}>`;
}

/** Whether an address can only go to a server that offers SMTPUTF8. */
export function needsSmtpUtf8(address: string): boolean {
  return NON_ASCII.test(address);
}

// The shape of nearly every address, recognised without the parser.
const PLAIN =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
// RFC 5322 atext, and RFC 6532's UTF8-non-ascii.
const DOT_ATOM =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10FFFF}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10FFFF}-]+)*$/u;
// RFC 5321 Quoted-string, without control characters.
const QUOTED = /^"(?:[ !#-[\]-~\u0080-\u{10FFFF}]|\\[ -~])*"$/u;
const DOMAIN = /^(?=.{1,255}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** In ASCII and lower case, and not one that IDNA would look into, nor a number. */
const LETTERS = /^(?!xn--|.*\.xn--)(?:[a-z0-9-]{1,63}\.){0,20}[a-z]{2,63}$/;
const HOST = /^[\w.\u0080-\u{10FFFF}-]+$/u;
const LITERAL = /^\[(?:(?:\d{1,3}\.){3}\d{1,3}|IPv6:[0-9A-Fa-f:.]+)\]$/;
const NON_ASCII = /[^\0-\x7f]/;
// Line breaks would inject headers; RFC 5322 allows no other control character in an address or a display name either.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x1f\x7f\u0085\u2028\u2029]/;

function parseText(input: string, field: string): MailAddress {
  if (input.length < 255 && PLAIN.test(input)) return checkAddress(input, field);
  refuseControls(input, field);
  const parsed = addressparser(input);
  const [only] = parsed;
  if (!only || parsed.length !== 1) {
    throw new MailMessageError(field, parsed.length ? 'holds several addresses; give an array' : 'is empty');
  }
  if (only.group) throw new MailMessageError(field, 'is a group of addresses; give an array');
  // The parser is lenient: what it found must stand in the input as it is.
  const whole = only.name ? bracketed(input, only.address) : input.includes(only.address);
  if (!only.address || !whole) throw new MailMessageError(field, `${JSON.stringify(input)} is no mail address`);
  return withName(checkAddress(only.address, field), only.name || undefined, field);
}

/** With a name, the address stands in angle brackets, and last. The parser would take any word with an @ for it. */
function bracketed(input: string, address: string): boolean {
  return input.trimEnd().endsWith(`<${address}>`);
}

function checkAddress(text: string, field: string): MailAddress {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  const ascii = LITERAL.test(domain) || LETTERS.test(domain) ? domain : asciiDomain(domain);
  const localOk =
    at > 0 && (DOT_ATOM.test(local) || QUOTED.test(local)) && Buffer.byteLength(local) <= 64 && local.isWellFormed();
  if (!localOk || !(LITERAL.test(ascii) || DOMAIN.test(ascii))) {
    throw new MailMessageError(field, `${JSON.stringify(text)} is no mail address`);
  }
  return { address: `${local}@${ascii}` };
}

function withName(address: MailAddress, name: string | undefined, field: string): MailAddress {
  if (name === undefined) return address;
  refuseControls(name, `${field}.name`);
  const trimmed = name.toWellFormed().trim();
  return trimmed ? { name: trimmed, address: address.address } : address;
}

function refuseControls(text: string, field: string): void {
  if (CONTROLS.test(text)) throw new MailMessageError(field, 'holds a line break or another control character');
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
