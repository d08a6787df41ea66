import { setTimeout as sleep } from 'node:timers/promises';
import { type Arrival, type Setting, startSubject } from './in-processes.js';
import { redisCpuTime } from './redis-figures.js';

/** The second shows what comes of nothing but the machine's moods. */
const SIDES = ['without', 'without, once more', 'with'];
const PROGRAMS = ['relayWithoutHistory', 'relayWithoutHistory', 'relay'];

/** What the console's history adds to the sending of a mail: CPU time of the sending process and of Redis, and mails a second. */
export async function history(
  backend: string,
  setting: Setting,
  arrived: Arrival,
  rounds: number,
  mails: number,
): Promise<void> {
  const subjects = await Promise.all(PROGRAMS.map((program) => startSubject(program, setting)));
  const used = async (index: number): Promise<[own: number, redis: number]> => [
    await subjects[index]!.send(0),
    await redisCpuTime(setting.redis),
  ];
  const figures = subjects.map(() => ({ own: [] as number[], redis: [] as number[], rate: [] as number[] }));
  const round = async (index: number, counts: boolean): Promise<void> => {
    const [own, redis] = await used(index);
    const [allThere, began] = [await arrived(), performance.now()];
    await subjects[index]!.send(mails);
    await allThere();
    const took = performance.now() - began;
    await sleep(WRITTEN);
    const [ownThen, redisThen] = await used(index);
    if (!counts) return;
    figures[index]!.own.push((ownThen - own) / mails);
    figures[index]!.redis.push((redisThen - redis) / mails);
    figures[index]!.rate.push((mails * 1_000) / took);
  };
  const order = [...subjects.keys()];
  for (const index of order) await round(index, false);
  for (let number = 0; number < rounds; number++)
    for (const index of number % 2 ? order.toReversed() : order) await round(index, true);
  await Promise.all(subjects.map((subject) => subject.stop()));

  console.log(`\nWhat the history of mails costs: ${backend}, median (and range)\n`);
  console.log('| history | CPU a mail, µs | of Redis, µs | mails/s |\n|---|---:|---:|---:|');
  for (const [index, { own, redis, rate }] of figures.entries())
    console.log(`| ${SIDES[index]} | ${middle(own)} | ${setting.queue ? '' : middle(redis)} | ${middle(rate)} |`);
}

/** The history is written half a second after the fact. */
const WRITTEN = 700;

function middle(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b).map(Math.round);
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} - ${sorted.at(-1)})`;
}
