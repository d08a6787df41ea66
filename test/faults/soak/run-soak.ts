import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../../support/redis.js';
import { type Audit, audit } from './audit.js';
import type { ChaosServer } from './chaos-server.js';
import type { SeededRandom } from './seeded-random.js';
import type { SoakSubject, SoakWorker } from './soak-subject.interface.js';

export interface SoakParts {
  subject: SoakSubject;
  server: ChaosServer;
  redis: RedisServer;
  random: SeededRandom;
  mails: number;
}

/** Workers at once. */
const WORKERS = 2;
/** Calls of `accept` at once. */
const WIDTH = 20;

/**
 * Sends mails while workers and Redis are killed, connections are broken and the server misbehaves; then lets everything come to its end, and
 * compares what arrived with what was said.
 */
export async function runSoak({ subject, server, redis, random, mails }: SoakParts): Promise<Audit> {
  const kills: number[] = [];
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => subject.startWorker()));
  const stop = new AbortController();
  const faults = Promise.all([
    every(random, [1_500, 4_000], stop.signal, () => replaceWorker(subject, workers, random, kills)),
    every(random, [700, 2_500], stop.signal, async () => server.breakAll()),
    every(random, [6_000, 10_000], stop.signal, async () => {
      kills.push(Date.now());
      await redis.kill();
      await sleep(random.between(50, 800));
      await redis.restart();
    }),
  ]);
  const accepted = await acceptAll(subject, mails, random);
  stop.abort();
  await faults;
  server.calm();
  const outcomes = await subject.settle();
  await Promise.all(workers.map((worker) => worker.kill()));
  return audit(accepted, server.taken, outcomes, kills);
}

async function acceptAll(subject: SoakSubject, mails: number, random: SeededRandom): Promise<string[]> {
  const accepted: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < mails) {
      const index = next++;
      const recipient = `${index % 50 === 7 ? 'nobody' : 'user'}-${index}@x.test`;
      // Somebody who is refused asks again, as applications do.
      for (;;) {
        const taken = await subject.accept(recipient).then(
          () => true,
          () => false,
        );
        if (taken) break;
        await sleep(50);
      }
      accepted.push(recipient);
      // Slowly enough for much to go wrong meanwhile: some two hundred a second.
      await sleep(random.between(20, 180));
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  return accepted;
}

async function replaceWorker(
  subject: SoakSubject,
  workers: SoakWorker[],
  random: SeededRandom,
  kills: number[],
): Promise<void> {
  const place = Math.floor(random.next() * workers.length);
  kills.push(Date.now());
  await workers[place]!.kill();
  workers[place] = await subject.startWorker();
}

async function every(
  random: SeededRandom,
  [least, most]: readonly [number, number],
  signal: AbortSignal,
  fault: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(random.between(least, most), undefined, { signal }).catch(() => {});
    if (!signal.aborted) await fault();
  }
}
