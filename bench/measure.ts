/** One side of a comparison: does its work once and says how many mails it was. */
export interface Subject {
  name: string;
  run(): Promise<number>;
}

export interface Rate {
  name: string;
  /** Mails a second. */
  median: number;
  lowest: number;
  highest: number;
}

/** Runs all subjects in turn, several times, so that whatever else the machine does falls on all of them alike. */
export async function compare(subjects: readonly Subject[], rounds: number): Promise<Rate[]> {
  const rates = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (const subject of subjects) await subject.run();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of round % 2 ? subjects.toReversed() : subjects) {
      globalThis.gc?.();
      const began = performance.now();
      const mails = await run();
      rates.get(name)!.push((mails * 1000) / (performance.now() - began));
    }
  }
  return subjects.map(({ name }) => {
    const sorted = rates.get(name)!.toSorted((a, b) => a - b);
    return { name, median: sorted[Math.floor(sorted.length / 2)]!, lowest: sorted[0]!, highest: sorted.at(-1)! };
  });
}

/** Prints rates with their ratio to the first. */
export function report(title: string, rates: readonly Rate[]): void {
  const base = rates[0]!.median;
  console.log(`\n${title}\n`);
  console.log('| | mails/s (median) | range | ratio |\n|---|---:|---:|---:|');
  for (const { name, median, lowest, highest } of rates) {
    const [middle, low, high] = [median, lowest, highest].map((rate) => Math.round(rate).toLocaleString('en'));
    console.log(`| ${name} | ${middle} | ${low} - ${high} | ${(median / base).toFixed(2)} |`);
  }
}

/** Calls `work` for each number below `count`, so many at a time. */
export async function inParallel(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
