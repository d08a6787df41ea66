import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, type Admission } from '../../lib/delivery/flow/admission.js';
import type { TransportLimits } from '../../lib/delivery/flow/transport-limits.js';
import type { TransportState, Turn } from '../../lib/delivery/flow/transport-state.js';
import { conclude, type Verdict } from '../../lib/delivery/flow/verdict.js';
import { parseRate, type Rate } from '../../lib/transport/rate.js';

const START = 1_700_000_000_000;
const NONE: TransportLimits = { perDomain: new Map() };
const limits = (given: {
  rate?: Rate;
  quota?: Rate;
  concurrency?: number;
  perDomain?: Record<string, Rate>;
}): TransportLimits => ({
  ...(given.rate && { rate: parseRate(given.rate, 'rate') }),
  ...(given.quota && { quota: parseRate(given.quota, 'quota') }),
  ...(given.concurrency && { concurrency: given.concurrency }),
  perDomain: new Map(
    Object.entries(given.perDomain ?? {}).map(([domain, rate]) => [domain, { rate: parseRate(rate, 'rate') }]),
  ),
});

let tokens = 0;
const entry = (to: Record<string, number> = { 'x.test': 1 }, turn: Turn = 'first') => ({
  token: String(++tokens),
  recipients: new Map(Object.entries(to)),
  turn,
});
const down: Verdict = { type: 'down', why: 'connection refused', atOnce: false };

function fail(state: TransportState, now: number, verdict: Verdict = down): Admission {
  const asked = entry();
  const admission = admit(state, NONE, asked, now);
  if (admission.type === 'go') conclude(state, { token: asked.token, verdict, limits: NONE, perSecond: 10 }, now);
  return admission;
}

describe('the breaker', () => {
  it('opens after three failures in a row, and not after less', () => {
    const state: TransportState = {};
    fail(state, START);
    fail(state, START);
    fail(state, START, { type: 'well' });
    fail(state, START);
    fail(state, START);
    expect(fail(state, START).type).toBe('go');
    expect(fail(state, START)).toMatchObject({ type: 'closed', why: 'is down: connection refused' });
  });

  it('opens at once where the next one is bound to fail', () => {
    const state: TransportState = {};
    fail(state, START, { ...down, atOnce: true });
    expect(fail(state, START).type).toBe('closed');
  });

  it('lets one probe through when its pause is over, then pauses longer, and closes on a success', () => {
    const state: TransportState = {};
    for (let failure = 0; failure < 3; failure++) fail(state, START);
    const first = state.breaker!.until! - START;
    let now = START + first;
    const probe = entry();
    expect(admit(state, NONE, probe, now).type).toBe('go');
    expect(admit(state, NONE, entry(), now).type).toBe('closed');
    conclude(state, { token: probe.token, verdict: down, limits: NONE, perSecond: 1 }, now);
    expect(state.breaker!.until! - now).toBeGreaterThan(first * 1.5);
    now = state.breaker!.until!;
    expect(fail(state, now, { type: 'well' }).type).toBe('go');
    expect(state).toEqual({});
  });

  it('has another probe when the process with the first one is gone', () => {
    const state: TransportState = {};
    for (let failure = 0; failure < 3; failure++) fail(state, START);
    const now = state.breaker!.until!;
    expect(admit(state, NONE, entry(), now).type).toBe('go');
    expect(admit(state, NONE, entry(), now + 59_000).type).toBe('closed');
    expect(admit(state, NONE, entry(), now + 61_000).type).toBe('go');
  });

  it('is not held open longer by those that were under way when it opened', () => {
    const state: TransportState = {};
    const under = Array.from({ length: 20 }, () => entry());
    for (const one of under) expect(admit(state, NONE, one, START).type).toBe('go');
    for (const { token } of under) conclude(state, { token, verdict: down, limits: NONE, perSecond: 1 }, START + 10);
    expect(state.breaker).toMatchObject({ opens: 1 });
  });

  it('never pauses longer than some minutes, however long the transport is down', () => {
    const state: TransportState = {};
    let now = START;
    for (let failure = 0; failure < 40; failure++) {
      fail(state, now);
      now = Math.max(now, state.breaker?.until ?? 0);
    }
    fail(state, now);
    expect(state.breaker!.until! - now).toBeLessThanOrEqual(375_000);
  });
});

