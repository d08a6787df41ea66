import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { QueueOptions } from '../lib/queue/queue-options.interface.js';
import { compare, type Rate, type Subject } from './measure.js';

/** A side of a comparison: what it is called, and its name in subject.program.ts. */
export type Sides = Readonly<Record<string, string>>;

/** Called before mails are sent; what it resolves to waits for what else is to be waited for. */
export type Arrival = () => Promise<() => Promise<void>>;

export interface Setting {
  redis: string;
  smtp: number;
  /** Where the relay's queue lives; in that Redis where it is left out. */
  queue?: QueueOptions;
}

/** One side in a process of its own. */
export interface SubjectProcess {
  /** Sends so many mails. Gives the CPU time that the process has used since it began, in microseconds. */
  send(mails: number): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Runs each side in a process of its own, as applications are: code that two of them share is not compiled for both. They take turns, and
 * those that wait do nothing.
 */
export async function compareInProcesses(
  sides: Sides,
  setting: Setting,
  rounds: number,
  mails: number,
  arrived: Arrival = async () => async () => {},
): Promise<Rate[]> {
  const processes: SubjectProcess[] = [];
  const subjects: Subject[] = [];
  for (const [name, program] of Object.entries(sides)) {
    const subject = await startSubject(program, setting);
    processes.push(subject);
    subjects.push({
      name,
      run: async () => {
        const allThere = await arrived();
        await subject.send(mails);
        await allThere();
        return mails;
      },
    });
  }
  const rates = await compare(subjects, rounds);
  await Promise.all(processes.map((subject) => subject.stop()));
  return rates;
}

/** @param program its name in subject.program.ts */
export async function startSubject(program: string, setting: Setting): Promise<SubjectProcess> {
  const args = [program, JSON.stringify(setting)];
  const child = fork(join(import.meta.dirname, 'subject.program.js'), args, { execArgv: ['--expose-gc'] });
  await once(child, 'message');
  return {
    async send(mails) {
      child.send(mails);
      const [cpu] = (await once(child, 'message')) as [number];
      return cpu;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
