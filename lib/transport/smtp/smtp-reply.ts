/** A server's answer, RFC 5321 section 4.2. */
export interface SmtpReply {
  /** 0 when the answer begins with no code. */
  readonly code: number;
  /** Enhanced status code, RFC 2034: `5.1.1`. */
  readonly enhancedCode?: string;
  /** All lines as one, codes first and only once, at most {@link MAX_WORDS} characters: `550 5.1.1 No such user`. */
  readonly text: string;
}

/** How much of a server's answer is kept. */
export const MAX_WORDS = 500;

/** Reads an answer of one or several lines, with or without its line ends. */
export function parseReply(answer: string): SmtpReply {
  const lines = answer.slice(0, 4 * MAX_WORDS).split('\n');
  const code = Number(/^\d{3}(?=[ -]|$)/.exec(lines[0]!.trimEnd())?.[0] ?? 0);
  const enhancedCode = lines.map((line) => /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?!\S)/.exec(line)?.[1]).find(Boolean);
  const words = lines.map((line) => line.replace(PREFIX, '').trim()).filter(Boolean);
  const text = [code || undefined, enhancedCode, ...words].filter(Boolean).join(' ').replace(CONTROL, ' ');
  return { code, ...(enhancedCode && { enhancedCode }), text: shortened(text) };
}

/** {@link SmtpReply.text} alone, at once for the usual answer of one line. */
export function replyText(answer: string): string {
  return PLAIN.test(answer) ? answer.trimEnd() : parseReply(answer).text;
}

const PLAIN = /^\d[\x20-\x7e]{1,499}\r?\n?$/;

const PREFIX = /^\d{3}(?:[ -](?:[245]\.\d{1,3}\.\d{1,3}(?!\S))?|$)/;

// oxlint-disable-next-line no-control-regex -- a server's words end up in logs and consoles
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

function shortened(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > MAX_WORDS ? `${trimmed.slice(0, MAX_WORDS - 1)}…` : trimmed;
}
