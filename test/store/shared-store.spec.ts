import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SharedStore } from '../../lib/shared-store.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';

describe.each(BACKENDS)('a shared store on $name', ({ open }) => {
  let backend: OpenBackend;
  let store: SharedStore;
  let key: string;

  beforeAll(async () => {
    backend = await open();
    store = backend.queue.shared;
    await store.read('x');
  });
  beforeEach(() => {
    key = randomUUID();
  });
  afterAll(() => backend.close());

  it('knows nothing at first but the time, which goes on', async () => {
    const first = await store.read(key);
    expect(first).toMatchObject({ version: 0, text: '' });
    expect(Math.abs(first.now - Date.now())).toBeLessThan(60_000);
    await backend.pass(20);
    expect((await store.read(key)).now).toBeGreaterThan(first.now);
  });

  it('writes where the version is still the same, and gives what is there where it is not', async () => {
    expect(await store.swap(key, 0, '{"a":"ü"}')).toMatchObject({ swapped: true, version: 1, text: '{"a":"ü"}' });
    expect(await store.swap(key, 0, 'other')).toMatchObject({ swapped: false, version: 1, text: '{"a":"ü"}' });
    expect(await store.swap(key, 1, '')).toMatchObject({ swapped: true, version: 2, text: '' });
    expect(await store.swap(key, 7, 'other')).toMatchObject({ swapped: false, version: 2, text: '' });
    expect(await store.read(key)).toMatchObject({ version: 2, text: '' });
  });

  it('takes nothing for a document that was forgotten', async () => {
    expect(await store.swap(key, 3, 'late')).toMatchObject({ swapped: false, version: 0, text: '' });
  });

  it('lets one of many that write together through at a time', async () => {
    const add = async (): Promise<void> => {
      let { version, text } = await store.read(key);
      for (;;) {
        const swapped = await store.swap(key, version, String(Number(text) + 1));
        if (swapped.swapped) return;
        ({ version, text } = swapped);
      }
    };
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await store.read(key)).toMatchObject({ version: 20, text: '20' });
  });
});
