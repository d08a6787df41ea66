/** Renews the locks of these jobs; gives the ids of those that are no longer ours. */
export type ExtendLocks = (ids: string[], tokens: string[], duration: number) => Promise<string[]>;

interface Held {
  readonly token: string;
  readonly controller: AbortController;
}

/**
 * Keeps the locks of the jobs in flight, and aborts the signal of a job whose lock is lost. BullMQ's own renewal knows jobs by id
 * alone: when a worker that slept past its lock takes the same job a second time, the end of the first run would stop the renewal of
 * the second.
 */
export class JobLocks {
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  #renewing = false;

  /** @param duration of a lock, in milliseconds */
  constructor(extend: ExtendLocks, duration: number, onError: (error: Error) => void) {
    this.#timer = setInterval(() => void this.#renew(extend, duration).catch(onError), duration / 3);
    this.#timer.unref();
  }

  /** From when the job is taken. An earlier run of the same job in this process has lost its lock. */
  hold(id: string, token: string): AbortSignal {
    this.#held.get(id)?.controller.abort(LOST);
    const controller = new AbortController();
    this.#held.set(id, { token, controller });
    return controller.signal;
  }

  release(id: string, token: string): void {
    if (this.#held.get(id)?.token === token) this.#held.delete(id);
  }

  /** Asks all jobs in flight to give up. Their locks are kept until they do. */
  abortAll(reason: Error): void {
    for (const { controller } of this.#held.values()) controller.abort(reason);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(extend: ExtendLocks, duration: number): Promise<void> {
    if (this.#renewing || this.#held.size === 0) return;
    this.#renewing = true;
    try {
      const held = [...this.#held];
      const ids = held.map(([id]) => id);
      const lost = new Set(await extend(ids, held.map(([, { token }]) => token), duration)); // prettier-ignore
      for (const [id, { token, controller }] of held) {
        if (!lost.has(id) || this.#held.get(id)?.token !== token) continue;
        this.#held.delete(id);
        controller.abort(LOST);
      }
    } finally {
      this.#renewing = false;
    }
  }
}

const LOST = new Error('Another worker has taken this mail over');
