import { Logger } from '@nestjs/common';
import type { Priority } from '../mail/mail-message.interface.js';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import { MemoryBlobStore } from '../store/memory.blob-store.js';
import { MemoryHistoryStore } from '../store/memory.history-store.js';
import { MemoryOutcomeStore } from '../store/memory.outcome-store.js';
import { MemoryCountStore } from '../store/memory.count-store.js';
import { MemoryTimelineStore } from '../store/memory.timeline-store.js';
import { MemorySharedStore } from '../store/memory.shared-store.js';
import { MemorySuppressionStore } from '../store/memory.suppression-store.js';
import { storedAttachment } from './encode-snapshot.js';
import { MemoryInspection, type PlacedJob } from './memory.inspection.js';
import { MemoryMailWorker, type MemoryJob } from './memory-mail-worker.js';
import { MemoryTaskQueue } from './memory-task-queue.js';
import type { AddedMail, FoundMail, JobHandler, MailQueue, MailWorker, NewMail } from './mail-queue.interface.js';
import type { RelayLogger } from './outage-log.js';

export interface MemoryQueueOptions {
  /** The time that the queue's own clock starts from and goes along with, in milliseconds since the epoch. Default `Date.now`. */
  clock?: () => number;
  /** Default Nest's logger. */
  logger?: RelayLogger;
}

/** A queue for tests: in memory, at once, with a clock that can be moved. What it keeps dies with the process. */
export function createMemoryMailQueue(options: MemoryQueueOptions = {}): MemoryMailQueue {
  return new MemoryMailQueue(options);
}

