import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DotReader } from '../../../lib/submission/smtp/message-end.js';

/** What is read of these pieces. */
function readAll(pieces: readonly Buffer[]): { text: string; rest: string | undefined } {
  const reader = new DotReader();
  let text = '';
  for (const [index, piece] of pieces.entries()) {
    const read = reader.read(piece);
    text += read.text.toString('latin1');
    if (read.rest) return { text, rest: Buffer.concat([read.rest, ...pieces.slice(index + 1)]).toString('latin1') };
  }
  return { text, rest: undefined };
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const places = fc.array(fc.nat(), { maxLength: 10 });
const letters = fc.constantFrom('.', '..', '\r', '\n', '\r\n', '\r\n.', '\r\n.\r', 'a', '\xff');

describe('the end of a message', () => {
  it('is where its lines are over, whatever pieces they come in, and its dots are undone', () => {
    const lines = fc.array(
      fc.array(fc.constantFrom('.', 'a', ' ', '\xe4'), { maxLength: 4 }).map((line) => line.join('')),
    );
    fc.assert(
      fc.property(lines, fc.string({ unit: letters, maxLength: 5 }), places, (said, after, at) => {
        const text = said.map((line) => `${line}\r\n`).join('');
        const stuffed = said.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('');
        expect(readAll(cut(`${stuffed}.\r\n${after}`, at))).toEqual({ text, rest: after });
      }),
      { numRuns: 2_000 },
    );
  });

  it('is nowhere but behind CRLF.CRLF', () => {
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 30 }), places, (text, at) => {
        const end = text.startsWith('.\r\n') ? 0 : text.indexOf('\r\n.\r\n');
        const rest = end < 0 ? undefined : text.slice(text.indexOf('.\r\n', end) + 3);
        expect(readAll(cut(text, at)).rest).toBe(rest);
      }),
      { numRuns: 5_000 },
    );
  });
});
