import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { JobLocks, type ExtendLocks } from '../../lib/queue/job-locks.js';

describe('the locks of jobs in flight', () => {
  const open: JobLocks[] = [];
  const keep = (extend: ExtendLocks, errors: Error[] = []): JobLocks => {
    const locks = new JobLocks(extend, 60, (error) => errors.push(error));
    open.push(locks);
    return locks;
  };
  afterEach(() => open.splice(0).forEach((locks) => locks.close()));

  it('are renewed with the token of the last run, until that is over', async () => {
    const renewed: string[][] = [];
    let seen: () => void = () => {};
    const locks = keep(async (ids, tokens) => {
      renewed.push([...ids, ...tokens]);
      seen();
      return [];
    });
    const renewal = (): Promise<void> => new Promise((resolve) => (seen = resolve));
    const first = locks.hold('mail', 'token-1');
    const second = locks.hold('mail', 'token-2');
    expect([first.aborted, second.aborted]).toEqual([true, false]);
    locks.release('mail', 'token-1');
    await renewal();
    expect(renewed.at(-1)).toEqual(['mail', 'token-2']);
    locks.release('mail', 'token-2');
    const other = locks.hold('other', 'token-3');
    await renewal();
    expect(renewed.at(-1)).toEqual(['other', 'token-3']);
    expect(other.aborted).toBe(false);
  });

  it('that are lost abort the signal of their job only', async () => {
    const locks = keep(async () => ['lost']);
    const kept = locks.hold('kept', 'a');
    const lost = locks.hold('lost', 'b');
    await once(lost, 'abort');
    expect(kept.aborted).toBe(false);
    expect(lost.reason).toMatchObject({ message: expect.stringMatching(/another worker/i) });
  });

  it('are kept when they cannot be renewed just now', async () => {
    const errors: Error[] = [];
    let calls = 0;
    const locks = keep(async () => {
      if (++calls < 3) throw new Error('the backend is gone');
      return ['mail'];
    }, errors);
    const signal = locks.hold('mail', 'a');
    await once(signal, 'abort');
    expect(errors).toHaveLength(2);
  });
});