export class MemoryMailQueue implements MailQueue {
  readonly backend = 'memory';
  readonly store: MemoryOutcomeStore;
  readonly shared: MemorySharedStore;
  readonly timeline: MemoryTimelineStore;
  readonly counts = new MemoryCountStore();
  readonly tasks: MemoryTaskQueue;
  readonly suppressions: MemorySuppressionStore;
  readonly history = new MemoryHistoryStore();
  readonly blobs: MemoryBlobStore;
  readonly inspection = new MemoryInspection(() => this.#placed());
  readonly #clock: () => number;
  readonly #logger: RelayLogger;
  readonly #jobs = new Map<string, MemoryJob>();
  readonly #keys = new Map<string, { jobId: string; until: number }>();
  readonly #workers = new Set<MemoryMailWorker>();
  #offset = 0;
  #sequence = 0;

  constructor({ clock = Date.now, logger = new Logger('MailRelay') }: MemoryQueueOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.store = new MemoryOutcomeStore(() => this.now());
    this.shared = new MemorySharedStore(() => this.now());
    this.timeline = new MemoryTimelineStore(() => this.now());
    this.tasks = new MemoryTaskQueue(() => this.now(), logger);
    this.blobs = new MemoryBlobStore(() => this.now());
    this.suppressions = new MemorySuppressionStore(() => this.now());
  }

  /** The queue's time, in milliseconds since the epoch. */
  now(): number {
    return this.#clock() + this.#offset;
  }

  async add(mail: NewMail): Promise<AddedMail> {
    return this.#add(mail);
  }

  async addMany(mails: readonly NewMail[]): Promise<AddedMail[]> {
    return mails.map((mail) => this.#add(mail));
  }

  async find(id: string): Promise<FoundMail | null> {
    const job = this.#jobs.get(id);
    if (!job) return null;
    if (job.state !== 'waiting') return { snapshot: job.snapshot, state: job.state };
    return job.due > this.now()
      ? { snapshot: job.snapshot, state: 'scheduled', due: job.due }
      : { snapshot: job.snapshot, state: 'queued' };
  }

  async whole(snapshot: MailSnapshot): Promise<MailSnapshot> {
    return snapshot;
  }

  async remove(id: string): Promise<boolean> {
    if (this.#jobs.get(id)?.state !== 'waiting') return false;
    this.#jobs.delete(id);
    for (const [key, { jobId }] of this.#keys) if (jobId === id) this.#keys.delete(key);
    return true;
  }

  async free(deduplication: string): Promise<void> {
    this.#keys.delete(deduplication);
  }

  async retry(id: string): Promise<boolean> {
    const job = this.#jobs.get(id);
    if (job?.state !== 'failed') return false;
    job.state = 'waiting';
    job.due = this.now();
    job.sequence = ++this.#sequence;
    this.#wake();
    return true;
  }

  /** There is no database that could roll back: the mails count as queued at once. */
  withTransaction(): MailQueue {
    return this;
  }

  work(handler: JobHandler, { concurrency }: { concurrency: number }): MailWorker {
    const worker: MemoryMailWorker = new MemoryMailWorker(handler, concurrency, this.#logger, {
      next: () => this.#next(),
      remove: (job) => this.#jobs.delete(job.snapshot.id),
      now: () => this.now(),
      nextDue: () => this.#nextDue(),
      closed: () => this.#workers.delete(worker),
    });
    this.#workers.add(worker);
    worker.wake();
    return worker;
  }

  /** Resolves when nothing is due or in flight, as far as there is a worker. */
  async settled(): Promise<void> {
    this.#wake();
    for (;;) {
      const busy = [...this.#workers].filter((worker) => worker.busy);
      if (busy.length === 0 && !this.tasks.busy) return;
      // What one worker has done may have given work to another.
      await Promise.all([...busy, this.tasks].map((worker) => worker.idle()));
    }
  }

  /** Moves the clock on, a due time at a time, and runs what falls due on the way. @param milliseconds */
  async advance(milliseconds: number): Promise<void> {
    await this.settled();
    const target = this.now() + milliseconds;
    for (let due = this.#nextDue(); due !== undefined && due <= target; due = this.#nextDue()) {
      this.#moveTo(due);
      await this.settled();
      if (this.#workers.size === 0) break;
    }
    this.#moveTo(target);
    await this.settled();
  }

  /** Forgets all mails. */
  clear(): void {
    this.#jobs.clear();
    this.tasks.clear();
    this.#keys.clear();
    this.store.clear();
    this.shared.clear();
    this.timeline.clear();
    this.counts.clear();
    this.suppressions.clear();
    void this.history.clear();
    this.blobs.clear();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.close(0)));
  }

  *#placed(): Iterable<PlacedJob> {
    for (const { snapshot, state, due, sequence, activations } of this.#jobs.values()) {
      const later = activations === 0 ? 'scheduled' : 'deferred';
      const waiting = due > this.now() ? later : 'waiting';
      const place = state === 'active' ? 'sending' : state === 'failed' ? 'dead' : waiting;
      yield { id: snapshot.id, place, order: place === waiting && due > this.now() ? due : sequence };
    }
  }

  #add({ snapshot, delay, deduplication }: NewMail): AddedMail {
    const now = this.now();
    const held = deduplication && this.#keys.get(deduplication.id);
    if (held && held.until > now) return { id: held.jobId, duplicate: held.jobId !== snapshot.id };
    if (deduplication) this.#keys.set(deduplication.id, { jobId: snapshot.id, until: now + deduplication.ttl });
    if (!this.#jobs.has(snapshot.id)) {
      const stored = { ...snapshot, attachments: snapshot.attachments.map(storedAttachment) };
      const copy = JSON.parse(JSON.stringify(stored)) as MailSnapshot;
      const job: MemoryJob = {
        snapshot: copy,
        state: 'waiting',
        due: now + delay,
        sequence: ++this.#sequence,
        activations: 0,
      };
      this.#jobs.set(snapshot.id, job);
      this.#wake();
    }
    return { id: snapshot.id, duplicate: false };
  }

  #next(): MemoryJob | undefined {
    const now = this.now();
    let next: MemoryJob | undefined;
    for (const job of this.#jobs.values()) {
      if (job.state === 'waiting' && job.due <= now && (!next || isBefore(job, next))) next = job;
    }
    return next;
  }

  #nextDue(): number | undefined {
    let due = this.tasks.nextDue();
    for (const job of this.#jobs.values()) {
      if (job.state === 'waiting' && job.due > this.now() && (due === undefined || job.due < due)) due = job.due;
    }
    return due;
  }

  #moveTo(time: number): void {
    this.#offset += Math.max(0, time - this.now());
    this.#wake();
  }

  #wake(): void {
    for (const worker of this.#workers) worker.wake();
    this.tasks.wake();
  }
}

const RANK: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

function isBefore(a: MemoryJob, b: MemoryJob): boolean {
  const rank = RANK[a.snapshot.priority] - RANK[b.snapshot.priority];
  return rank === 0 ? a.sequence < b.sequence : rank < 0;
}
