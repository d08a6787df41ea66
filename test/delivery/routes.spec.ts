import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byDomain, failover, roundRobin, type Route, weighted } from '../../lib/index.js';
import { parseRoute } from '../../lib/delivery/route/parse-route.js';
import { routeOf, Router } from '../../lib/delivery/route/router.js';
import type { MailMessage } from '../../lib/index.js';

const message = {} as MailMessage;

/** Where messages to these addresses go, one after the other. */
function ways(route: Route, addresses: readonly string[]): string[] {
  const router = new Router(routeOf(route));
  return addresses.map((address) => router.legs(message, [address])[0]!.candidates.join(' '));
}

describe('a route', () => {
  it('tries the transports of a failover in their order', () => {
    expect(ways(failover('ses', 'postmark', 'smtp'), ['a@x.test', 'b@x.test'])).toEqual([
      'ses postmark smtp',
      'ses postmark smtp',
    ]);
  });

  it('gives each transport of a round robin its turn, with the others behind it', () => {
    const seen = ways(roundRobin('a', 'b', 'c'), Array<string>(6).fill('a@x.test'));
    expect(new Set(seen)).toEqual(new Set(['a b c', 'b c a', 'c a b']));
    expect(seen.slice(0, 3)).toEqual(seen.slice(3));
  });

  it('keeps all recipients of one message together', () => {
    const router = new Router(routeOf(roundRobin('a', 'b')));
    const to = ['1@x.test', '2@y.test', '3@z.test'];
    for (let round = 0; round < 4; round++) expect(router.legs(message, to).map((leg) => leg.to)).toEqual([to]);
  });

  it('deals messages out by their weights; a weight of 0 only stands in', () => {
    const seen = ways(weighted({ a: 3, b: 1, c: 0 }), Array<string>(4000).fill('a@x.test'));
    const share = (name: string): number => seen.filter((way) => way.startsWith(name)).length / seen.length;
    expect(share('a')).toBeGreaterThan(0.7);
    expect(share('b')).toBeGreaterThan(0.2);
    expect(share('c')).toBe(0);
    expect(seen.every((way) => way.includes('c'))).toBe(true);
  });

  it("goes by the recipient's domain, whatever its case, and divides a message where it must", () => {
    const route = byDomain({ 'gmail.com': 'g', '*.acme.test': failover('a', 'b'), 'bücher.test': 'u', '*': 'rest' });
    expect(
      ways(route, ['x@gmail.com', 'x@mail.acme.test', 'x@acme.test', 'x@xn--bcher-kva.test', 'x@notgmail.com']),
    ).toEqual(['g', 'a b', 'rest', 'u', 'rest']);
    expect(new Router(routeOf(route)).legs(message, ['1@gmail.com', '2@x.test', '3@gmail.com'])).toEqual([
      { candidates: ['g'], to: ['1@gmail.com', '3@gmail.com'] },
      { candidates: ['rest'], to: ['2@x.test'] },
    ]);
  });

  it('nests, and names every transport once', () => {
    const route = roundRobin(failover('a', 'b'), weighted({ b: 1, c: 1 }));
    expect(route.names).toEqual(['a', 'b', 'c']);
    expect(ways(failover(byDomain({ 'x.test': 'a' }), 'b'), ['1@x.test', '1@y.test'])).toEqual(['a b', 'b']);
  });

  it('may be a function of the message, which gives a name or a route', () => {
    const router = new Router((one) => (one.stream === 'broadcast' ? roundRobin('a', 'b') : 'c'));
    expect(router.legs({ stream: 'broadcast' } as MailMessage, ['x@x.test'])[0]!.candidates).toHaveLength(2);
    expect(router.legs({ stream: 'transactional' } as MailMessage, ['x@x.test'])[0]!.candidates).toEqual(['c']);
  });
});

describe('a route as text', () => {
  it('is what the route prints', () => {
    const route = failover(
      'a',
      roundRobin('b', weighted({ c: 2, d: 1 })),
      byDomain({ 'x.test': 'e', '*.y.test': 'f', '*': 'a' }),
    );
    const text = 'failover(a roundrobin(b weighted(c=2 d=1)) bydomain(x.test=e *.y.test=f *=a))';
    expect(String(route)).toBe(text);
    expect(String(parseRoute(text))).toBe(text);
    expect(parseRoute('  failover( a\n b )').names).toEqual(['a', 'b']);
  });

  it.each([
    ['failover(a b', 'needs a transport'],
    ['failover()', 'has nothing in failover()'],
    ['failover(a) b', 'goes on where it should end'],
    ['first(a b)', 'knows no first()'],
    ['weighted(a b)', 'needs = behind a'],
    ['weighted(a=x)', 'weighted() takes numbers'],
    ['bydomain(a_b!=c)', 'is no domain'],
    ['bydomain(acme.test/x=c)', 'is no domain'],
    ['failover(('.repeat(50), 'needs a transport'],
    [`${'failover('.repeat(5000)}a${')'.repeat(5000)}`, 'is nested too deep'],
  ])('that is wrong says where: %s', (text, words) => {
    expect(() => parseRoute(text)).toThrow(words);
  });

  it('never fails but with a RelayConfigurationError', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'failover', 'bydomain', '(', ')', '=', ' ', '*', '1') }),
        (text) => {
          try {
            expect(String(parseRoute(String(parseRoute(text))))).toBe(String(parseRoute(text)));
          } catch (error) {
            expect((error as Error).name).toBe('RelayConfigurationError');
          }
        },
      ),
    );
  });
});

it('a route that cannot be is refused where it is made', () => {
  const refused = (make: () => unknown): void => expect(make).toThrow(/^RelayModule: route: /);
  refused(() => failover(...([] as unknown as ['a'])));
  refused(() => failover('a b'));
  refused(() => failover(7 as never));
  refused(() => weighted({}));
  refused(() => weighted({ a: -1, b: 2 }));
  refused(() => weighted({ a: Number.NaN }));
  refused(() => byDomain({}));
  refused(() => byDomain({ 'a b': 'c' }));
});
