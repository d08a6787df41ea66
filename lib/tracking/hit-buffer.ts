import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Task, TaskQueue } from '../task-queue.interface.js';
import { hitKey, type TrackedHit, TRACKING_TASK, type TrackingTask } from './tracked-hit.js';

/** Hits of one recipient on one mail: they are looked at together. */
interface Group {
  readonly since: number;
  readonly hits: Map<string, TrackedHit>;
}

/**
 * Hits on their way to the queue. Those of a recipient wait for a few seconds, so that who follows all links of a mail at once is seen to
 * do so; what a process has gathered in its last seconds is lost if it is killed. While the queue is away, the oldest are dropped in the end.
 */
export class HitBuffer {
  readonly #tasks: TaskQueue;
  readonly #now: () => number;
  readonly #logger = new Logger('MailRelay');
  readonly #groups = new Map<string, Group>();
  #size = 0;
  #dropped = 0;
  #timer?: NodeJS.Timeout;
  #writing?: Promise<void>;
  #closed = false;

  /** @param now milliseconds since the epoch */
  constructor(tasks: TaskQueue, now: () => number) {
    this.#tasks = tasks;
    this.#now = now;
  }

  add(hit: TrackedHit): void {
    this.#put(hit);
    if (this.#closed || (this.#size >= MANY && !this.#writing)) void this.flush(true);
    else this.#timer ??= setTimeout(() => void this.flush(), TICK).unref();
  }

  /** Writes what has waited long enough. Never throws. @param all what has not, too */
  async flush(all = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Somebody else who waited may be writing by now.
    while (this.#writing) await this.#writing;
    const hits = this.#take(all);
    if (hits.length > 0) {
      this.#writing = this.#tasks.add(tasksOf(hits)).then(
        () => this.#told(),
        () => this.#putBack(hits),
      );
      await this.#writing;
      this.#writing = undefined;
    }
    if (this.#size > 0) this.#timer ??= setTimeout(() => void this.flush(), TICK).unref();
  }

  /** Writes all that is left, and from now on each hit at once. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush(true);
    clearTimeout(this.#timer);
    if (this.#size > 0) this.#logger.warn(`${this.#size} opens and clicks are lost: the queue cannot be reached`);
  }

  #put(hit: TrackedHit): void {
    const key = `${hit.mailId} ${hit.recipient}`;
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = { since: this.#now(), hits: new Map() }));
    const one = hitKey(hit);
    if (group.hits.has(one)) return;
    group.hits.set(one, hit);
    if (++this.#size > MOST) this.#drop();
  }

  /** They are older than what has come since. */
  #putBack(hits: readonly TrackedHit[]): void {
    const since = this.#take(true);
    for (const hit of [...hits, ...since]) this.#put(hit);
  }

  /** The oldest first. */
  #drop(): void {
    const [key, { hits }] = this.#groups.entries().next().value!;
    this.#groups.delete(key);
    this.#size -= hits.size;
    this.#dropped += hits.size;
  }

  #take(all: boolean): TrackedHit[] {
    const ripe = this.#now() - SETTLE;
    const taken: TrackedHit[] = [];
    // Each is as old as the one before it, or younger.
    for (const [key, { since, hits }] of this.#groups) {
      if (!all && since > ripe) break;
      taken.push(...hits.values());
      this.#groups.delete(key);
    }
    this.#size -= taken.length;
    return taken;
  }

  #told(): void {
    if (this.#dropped > 0) this.#logger.warn(`${this.#dropped} opens and clicks were dropped while the queue was away`);
    this.#dropped = 0;
  }
}

function tasksOf(hits: readonly TrackedHit[]): Task[] {
  const tasks: Task[] = [];
  for (let start = 0; start < hits.length;) {
    const chunk = hits.slice(start, (start += CHUNK));
    const id = createHash('sha256')
      .update(chunk.map((hit) => `${hit.at} ${hitKey(hit)}`).join('\n'))
      .digest('hex');
    const data: TrackingTask = { hits: chunk, of: `${chunk.length} opens and clicks` };
    tasks.push({ id: id.slice(0, 40), kind: TRACKING_TASK, data });
  }
  return tasks;
}

/** Hits in one task. */
const CHUNK = 200;

/** In milliseconds. */
const TICK = 1_000;
const SETTLE = 3_000;

/** So many are written without waiting. */
const MANY = 5_000;

/** In memory; half a kilobyte each, as links go. */
const MOST = 50_000;
