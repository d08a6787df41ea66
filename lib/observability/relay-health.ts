import type { TransportSet } from '../delivery/transport-set.js';
import type { MailQueue } from '../queue/mail-queue.interface.js';

/** How a relay is. */
export interface RelayCondition {
  /** Mails can be queued, and what became of them be asked. */
  readonly queue: { readonly backend: string; readonly reachable: boolean };
  /**
   * By name: `up` takes mails; `down` is left alone until then, as it failed too often or the provider asked for it, and mails go by
   * another transport, or wait. Empty when the queue, whose backend knows it, is not reachable.
   */
  readonly transports: Readonly<Record<string, { readonly state: 'up' | 'down'; readonly until?: Date }>>;
}

/** Says how a relay is, within 5 seconds: whether its queue is there, and which transports are left alone. Nothing is sent for it. */
export class RelayHealth {
  readonly #queue: MailQueue;
  readonly #transports: TransportSet;

  constructor(queue: MailQueue, transports: TransportSet) {
    this.#queue = queue;
    this.#transports = transports;
  }

  /** Never throws. */
  async check(): Promise<RelayCondition> {
    const { backend, shared } = this.#queue;
    try {
      const [closed] = await Promise.all([this.#transports.closedUntil(), shared.read('health')]);
      const states = [...closed].map(([name, until]) => [
        name,
        until === undefined ? { state: 'up' as const } : { state: 'down' as const, until: new Date(until) },
      ]);
      return { queue: { backend, reachable: true }, transports: Object.fromEntries(states) };
    } catch {
      return { queue: { backend, reachable: false }, transports: {} };
    }
  }
}
