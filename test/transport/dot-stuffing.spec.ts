import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DotStuffing } from '../../lib/transport/smtp/dot-stuffing.js';

/** What a server that knows RFC 5321 reads, and what went over the wire. */
function sent(pieces: readonly Buffer[]): string {
  const stuffing = new DotStuffing();
  const wire = pieces.map((piece) => Buffer.from(stuffing.piece(piece)).toString('latin1')).join('');
  return wire + stuffing.end();
}

const text = fc.string({ unit: fc.constantFrom('.', 'a', '\r', '\n', '\r\n', '\r\n.', 'é'), maxLength: 60 });

it('is the same however a message is cut into pieces', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 5 }), (message, cuts) => {
      const bytes = Buffer.from(message);
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(sent(pieces)).toBe(sent([bytes]));
    }),
    { numRuns: 1_000 },
  );
});

it('ends once, has no line end that is not whole, and gives the message back', () => {
  fc.assert(
    fc.property(text, (message) => {
      const wire = sent([Buffer.from(message)]);
      expect(wire.indexOf('\r\n.\r\n')).toBe(wire === '.\r\n' ? -1 : wire.length - 5);
      expect(wire.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      const whole = message.replace(/\r\n?|\n/g, '\r\n');
      const read = Buffer.from(wire.slice(0, -3).replace(/^\./gm, ''), 'latin1').toString();
      expect(read).toBe(whole === '' || whole.endsWith('\r\n') ? whole : `${whole}\r\n`);
    }),
    { numRuns: 1_000 },
  );
});
