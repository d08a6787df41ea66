import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { HistoryStore } from '../../lib/history/history-store.interface.js';
import { HistoryWriter } from '../../lib/history/history-writer.js';

const about = { acceptedAt: 1, to: ['ada@x.test'], stream: 'transactional' } as const;

it.each([1_000, 4_000])(
  'lets the process go on while the backend refuses what %i mails have gathered',
  async (count) => {
    let refused = 0;
    let away = true;
    const written = new Set<string>();
    const store = {
      async note(mails: readonly { id: string }[]) {
        // It gives in at last, so that a test that fails ends.
        if (away && refused++ < 10_000) throw new Error('away');
        for (const { id } of mails) written.add(id);
      },
    } as unknown as HistoryStore;
    const writer = new HistoryWriter(store, { words: true });
    for (let id = 0; id < count; id++) writer.noted({ id: String(id), messageId: `<${id}@x.test>`, about }, ['sent']);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(10);
    away = false;
    await writer.flush();
    expect(written.size).toBe(count);
  },
);

/** A backend that takes a while, and the mails that it was given, call by call. */
function slowStore(): { store: HistoryStore; written: string[][] } {
  const written: string[][] = [];
  const note = async (mails: readonly { id: string }[]): Promise<void> => {
    await setImmediate();
    await setImmediate();
    written.push(mails.map(({ id }) => id));
  };
  return { store: { note } as unknown as HistoryStore, written };
}

it('writes together what comes while it is writing', async () => {
  const { store, written } = slowStore();
  const writer = new HistoryWriter(store, { words: true });
  const note = (id: string): void => writer.noted({ id, messageId: `<${id}@x.test>`, about }, ['sent']);
  note('first');
  void writer.flush();
  for (let id = 0; id < 100; id++) {
    note(String(id));
    await setImmediate();
  }
  await writer.flush();
  expect(written).toHaveLength(2);
  expect(written.flat()).toHaveLength(101);
});

it('has written all when a flush ends, whoever else has asked for one', async () => {
  const { store, written } = slowStore();
  const writer = new HistoryWriter(store, { words: true });
  writer.noted({ id: 'one', messageId: '<one@x.test>', about }, ['sent']);
  void writer.flush();
  await writer.flush();
  expect(written).toEqual([['one']]);
});
