import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import { QueueUnavailableError } from '../../lib/index.js';
import type { Task } from '../../lib/task-queue.interface.js';
import { HitBuffer } from '../../lib/tracking/hit-buffer.js';
import type { TrackedHit, TrackingTask } from '../../lib/tracking/tracked-hit.js';

describe('hits on their way to the queue', () => {
  const added: Task[] = [];
  let away = false;
  let warnings: string[] = [];
  let buffer: HitBuffer;

  beforeEach(() => {
    vi.useFakeTimers();
    added.length = 0;
    away = false;
    warnings = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((words: string) => void warnings.push(words));
    const add = async (tasks: readonly Task[]) => {
      if (away) throw new QueueUnavailableError(false, 'away, says a test');
      added.push(...tasks);
    };
    buffer = new HitBuffer({ add, work: () => ({ close: async () => {} }) }, Date.now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  const hit = (over: Partial<TrackedHit> = {}): TrackedHit => ({ mailId: 'a', recipient: 0, at: Date.now(), ...over });
  const hits = () => added.flatMap(({ data }) => (data as TrackingTask).hits);

  it('wait for some seconds, and go together', async () => {
    buffer.add(hit());
    buffer.add(hit({ url: 'https://acme.test/1' }));
    await vi.advanceTimersByTimeAsync(1_900);
    expect(added).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(added).toHaveLength(1);
    expect(hits()).toHaveLength(2);
  });

  it('of one recipient on one thing within a minute are one', async () => {
    vi.setSystemTime(60_000 * 1_000);
    for (let n = 0; n < 100_000; n++) buffer.add(hit({ url: 'https://acme.test/1' }));
    buffer.add(hit({ url: 'https://acme.test/1', machine: 'http-client' }));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(hits()).toHaveLength(2);
  });

  it('are kept while the queue is away, up to a bound, the oldest dropped and counted', async () => {
    away = true;
    for (let n = 0; n < 60_000; n++) buffer.add(hit({ mailId: `mail-${n}` }));
    await vi.advanceTimersByTimeAsync(20_000);
    away = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(hits()).toHaveLength(50_000);
    expect(hits()[0]!.mailId).toBe('mail-10000');
    expect(warnings).toEqual(['10000 opens and clicks were dropped while the queue was away']);
  });

  it('are written when the application closes', async () => {
    buffer.add(hit());
    await buffer.close();
    expect(hits()).toHaveLength(1);
    buffer.add(hit({ mailId: 'late' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(hits()).toHaveLength(2);
  });

  it('are written when the application closes, also those that another write of a slow queue has in hand', async () => {
    let slow = 0;
    const slowly = async (tasks: readonly Task[]) => {
      await new Promise((resolve) => setTimeout(resolve, slow));
      added.push(...tasks);
    };
    buffer = new HitBuffer({ add: slowly, work: () => ({ close: async () => {} }) }, Date.now);
    slow = 10_000;
    buffer.add(hit());
    await vi.advanceTimersByTimeAsync(5_000);
    // The first is being written; the second is ripe, and waits for that.
    buffer.add(hit({ mailId: 'b' }));
    await vi.advanceTimersByTimeAsync(6_000);
    let written: number | undefined;
    void buffer.close().then(() => (written = added.length));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written).toBe(2);
  });

  it('are counted as lost where they cannot be', async () => {
    away = true;
    buffer.add(hit());
    await buffer.close();
    expect(warnings).toEqual(['1 opens and clicks are lost: the queue cannot be reached']);
  });
});
