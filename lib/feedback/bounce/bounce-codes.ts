/** The enhanced status code of a server's words that says most, never that of a success (RFC 3463). */
export function statusIn(text: string): string | undefined {
  // An answer that a reporter quotes stands behind what it makes of it: `554 4.4.7 expired <421 4.4.2 timed out>`.
  const answered = [...text.matchAll(ANSWER)].map(([, status]) => status!);
  const all = [...text.matchAll(STATUS)].map(([, status]) => status!);
  return answered.findLast((one) => !isGeneral(one)) ?? all.find((one) => !isGeneral(one)) ?? all[0];
}

/** Says only that it failed: `5.0.0`. */
export function isGeneral(status: string): boolean {
  return status.endsWith('.0.0');
}

/** The reply code of a server's answer (RFC 5321 section 4.2). */
export function replyCodeIn(text: string): number | undefined {
  const quoted = [...text.matchAll(QUOTED_REPLY)].at(-1)?.[1];
  if (quoted !== undefined) return Number(quoted);
  for (const pattern of REPLIES) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}

/** A reply code and its status: `550 5.1.1`, `550-'5.7.1`. */
const ANSWER = /(?<![\w.:/-])[45][0-5]\d[ -]["'#(]?([45]\.\d{1,3}\.\d{1,3})(?![\d/]|\.\d)/g;

/** No part of an address on the net, of a version or of a date. */
const STATUS = /(?<![\w./-]|\d:)([45]\.\d{1,3}\.\d{1,3})(?![\d/]|\.\d|-\d)/g;

/** `<421 4.4.2 Connection timed out>`. */
const QUOTED_REPLY = /[<'"]([45][0-5]\d) [45]\.\d{1,3}\.\d{1,3} [^<>"']{3,}[>'"]/g;

/** From where a reply surely stands to where it may. */
const REPLIES: readonly RegExp[] = [
  /(?:said|reply|response|error|replied|responded|returned|answer(?:ed)?|refused|was|is|remote server|to me)[^\n]{0,60}?[:\s]{1,6}["'(]?([45][0-5]\d)(?=[ \-:]["'[]?[#<(\w[\d]|\s*\n|\s*$)/i,
  /(?:^|\n|>>>|<<<|smtp; ?|["'([:])[ \t]*([45][0-5]\d)(?=[ :-][^\n]|\s*(?:\n|$))/i,
  /(?:smtp|error|code|status|dsn|#)[^\n\w]{0,4}(?:code|error)?[^\n\w]{0,4}([45][0-5]\d)(?![\d.])/i,
  /(?<![\d.\-:/\w])([45][0-5]\d)(?=[ -]#?[45]\.\d{1,3}\.\d{1,3})/,
  /(?<![\d.\-:/\w#])([45][0-5]\d)(?=[ -][A-Za-z<"'*#])/,
];
