/** Reads the answer to EHLO, RFC 5321 section 4.1.1.1: keywords in upper case, each with its parameters. The first line is the server's name. */
export function ehloExtensions(answer: string): ReadonlyMap<string, string> {
  const lines = answer.split(/\r?\n/).slice(1);
  return new Map(
    lines.map((line) => {
      const [keyword = '', ...parameters] = line.slice(4).trim().split(/[ =]+/);
      return [keyword.toUpperCase(), parameters.join(' ')] as const;
    }),
  );
}
