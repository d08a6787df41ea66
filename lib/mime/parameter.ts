/**
 * A parameter of a MIME header, each piece on a line of its own: quoted where it is short ASCII, else as RFC 2231 has it (UTF-8, percent
 * signs, continued over several pieces where it is long).
 *
 * @example
 * `;\r\n filename="terms.pdf"`
 */
export function parameter(name: string, value: string): string {
  if (SIMPLE.test(value) && !value.includes('=?')) return `;\r\n ${name}="${value}"`;
  const pieces = [`UTF-8''`];
  for (const character of value.toWellFormed()) {
    const encoded = ATTRIBUTE.test(character) ? character : percentEncoded(character);
    if (pieces.at(-1)!.length + encoded.length > PIECE) pieces.push('');
    pieces[pieces.length - 1] += encoded;
  }
  if (pieces.length === 1) return `;\r\n ${name}*=${pieces[0]}`;
  return pieces.map((piece, index) => `;\r\n ${name}*${index}*=${piece}`).join('');
}

const PIECE = 60;
/** Quotes and backslashes are left out: not every reader unescapes them. */
const SIMPLE = /^[ !#-[\]-~]{0,60}$/;
/** attribute-char of RFC 2231 section 7. */
const ATTRIBUTE = /^[A-Za-z0-9!#$&+.^_`{|}~-]$/;

function percentEncoded(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
