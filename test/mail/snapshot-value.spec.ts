import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { decodeValue, encodeValue, snapshotValue } from '../../lib/mail/snapshot-value.js';

const throughTheQueue = (value: unknown) =>
  decodeValue(JSON.parse(JSON.stringify(encodeValue(snapshotValue(value, 'context')))) as string);

describe('a value in the queue', () => {
  it('keeps its type', () => {
    const value = {
      date: new Date('2026-01-02T03:04:05.678Z'),
      big: 12345678901234567890n,
      map: new Map<unknown, unknown>([
        ['a', 1],
        [2, new Set(['b'])],
      ]),
      url: new URL('https://acme.test/a?b=c'),
      nothing: undefined,
      none: null,
      bytes: Uint8Array.of(0, 1, 255),
      pattern: /a+/gi,
      nan: Number.NaN,
      minusZero: -0,
      text: 'nul \0, half a pair \ud800, emoji 🎩',
    };
    expect(throughTheQueue(value)).toEqual(value);
    expect(throughTheQueue(Buffer.from('bytes'))).toEqual(Uint8Array.from(Buffer.from('bytes')));
  });

  it('is a copy: later changes do not reach it', () => {
    const value = { list: [1], when: new Date(0) };
    const copy = snapshotValue(value, 'context') as typeof value;
    value.list.push(2);
    value.when.setTime(1);
    expect(copy).toEqual({ list: [1], when: new Date(0) });
  });

  it('copies an instance by its own properties, the getters of its classes, and toJSON', () => {
    class Person {
      #secret = 'hidden';
      private readonly visible = 'private in TypeScript only';
      constructor(readonly first: string) {}
      get hello() {
        return `Hello ${this.first}${this.#secret.length}`;
      }
      method() {
        return this.visible;
      }
    }
    class Child extends Person {
      get loud() {
        return this.hello.toUpperCase();
      }
    }
    class Money {
      constructor(readonly cents: bigint) {}
      toJSON() {
        return { cents: this.cents };
      }
    }
    expect(snapshotValue(new Child('Ada'), 'context')).toEqual({
      first: 'Ada',
      visible: 'private in TypeScript only',
      hello: 'Hello Ada6',
      loud: 'HELLO ADA6',
    });
    expect(snapshotValue({ price: new Money(5n) }, 'context')).toEqual({ price: { cents: 5n } });
  });

  it.each<[string, unknown, string]>([
    ['a function', { user: { avatar: () => 1 } }, 'context.user.avatar: is a function'],
    ['a symbol', { tag: Symbol('x') }, 'context.tag: is a symbol'],
    ['a promise', { user: Promise.resolve(1) }, 'context.user: is a promise'],
    // oxlint-disable-next-line unicorn/no-thenable -- query builders are such
    ['a thenable', { query: { then: () => 1 } }, 'context.query: is a promise'],
    ['a function in a map', new Map([['x', () => 1]]), 'context.get("x"): is a function'],
    [
      'a getter that throws',
      Object.create({
        get name() {
          throw new Error('no row');
        },
      }),
      'context.name: it threw: no row',
    ],
  ])('refuses %s by its path', (_what, value, message) => {
    expect(() => snapshotValue(value, 'context')).toThrow(MailMessageError);
    expect(() => snapshotValue(value, 'context')).toThrow(message);
  });

  it('refuses cycles, but not the same value in two places', () => {
    const shared = { city: 'Bern' };
    expect(snapshotValue({ from: shared, to: shared }, 'context')).toEqual({
      from: { city: 'Bern' },
      to: { city: 'Bern' },
    });
    const parent: Record<string, unknown> = {};
    parent.child = { parent };
    expect(() => snapshotValue(parent, 'context')).toThrow('context.child.parent: refers back');
    const deep = JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown;
    expect(() => snapshotValue(deep, 'context')).toThrow('nested more than 100 deep');
  });

  it('never sets a prototype', () => {
    const copy = snapshotValue(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'), 'context') as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('comes out as it went in, whatever it is', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array(),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
          tie('tree'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(throughTheQueue(value)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
