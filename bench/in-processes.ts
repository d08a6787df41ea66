import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compare, type Rate, type Subject } from './measure.js';

/** A side of a comparison: what it is called, and its name in subject.program.ts. */
export type Sides = Readonly<Record<string, string>>;

/**
 * Runs each side in a process of its own, as applications are: code that two of them share is not compiled for both. They take turns, and
 * those that wait do nothing.
 *
 * @param arrived what else is to be waited for, once a side has handed over its mails
 */
export async function compareInProcesses(
  sides: Sides,
  setting: { redis: string; smtp: number },
  rounds: number,
  mails: number,
  arrived: () => Promise<() => Promise<void>> = async () => async () => {},
): Promise<Rate[]> {
  const processes: ChildProcess[] = [];
  const subjects: Subject[] = [];
  for (const [name, program] of Object.entries(sides)) {
    const args = [program, JSON.stringify(setting)];
    const child = fork(join(import.meta.dirname, 'subject.program.js'), args, { execArgv: ['--expose-gc'] });
    await once(child, 'message');
    processes.push(child);
    subjects.push({
      name,
      run: async () => {
        const allThere = await arrived();
        child.send(mails);
        await once(child, 'message');
        await allThere();
        return mails;
      },
    });
  }
  const rates = await compare(subjects, rounds);
  await Promise.all(processes.map((child) => (child.disconnect(), once(child, 'exit'))));
  return rates;
}
