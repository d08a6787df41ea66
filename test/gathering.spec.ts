import { describe, expect, it } from 'vitest';
import { QueueUnavailableError } from '../lib/errors/queue-unavailable.error.js';
import { Gathering } from '../lib/gathering.js';

interface Question {
  readonly key: string;
  readonly value: number;
}

/** Remembers what was asked together; a value of 13 fails, and all that is with it. */
function gathering(keyOf?: (question: Question) => string) {
  const calls: number[][] = [];
  const all = new Gathering<Question, number>(async (questions) => {
    calls.push(questions.map(({ value }) => value));
    await new Promise((resolve) => setImmediate(resolve));
    if (questions.some(({ value }) => value === 13)) throw new Error('13 is unlucky');
    if (questions.some(({ value }) => value === 99)) throw new QueueUnavailableError(false, 'down');
    return questions.map(({ value }) => value * 2);
  }, keyOf);
  return { calls, ask: (value: number, key = String(value)) => all.ask({ key, value }) };
}

describe('questions of the same moment', () => {
  it('are one call, and each gets its own answer', async () => {
    const { calls, ask } = gathering();
    expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([2, 4, 6]);
    expect(calls).toEqual([[1, 2, 3]]);
  });

  it('wait for the call under way, together', async () => {
    const { calls, ask } = gathering();
    const first = ask(1);
    await Promise.resolve();
    await Promise.resolve();
    const [second, third] = [ask(2), ask(3)];
    expect(await Promise.all([first, second, third])).toEqual([2, 4, 6]);
    expect(calls).toEqual([[1], [2, 3]]);
  });

  it('are asked alone where one of them fails, which takes no others with it', async () => {
    const { calls, ask } = gathering();
    const results = await Promise.allSettled([ask(1), ask(13), ask(3)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([[1, 13, 3], [1], [13], [3]]);
  });

  it('are told of an outage without being asked again', async () => {
    const { calls, ask } = gathering();
    const results = await Promise.allSettled([ask(1), ask(99)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toEqual([[1, 99]]);
    expect(await ask(2)).toBe(4);
  });

  it('of one key are asked one after another, in their order', async () => {
    const { calls, ask } = gathering(({ key }) => key);
    await Promise.all([ask(1, 'a'), ask(2, 'a'), ask(3, 'b'), ask(4, 'a')]);
    expect(calls).toEqual([[1, 3], [2], [4]]);
  });

  it('are a hundred in one call at most', async () => {
    const { calls, ask } = gathering();
    await Promise.all(Array.from({ length: 250 }, (_, value) => ask(value + 1_000)));
    expect(calls.map(({ length }) => length)).toEqual([100, 100, 50]);
  });
});
