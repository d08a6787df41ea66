import { createHash } from 'node:crypto';
import { MailError } from '../../errors/mail.error.js';
import type { SharedDocument, SharedStore } from '../../shared-store.interface.js';
import { MemorySharedStore } from '../../store/memory.shared-store.js';
import type { RelaySurroundings } from '../mail-transport.js';
import type { SourceAddress, WarmUpSettings } from './source-address.js';

/** An address to send from, and to how many recipients. */
export interface SourceLease {
  readonly source: SourceAddress;
  readonly recipients: number;
  /** So many of them were not written to after all. */
  giveBack(recipients: number): Promise<void>;
}

/**
 * Which of our addresses a recipient is written to from: the same one each time, since greylisting remembers it, unless its day's share is
 * used up. Shares are counted in the relay's store, over all its processes; without a relay in this transport alone.
 */
export class SourcePool {
  readonly #sources: readonly SourceAddress[];
  #store: SharedStore;
  #name = '';

  /** @param clock milliseconds since the epoch; the relay's store has its own */
  constructor(sources: readonly SourceAddress[], clock: () => number = Date.now) {
    this.#sources = sources;
    this.#store = new MemorySharedStore(clock);
  }

  join({ name, shared }: RelaySurroundings): void {
    this.#name = name;
    this.#store = shared;
  }

  /**
   * @param recipient the first of them
   * @param recipients how many there are; the lease may be for fewer
   * @param reaches whether mails can go from an address; where that is said of none, all are tried
   * @throws MailError scope `transport`, reason `quota`, when all addresses have used up their day's share; QueueUnavailableError
   */
  async take(
    recipient: string,
    recipients: number,
    reaches: (source: SourceAddress) => boolean = () => true,
  ): Promise<SourceLease> {
    let free = Infinity;
    const fit = this.#sources.filter(reaches);
    for (const source of inOrderFor(recipient, fit.length > 0 ? fit : this.#sources)) {
      const { warmup } = source;
      if (!warmup) return { source, recipients, giveBack: async () => {} };
      const taken = await this.#change(source, (share) => Math.min(recipients, share.left));
      if (taken.count > 0)
        return {
          source,
          recipients: taken.count,
          giveBack: async (count) => {
            if (count > 0) await this.#change(source, () => -count, taken.day);
          },
        };
      free = Math.min(free, taken.free);
    }
    throw new MailError('All addresses have sent as many mails as their warm-up allows today', {
      scope: 'transport',
      reason: 'quota',
      code: 'EWARMUP',
      retryAfter: Math.max(1, free),
    });
  }

  /** @param count how many to take, or, below 0, to give back @param ofDay only on that day */
  async #change(
    { key, warmup }: SourceAddress,
    count: (share: Share) => number,
    ofDay?: number,
  ): Promise<{ count: number; day: number; free: number }> {
    const name = `warm-up:${this.#name}:${key}`;
    for (let document = await this.#store.read(name); ;) {
      const share = shareOf(warmup!, document);
      const { day, free } = share;
      const change = count(share);
      if (change === 0 || share.left === Infinity || (ofDay ?? day) !== day) return { count: change, day, free };
      const text = JSON.stringify({ since: share.since, day, used: Math.max(0, share.used + change) } satisfies Kept);
      const swapped = await this.#store.swap(name, document.version, text);
      if (swapped.swapped) return { count: change, day, free };
      document = swapped;
    }
  }
}

/** Rendezvous hashing: each recipient has an order of his own, which addresses that come and go hardly change. */
function inOrderFor(recipient: string, sources: readonly SourceAddress[]): readonly SourceAddress[] {
  if (sources.length === 1) return sources;
  const score = ({ key }: SourceAddress): string =>
    createHash('sha256').update(`${key} ${recipient.toLowerCase()}`).digest('hex');
  return sources
    .map((source) => ({ source, score: score(source) }))
    .sort((one, other) => (one.score < other.score ? -1 : 1))
    .map(({ source }) => source);
}

/** What is kept of an address that is warmed up. */
interface Kept {
  /** Its first day, in milliseconds since the epoch. */
  readonly since: number;
  /** Counted from the first, which is 0. */
  readonly day: number;
  readonly used: number;
}

interface Share extends Kept {
  /** `Infinity` once it is warm. */
  readonly left: number;
  /** Milliseconds until the next day. */
  readonly free: number;
}

const DAY = 86_400_000;

function shareOf({ start, growth, since: given, until }: WarmUpSettings, { text, now }: SharedDocument): Share {
  const kept = text === '' ? undefined : (JSON.parse(text) as Kept);
  const since = given ?? kept?.since ?? Math.floor(now / DAY) * DAY;
  const today = Math.floor((now - since) / DAY);
  // A clock that jumped over midnight and back does not make the share of either day anew; a day too far ahead was a mistake.
  const day = kept?.since === since && kept.day === today + 1 ? kept.day : today;
  const cap = day < 0 ? 0 : Math.floor(start * growth ** day);
  const used = kept?.day === day ? kept.used : 0;
  const left = cap >= until ? Infinity : Math.max(0, cap - used);
  return { since, day, used, left, free: since + Math.max(0, day + 1) * DAY - now };
}
