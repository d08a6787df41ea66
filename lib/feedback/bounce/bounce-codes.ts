/** The first enhanced status code of a text that is not a success (RFC 3463). */
export function statusIn(text: string): string | undefined {
  let general: string | undefined;
  for (const [, status] of text.matchAll(STATUS)) {
    if (!isGeneral(status!)) return status;
    general ??= status;
  }
  return general;
}

/** Says only that it failed: `5.0.0`. */
export function isGeneral(status: string): boolean {
  return status.endsWith('.0.0');
}

/** The reply code of a server's answer (RFC 5321 section 4.2). */
export function replyCodeIn(text: string): number | undefined {
  for (const pattern of REPLIES) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}

/** No part of an address on the net, of a version or of a date. */
const STATUS = /(?<![\w.:/-])([45]\.\d{1,3}\.\d{1,3})(?![\d/-]|\.\d)/g;

/** From where a reply surely stands to where it may. */
const REPLIES: readonly RegExp[] = [
  /(?:said|reply|response|error|replied|responded|returned|answer(?:ed)?|refused|was|is|remote server)[^\n]{0,60}?[:\s]{1,3}["'(]?([45][0-5]\d)(?=[ \-:]["']?[#<(\w[\d])/i,
  /(?:^|\n|>>>|<<<|smtp; ?|["'(:])[ \t]*([45][0-5]\d)(?=[ -][^\n])/i,
  /(?:smtp|error|code|status|dsn|#)[^\n\w]{0,4}(?:code|error)?[^\n\w]{0,4}([45][0-5]\d)(?![\d.])/i,
  /(?<![\d.\-:/\w])([45][0-5]\d)(?= [#]?[45]\.\d{1,3}\.\d{1,3}|-[45]\.\d{1,3}\.\d{1,3})/,
  /(?<![\d.\-:/\w#])([45][0-5]\d)(?=[ -][A-Za-z<"'*#])/,
];
