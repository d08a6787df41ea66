/** Longest header line that RFC 5322 section 2.1.1 wishes for. */
export const PREFERRED_LINE = 78;

/** Longest line of any kind that it allows. */
export const LONGEST_LINE = 998;

/**
 * `name: value`, folded so that unfolding gives it back unchanged (RFC 5322 section 2.2.3), and only at single spaces: some readers make
 * one of several. A word that is longer than a line stays whole.
 */
export function fold(name: string, value: string): string {
  const line = `${name}: ${value}`;
  return line.length <= PREFERRED_LINE ? line : foldWords(name, value.split(SINGLE_SPACE));
}

/** `name:` and then words with a space between them, in as few lines as they fit in. The first stays beside the name. */
export function foldWords(name: string, words: readonly string[]): string {
  let folded = `${name}:`;
  let column = folded.length;
  words.forEach((word, index) => {
    if (index > 0 && column + 1 + word.length > PREFERRED_LINE) {
      folded += CRLF;
      column = 0;
    }
    folded += ` ${word}`;
    column += 1 + word.length;
  });
  return folded;
}

/** Whether every line of a folded header may be sent. */
export function fits(folded: string): boolean {
  return folded.length <= LONGEST_LINE || folded.split(CRLF).every((line) => line.length <= LONGEST_LINE);
}

const CRLF = '\r\n';
const SINGLE_SPACE = /(?<! ) (?! )/;
