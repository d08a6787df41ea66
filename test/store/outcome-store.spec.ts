import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  STATE_RANK,
  type AttemptRecord,
  type OutcomeStore,
  type RecipientOutcome,
  type RecipientState,
} from '../../lib/delivery/outcome-store.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';

const outcome = (address: string, state: RecipientState, at = 1): RecipientOutcome => ({ address, state, at });

function attempt(at: number, transport = 'smtp'): AttemptRecord {
  return { transport, at, outcome: 'sent', recipients: [outcome('ada@acme.test', 'sent', at)] };
}

describe.each(BACKENDS)('an outcome store on $name', ({ open }) => {
  let backend: OpenBackend;
  let store: OutcomeStore;
  let id: string;

  beforeAll(async () => {
    backend = await open();
    store = backend.queue.store;
  });
  beforeEach(() => {
    id = randomUUID();
  });
  afterAll(() => backend.close());

  it('knows nothing of a mail that nobody has touched', async () => {
    expect(await store.load(id)).toBeNull();
  });

  it('gives back what was saved', async () => {
    const error = { message: 'Mailbox full', scope: 'recipient' as const, replyCode: 452, enhancedCode: '4.2.2' };
    const recipients = [
      { ...outcome('ada@acme.test', 'deferred', 5), error },
      { ...outcome('bob@acme.test', 'sent', 5), providerMessageId: 'p-1' },
    ];
    const record = { ...attempt(4), recipients, error };
    const change = { messageId: '<1@acme.test>', mail: 'Welcome', recipients, attempt: record };
    await store.save(id, { ...change, stallBaseline: 2, deferrals: 1, content: '<p>Hi</p>' });
    const loaded = await store.load(id);
    expect(loaded).toMatchObject({ messageId: '<1@acme.test>', mail: 'Welcome', attempts: [record], cancelled: false });
    expect(loaded).toMatchObject({ stallBaseline: 2, deferrals: 1, content: '<p>Hi</p>' });
    expect(loaded!.recipients).toHaveLength(2);
    expect(loaded!.recipients).toEqual(expect.arrayContaining(recipients));
    expect(loaded!.sendingSince).toBeUndefined();
  });

  it('keeps any character of an error, an address and a content', async () => {
    const odd = `NUL \u0000, half a pair \ud800, 👩‍👩‍👧, "quotes", \\u0000 and\nlines`;
    const recipients = [{ ...outcome(`o'brien"%:ü@acme.test`, 'bounced'), error: { message: odd } }];
    const record = { ...attempt(1), outcome: odd, recipients };
    await store.save(id, { messageId: '<1@acme.test>', recipients, attempt: record, content: odd });
    await store.save(id, { messageId: '<1@acme.test>', recipients, attempt: { ...record, at: 2 } });
    expect(await store.load(id)).toMatchObject({ recipients, content: odd, attempts: [record, { ...record, at: 2 }] });
  });

  it('marks a mail as being sent until an attempt is saved', async () => {
    expect(await store.begin(id, 1_234, 3, 'main')).toBe('go');
    const begun = { sendingSince: 1_234, sendingStalls: 3, sendingBy: 'main' };
    expect(await store.load(id)).toMatchObject({ ...begun, recipients: [], attempts: [] });
    await store.save(id, { messageId: '<1@acme.test>', content: 'rendered' });
    expect(await store.load(id)).toMatchObject({ sendingSince: 1_234 });
    await store.save(id, { messageId: '<1@acme.test>', attempt: attempt(2_000) });
    const { sendingSince, sendingBy } = (await store.load(id))!;
    expect([sendingSince, sendingBy]).toEqual([undefined, undefined]);
  });

  it('keeps the last hundred attempts, so that no mail grows for ever', async () => {
    for (let at = 1; at <= 103; at++) await store.save(id, { messageId: '<1@acme.test>', attempt: attempt(at) });
    const { attempts } = (await store.load(id))!;
    expect(attempts.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, index) => index + 4));
  });

  it('takes the same change twice for one', async () => {
    const change = {
      messageId: '<1@acme.test>',
      attempt: attempt(7),
      recipients: [outcome('ada@acme.test', 'sent', 7)],
    };
    await store.save(id, { ...change, deferrals: 1, stallBaseline: 1 });
    const once = await store.load(id);
    await store.save(id, { ...change, deferrals: 1, stallBaseline: 1 });
    expect(await store.load(id)).toEqual(once);
  });

  it('keeps attempts in their order', async () => {
    const attempts = [attempt(1), attempt(2), attempt(2, 'postmark'), attempt(3)];
    for (const one of attempts) await store.save(id, { messageId: '<1@acme.test>', attempt: one });
    expect((await store.load(id))!.attempts).toEqual(attempts);
  });

  it('never lets a state go back, whoever saves in whatever order', async () => {
    const addresses = ['ada@acme.test', 'bob@acme.test'];
    const outcomes = fc.record({
      address: fc.constantFrom(...addresses),
      state: fc.constantFrom(...(Object.keys(STATE_RANK) as RecipientState[])),
      at: fc.integer({ min: 1, max: 1_000 }),
    });
    const changes = fc.array(fc.uniqueArray(outcomes, { selector: ({ address }) => address, maxLength: 2 }), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (saved) => {
        const mail = randomUUID();
        const expected = new Map<string, RecipientOutcome>();
        for (const recipients of saved) {
          await store.save(mail, { messageId: '<1@acme.test>', recipients });
          for (const one of recipients) {
            const before = expected.get(one.address);
            if (!before || STATE_RANK[before.state] <= STATE_RANK[one.state]) expected.set(one.address, one);
          }
        }
        const loaded = (await store.load(mail))?.recipients ?? [];
        expect(new Map(loaded.map((one) => [one.address, one]))).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['complained', 'delivered'],
    ['delivered', 'complained'],
    ['bounced', 'bounced'],
  ] as const)('keeps the furthest of what one change says of a recipient: %s, then %s', async (first, second) => {
    const recipients = [outcome('ada@acme.test', first, 1), outcome('ada@acme.test', second, 2)];
    await store.save(id, { messageId: '<1@acme.test>', recipients });
    const furthest = STATE_RANK[first] > STATE_RANK[second] ? recipients[0] : recipients[1];
    expect((await store.load(id))!.recipients).toEqual([furthest]);
  });

  it('lets counters grow only, and writes what was rendered once', async () => {
    await store.save(id, { messageId: '<1@acme.test>', deferrals: 12, stallBaseline: 3, content: 'first' });
    await store.save(id, { messageId: '<1@acme.test>', deferrals: 2, stallBaseline: 1, content: 'second' });
    await store.save(id, { messageId: '<1@acme.test>' });
    expect(await store.load(id)).toMatchObject({ deferrals: 12, stallBaseline: 3, content: 'first' });
  });

  it('does not begin a mail that was cancelled', async () => {
    expect(await store.cancel(id)).toEqual({ sending: false });
    expect(await store.begin(id, 1, 0, 'main')).toBe('cancelled');
    expect(await store.load(id)).toMatchObject({ cancelled: true });
    expect((await store.load(id))!.sendingSince).toBeUndefined();
  });

  it('tells who cancels that the mail is being sent, and stops it from being sent again', async () => {
    await store.begin(id, 1, 0, 'main');
    expect(await store.cancel(id)).toEqual({ sending: true });
    await store.save(id, { messageId: '<1@acme.test>', attempt: attempt(2) });
    expect(await store.begin(id, 3, 0, 'main')).toBe('cancelled');
    expect(await store.cancel(id)).toEqual({ sending: false });
  });

  it('lets either the worker or who cancels win, never both and never neither', async () => {
    const races = Array.from({ length: 40 }, async (_, index) => {
      const mail = randomUUID();
      const begun = (): Promise<string> => store.begin(mail, 1, 0, 'main');
      const cancelled = (): Promise<{ sending: boolean }> => store.cancel(mail);
      if (index % 2) return Promise.all([begun(), cancelled()]);
      const [second, first] = await Promise.all([cancelled(), begun()]);
      return [first, second] as const;
    });
    for (const [begun, { sending }] of await Promise.all(races)) expect(begun).toBe(sending ? 'go' : 'cancelled');
  });

  it('opens a mail again for those who did not get it', async () => {
    const recipients = [
      outcome('ada@acme.test', 'sent'),
      outcome('bob@acme.test', 'bounced'),
      outcome('eve@acme.test', 'cancelled'),
    ];
    await store.save(id, {
      messageId: '<1@acme.test>',
      recipients,
      attempt: attempt(1),
      deferrals: 4,
      stallBaseline: 2,
    });
    await store.begin(id, 2, 2, 'main');
    await store.cancel(id);
    await store.reopen(id, ['bob@acme.test', 'eve@acme.test'], 9);
    const loaded = await store.load(id);
    expect(loaded).toMatchObject({ cancelled: false, deferrals: 0, reopenedAt: 9, attempts: [attempt(1)] });
    expect(loaded!.recipients).toEqual(
      expect.arrayContaining([
        outcome('ada@acme.test', 'sent'),
        outcome('bob@acme.test', 'queued', 9),
        outcome('eve@acme.test', 'queued', 9),
      ]),
    );
    expect(loaded).toMatchObject({ sendingSince: undefined, sendingStalls: undefined });
    // The queue's own count of stalls goes on.
    expect(loaded!.stallBaseline).toBe(2);
    expect(await store.begin(id, 10, 2, 'main')).toBe('go');
  });
});
