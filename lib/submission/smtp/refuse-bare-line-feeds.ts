import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';

/**
 * Commands of a parser come to an end by CRLF only, where smtp-server takes a bare LF too. Messages are not looked at here.
 *
 * @param refuse called at the first bare LF; nothing is read any more
 */
export function refuseBareLineFeeds(parser: ReturnType<SMTPConnection['_createParser']>, refuse: () => void): void {
  const write = parser._write.bind(parser);
  let last = LF;
  parser._write = (chunk, encoding, next) => {
    if (parser._dataMode || parser.isClosed || chunk.length === 0) {
      // After a message, a line begins.
      last = LF;
      write(chunk, encoding, next);
      return;
    }
    const isBroken = hasBareLf(chunk, last);
    last = chunk.at(-1)!;
    if (!isBroken) {
      write(chunk, encoding, next);
      return;
    }
    refuse();
    next();
  };
}

/** @param before the byte before the first */
function hasBareLf(chunk: Buffer, before: number): boolean {
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1))
    if ((at === 0 ? before : chunk[at - 1]) !== CR) return true;
  return false;
}

const CR = 13;
const LF = 10;
