/** The answers of servers that a text quotes, without the words around them; empty where there are none. */
export function transcriptOf(words: string): string {
  for (const form of FORMS) {
    const found = [...words.matchAll(form)].map((hit) => hit[0].trim());
    if (found.length > 0) return found.slice(0, 50).join('\n');
  }
  return '';
}

/** `<<< 550 no such user` (Sendmail), `host x said: 550 no such user` with its next lines, lines that are a reply. */
const FORMS: readonly RegExp[] = [
  /^[ \t]*<<< [^\n]+/gm,
  /(?:said|replied|responded|response(?: was)?|reply(?: was)?|error(?: was)?|returned|reason|diagnostic(?:-code)?)[^\n:]{0,60}:[ \t]*\n?[^\n]*[45]\d\d[^\n]*(?:\n[ \t]+[^\n]+|\n(?=\S)[^\n@]+){0,6}/gi,
  /^[ \t>]*(?:[45][0-5]\d)[ -][^\n]+(?:\n[ \t]+[^\n]+){0,4}/gm,
];