/** Asks whenever it was told to come again, and gives the times at which it was let through. */
function sent(limit: TransportLimits, mails: number, until: number, jitter: () => number): number[] {
  const state: TransportState = {};
  const waiting = Array.from({ length: mails }, () => ({ at: START, again: false }));
  const times: number[] = [];
  while (waiting.length > 0) {
    waiting.sort((a, b) => a.at - b.at);
    const next = waiting.shift()!;
    if (next.at > START + until) break;
    const admission = admit(state, limit, entry(undefined, next.again ? 'again' : 'first'), next.at);
    if (admission.type === 'go') times.push(next.at + admission.wait);
    else waiting.push({ at: next.at + admission.wait + jitter(), again: true });
  }
  return times.sort((a, b) => a - b);
}

describe('a rate', () => {
  it('is kept in every window of a second, and used nearly whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 1, max: 1_000_000 }), (rate, seed) => {
        let random = seed;
        const jitter = (): number => (random = (random * 16_807) % 2_147_483_647) % 20;
        const times = sent(limits({ rate: `${rate}/s` }), rate * 6, 4_000, jitter);
        for (let index = rate; index < times.length; index++)
          expect(times[index]! - times[index - rate]!).toBeGreaterThanOrEqual(1_000);
        expect(times.filter((time) => time < START + 4_000).length).toBeGreaterThanOrEqual(Math.floor(rate * 4 * 0.9));
      }),
      { numRuns: 60 },
    );
  });

  it('of an hour lets some go at once, and never too many', () => {
    const times = sent(limits({ rate: '100/h' }), 150, 7_200_000, () => 5);
    expect(times.filter((time) => time === START).length).toBe(10);
    expect(times.filter((time) => time < START + 3_600_000).length).toBeLessThanOrEqual(100);
    expect(times).toHaveLength(150);
  });

  it('counts recipients', () => {
    const state: TransportState = {};
    const limit = limits({ rate: '10/s' });
    expect(admit(state, limit, entry({ 'x.test': 20 }), START).type).toBe('go');
    expect(admit(state, limit, entry(), START + 1_500).type).toBe('busy');
    expect(admit(state, limit, entry(), START + 2_200).type).toBe('go');
  });

  it('lets one of high priority go before those that wait', () => {
    const state: TransportState = {};
    const limit = limits({ rate: '1/s' });
    for (let mail = 0; mail < 100; mail++) admit(state, limit, entry(), START);
    expect(admit(state, limit, entry(undefined, 'first'), START)).toMatchObject({
      wait: expect.toSatisfy((wait: number) => wait > 90_000),
    });
    expect(admit(state, limit, entry(undefined, 'high'), START)).toMatchObject({
      wait: expect.toSatisfy((wait: number) => wait < 3_000),
    });
  });

  it('of a domain holds up nobody else', () => {
    const state: TransportState = {};
    const limit = limits({ perDomain: { 'gmail.com': '1/s' } });
    expect(admit(state, limit, entry({ 'gmail.com': 1 }), START).type).toBe('go');
    expect(admit(state, limit, entry({ 'gmail.com': 1 }), START).type).toBe('busy');
    expect(admit(state, limit, entry({ 'x.test': 1 }), START).type).toBe('go');
    expect(admit(state, limit, entry({ 'x.test': 1, 'gmail.com': 1 }), START).type).toBe('busy');
  });

  it.each([-3_600_000, 3_600_000])('survives a clock that jumps by %i ms: no storm, nothing forgotten', (jump) => {
    const state: TransportState = {};
    const limit = limits({ rate: '10/s' });
    for (let mail = 0; mail < 50; mail++) admit(state, limit, entry(), START);
    const now = START + jump;
    let sentNow = 0;
    for (let mail = 0; mail < 50; mail++) {
      const admission = admit(state, limit, entry(undefined, 'again'), now);
      if (admission.type === 'go') sentNow++;
      else expect(admission.wait).toBeLessThanOrEqual(3_600_000);
    }
    expect(sentNow).toBeGreaterThan(0);
    expect(sentNow).toBeLessThanOrEqual(2);
  });

  it('forgets a line of mails that never came', () => {
    const state: TransportState = {};
    const limit = limits({ rate: '1/s' });
    for (let mail = 0; mail < 1_000; mail++) admit(state, limit, entry(), START);
    const later = START + 10_000;
    expect(admit(state, limit, entry(), later).type).toBe('go');
    const next = admit(state, limit, entry(), later);
    expect(next).toMatchObject({ type: 'busy', wait: expect.toSatisfy((wait: number) => wait < 5_000) });
  });
});

