import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';

type Parser = ReturnType<SMTPConnection['_createParser']>;

/**
 * A parser's messages come to an end at `CRLF.CRLF` and nowhere else, and have their dots undone (RFC 5321 section 4.5.2), a chunk at a time:
 * smtp-server goes round the event loop for each line that begins with a dot.
 */
export function readMessages(parser: Parser): void {
  let reader = new DotReader();
  parser._feedDataStream = (chunk, done) => {
    const stream = parser._dataStream!;
    const { text, rest } = reader.read(chunk);
    parser._countDataBytes(text.length);
    if (rest) {
      reader = new DotReader();
      parser._endDataMode(text, rest, done);
    } else if (!stream.writable || text.length === 0 || stream.write(text)) done();
    else onceEither(stream, done);
  };
}

/** Undoes dots, and finds the end, whatever the pieces a message comes in. */
export class DotReader {
  #at: Place = Place.LineStart;

  /** @returns what belongs to the message, and once it has come to its end, what comes after that */
  read(chunk: Buffer): { text: Buffer; rest?: Buffer } {
    // A CR that was held back comes on top.
    const text = Buffer.allocUnsafe(chunk.length + 1);
    let length = 0;
    let at = this.#at;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (at === Place.AfterDotCr) {
        if (byte === LF) return { text: text.subarray(0, length), rest: chunk.subarray(index + 1) };
        text[length++] = CR;
        at = Place.AfterCr;
      }
      if (at === Place.LineStart && byte === DOT) {
        at = Place.AfterDot;
        continue;
      }
      if (at === Place.AfterDot && byte === CR) {
        at = Place.AfterDotCr;
        continue;
      }
      if (byte === CR) at = Place.AfterCr;
      else at = at === Place.AfterCr && byte === LF ? Place.LineStart : Place.InLine;
      text[length++] = byte;
    }
    this.#at = at;
    return { text: text.subarray(0, length) };
  }
}

const enum Place {
  LineStart,
  InLine,
  AfterCr,
  /** Of a line that begins with it. The dot is gone. */
  AfterDot,
  /** The same, and the CR is held back. */
  AfterDotCr,
}

/** One that is destroyed never drains. */
function onceEither(stream: NonNullable<Parser['_dataStream']>, done: () => void): void {
  const go = (): void => {
    stream.off('drain', go).off('close', go);
    done();
  };
  stream.on('drain', go).on('close', go);
}

const CR = 13;
const LF = 10;
const DOT = 46;
