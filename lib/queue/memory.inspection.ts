import type { QueueCounts, QueueInspection, QueuePage, QueuePlace } from './queue-inspection.interface.js';

export interface PlacedJob {
  readonly id: string;
  readonly place: QueuePlace;
  /** By which those of one place are sorted. */
  readonly order: number;
}

/** A look into the queue in this process's memory. */
export class MemoryInspection implements QueueInspection {
  readonly #jobs: () => Iterable<PlacedJob>;

  constructor(jobs: () => Iterable<PlacedJob>) {
    this.#jobs = jobs;
  }

  async counts(): Promise<QueueCounts> {
    const counts: Record<QueuePlace, number> = { waiting: 0, scheduled: 0, deferred: 0, sending: 0, dead: 0 };
    for (const { place } of this.#jobs()) counts[place]++;
    return counts;
  }

  async page(place: QueuePlace, cursor: string | undefined, limit: number): Promise<QueuePage> {
    const skip = Number(cursor ?? 0) || 0;
    const all = [...this.#jobs()].filter((job) => job.place === place).sort((a, b) => a.order - b.order);
    if (place === 'dead') all.reverse();
    const ids = all.slice(skip, skip + limit).map(({ id }) => id);
    return all.length > skip + limit ? { ids, cursor: String(skip + limit) } : { ids };
  }
}