describe('a quota', () => {
  it('is kept in every window, as it slides', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 50, maxLength: 150 }), (gaps) => {
        const state: TransportState = {};
        const limit = limits({ quota: '20/h' });
        const times: number[] = [];
        let now = START;
        for (const gap of gaps) {
          now += gap;
          if (admit(state, limit, entry(), now).type === 'go') times.push(now);
        }
        for (let index = 20; index < times.length; index++)
          expect(times[index]! - times[index - 20]!).toBeGreaterThanOrEqual(3_600_000);
      }),
    );
  });

  it('says when there is room again, so that another transport can have the mail', () => {
    const state: TransportState = {};
    const limit = limits({ quota: '5/day' });
    for (let mail = 0; mail < 5; mail++) expect(admit(state, limit, entry(), START).type).toBe('go');
    const refused = admit(state, limit, entry(), START);
    expect(refused).toMatchObject({ type: 'closed', why: 'its quota is used up' });
    expect(admit(state, limit, entry(), START + (refused as { wait: number }).wait).type).toBe('go');
  });

  it('lets a mail go that is larger than all of it', () => {
    expect(admit({}, limits({ quota: '5/day' }), entry({ 'x.test': 9 }), START).type).toBe('go');
  });
});

describe('concurrency', () => {
  const limit = limits({ concurrency: 2 });
  it('is kept, and a place that is left is taken again', () => {
    const state: TransportState = {};
    const [a, b, c] = [entry(), entry(), entry()];
    expect([a, b, c].map((one) => admit(state, limit, one, START).type)).toEqual(['go', 'go', 'busy']);
    conclude(state, { token: a.token, verdict: { type: 'well' }, limits: limit, perSecond: 1 }, START + 10);
    expect(admit(state, limit, c, START + 10).type).toBe('go');
  });

  it('gives the places of a process that died to others in time', () => {
    const state: TransportState = {};
    for (let mail = 0; mail < 2; mail++) admit(state, limit, entry(), START);
    expect(admit(state, limit, entry(), START + 59_000).type).toBe('busy');
    expect(admit(state, limit, entry(), START + 61_000).type).toBe('go');
  });
});

describe('a provider that asks for less', () => {
  const slower = (state: TransportState, limit: TransportLimits, now: number, retryAfter?: number): void =>
    conclude(
      state,
      { token: 'x', verdict: { type: 'slower', ...(retryAfter && { retryAfter }) }, limits: limit, perSecond: 40 },
      now,
    );
  const through = (state: TransportState, limit: TransportLimits, from: number): number => {
    let count = 0;
    for (let now = from; now < from + 1_000; now += 5) if (admit(state, limit, entry(), now).type === 'go') count++;
    return count;
  };

  it('gets half the rate at once, and all of it again in the course of time', () => {
    const state: TransportState = {};
    const limit = limits({ rate: '20/s' });
    expect(through(state, limit, START)).toBeGreaterThan(18);
    slower(state, limit, START + 1_000);
    expect(admit(state, limit, entry(), START + 1_100).type).toBe('closed');
    expect(through(state, limit, START + 3_000)).toBeLessThan(12);
    expect(through(state, limit, START + 60_000)).toBeGreaterThan(18);
    expect(state.slow).toBeUndefined();
  });

  it('is left alone as long as it says', () => {
    const state: TransportState = {};
    slower(state, NONE, START, 30_000);
    expect(admit(state, NONE, entry(), START + 29_000)).toMatchObject({ type: 'closed', wait: 1_000 });
    expect(admit(state, NONE, entry(), START + 30_000).type).toBe('go');
  });

  it('is paced, too, where no rate is configured', () => {
    const state: TransportState = {};
    slower(state, NONE, START);
    expect(through(state, NONE, START + 1_000)).toBeLessThan(25);
    expect(through(state, NONE, START + 120_000)).toBe(200);
  });

  it('takes answers of mails that were under way together for one', () => {
    const state: TransportState = {};
    const limit = limits({ rate: '16/s' });
    for (let answer = 0; answer < 10; answer++) slower(state, limit, START);
    expect(state.slow!.perSecond).toBeGreaterThan(7);
  });

  it('and whose quota is spent is left alone for long, without a word of the breaker', () => {
    const state: TransportState = {};
    conclude(
      state,
      { token: 'x', verdict: { type: 'spent', why: 'daily limit', retryAfter: 3_600_000 }, limits: NONE, perSecond: 1 },
      START,
    );
    expect(admit(state, NONE, entry(), START + 3_000_000)).toMatchObject({ type: 'closed', why: 'daily limit' });
    expect(state.breaker).toBeUndefined();
  });
});
