import { describe, expect, it } from 'vitest';
import type { MailRow } from '../../../lib/console/page/client/types.js';
import { fits } from '../../../lib/console/page/inbox/mail-filter.js';
import { addRows, mergeRows, MOST_ROWS } from '../../../lib/console/page/inbox/merge-rows.js';
import { timelineOf } from '../../../lib/console/page/inbox/timeline-moments.js';

const row = (id: string, second: number, more: Partial<MailRow> = {}): MailRow => {
  const at = new Date(second * 1_000).toISOString();
  return {
    id,
    messageId: `<${id}@acme.test>`,
    to: [`${id}@example.test`],
    recipients: 1,
    state: 'queued',
    states: { queued: 1 },
    stream: 'transactional',
    tags: [],
    at,
    changedAt: at,
    ...more,
  };
};
const all = () => true;
const ids = (rows: readonly MailRow[]) => rows.map(({ id }) => id);

describe('mails that the server tells of', () => {
  const rows = [row('c', 3), row('b', 2)];

  it('take the place of what was known of them, wherever that is', () => {
    const merged = mergeRows(rows, [row('b', 2, { state: 'sent' })], all, false);
    expect(merged.rows.map(({ state }) => state)).toEqual(['queued', 'sent']);
    expect(merged.fresh).toEqual([]);
  });

  it('leave when they do not fit any more, and do not come when they never did', () => {
    const queued = ({ state }: MailRow) => state === 'queued';
    const merged = mergeRows(rows, [row('b', 2, { state: 'sent' }), row('d', 4, { state: 'sent' })], queued, false);
    expect([ids(merged.rows), ids(merged.fresh)]).toEqual([['c'], []]);
  });

  it('wait for their page when they are older than the list reaches', () => {
    expect(ids(mergeRows(rows, [row('a', 1)], all, false).fresh)).toEqual([]);
    expect(ids(mergeRows(rows, [row('a', 1)], all, true).fresh)).toEqual(['a']);
  });

  it('come in newest first, at their place', () => {
    expect(ids(addRows(rows, [row('e', 5), row('a', 1), row('f', 6)]))).toEqual(['f', 'e', 'c', 'b', 'a']);
  });

  it('push out the oldest when there are too many', () => {
    const many = Array.from({ length: MOST_ROWS }, (_, index) => row(`m${index}`, MOST_ROWS - index));
    const added = addRows(many, [row('new', MOST_ROWS + 1)]);
    expect([added.length, added[0]!.id, added.at(-1)!.id]).toEqual([MOST_ROWS, 'new', `m${MOST_ROWS - 2}`]);
  });
});

describe('the search of the list', () => {
  const none = { search: '', state: '', stream: '', tag: '', transport: '' };
  const mail = row('1f', 1, {
    subject: 'Reset your password',
    tags: ['security'],
    transport: 'ses',
    states: { sent: 1, deferred: 2 },
  });

  it.each([
    ['password reset', true],
    ['PASSWORD', true],
    ['1f@example.test', true],
    ['<1f@acme.test>', true],
    ['1f', true],
    ['tag:security', true],
    ['tag:other', false],
    ['welcome', false],
  ])('%s: %s', (search, expected) => expect(fits(mail, { ...none, search })).toBe(expected));

  it("filters by any of its recipients' states, by stream, tag and transport", () => {
    expect(fits(mail, { ...none, state: 'deferred', stream: 'transactional', tag: 'security', transport: 'ses' })).toBe(
      true,
    );
    for (const filter of [{ state: 'bounced' }, { stream: 'broadcast' }, { tag: 'x' }, { transport: 'y' }])
      expect(fits(mail, { ...none, ...filter })).toBe(false);
  });
});

it('puts attempts and events in the order of time, of all recipients or of one', () => {
  const event = (id: string, second: number, recipient: string) => ({
    id,
    type: 'delivered',
    recipient,
    provider: 'ses',
    timestamp: new Date(second * 1_000).toISOString(),
  });
  const mail = {
    attempts: [
      {
        transport: 'ses',
        at: new Date(2_000).toISOString(),
        outcome: 'sent',
        error: { message: 'gone', scope: 'transport', ambiguous: true },
      },
    ],
    events: [event('late', 3, 'a@x.test'), event('early', 1, 'b@x.test')],
  };
  expect(timelineOf(mail).map(({ key }) => key)).toEqual(['early', 'attempt 0', 'late']);
  expect(timelineOf(mail, 'a@x.test').map(({ key }) => key)).toEqual(['attempt 0', 'late']);
  expect(timelineOf(mail)[1]!.notes).toEqual(['The answer was lost: the server may have taken it.']);
});
