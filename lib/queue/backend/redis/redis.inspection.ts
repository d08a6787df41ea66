import type { Guard } from '../../../store/redis.outcome-store.js';
import type { QueueCounts, QueueInspection, QueuePage, QueuePlace } from '../../queue-inspection.interface.js';
import type { RedisClient } from './redis-target.js';

/** BullMQ keeps delayed jobs in one sorted set; which of them were never to go at once is noted beside it. */
export class RedisInspection implements QueueInspection {
  readonly #client: RedisClient;
  readonly #guard: Guard;
  readonly #key: (name: string) => string;
  readonly #scheduled: string;

  /** @param key of a part of the queue @param scheduled the key of our own note */
  constructor(client: RedisClient, key: (name: string) => string, scheduled: string, guard: Guard) {
    this.#client = client;
    this.#guard = guard;
    this.#key = key;
    this.#scheduled = scheduled;
  }

  async counts(): Promise<QueueCounts> {
    const client = this.#client;
    const key = this.#key;
    const [wait, paused, prioritized, delayed, scheduled, sending, dead] = await this.#guard(() =>
      Promise.all([
        client.llen(key('wait')),
        client.llen(key('paused')),
        client.zcard(key('prioritized')),
        client.zcard(key('delayed')),
        client.zcount(this.#scheduled, `(${Date.now()}`, '+inf'),
        client.llen(key('active')),
        client.zcard(key('failed')),
      ]),
    );
    const waiting = wait + paused + prioritized;
    const later = Math.min(scheduled, delayed);
    return { waiting, scheduled: later, deferred: delayed - later, sending, dead };
  }

  page(place: QueuePlace, cursor: string | undefined, limit: number): Promise<QueuePage> {
    const read = placeOf(cursor);
    const given = place !== 'waiting' && read?.score === PRIORITIZED ? undefined : read;
    switch (place) {
      case 'waiting':
        return this.#waiting(given, limit);
      case 'sending':
        return this.#list('active', given, limit);
      case 'dead':
        return this.#sorted(this.#key('failed'), given, limit, 'newest first');
      case 'scheduled':
        return this.#sorted(this.#scheduled, given ?? { score: `(${Date.now()}`, skip: 0 }, limit);
      case 'deferred':
        return this.#deferred(given, limit);
    }
  }

  /** A mail that is not to go at once was queued. */
  async scheduled(mails: readonly { id: string; at: number }[]): Promise<void> {
    await this.#guard(async () => {
      await this.#client.zadd(this.#scheduled, ...mails.flatMap(({ id, at }) => [at, id]));
      await this.#client.zremrangebyscore(this.#scheduled, '-inf', Date.now());
    });
  }

  async removed(id: string): Promise<void> {
    await this.#guard(() => this.#client.zrem(this.#scheduled, id));
  }

  /** Those without a priority first; the next one is at the end of its list. */
  async #waiting(cursor: Place | undefined, limit: number): Promise<QueuePage> {
    if (cursor?.score !== PRIORITIZED) {
      const skip = cursor?.skip ?? 0;
      const range = await this.#guard(() => this.#client.lrange(this.#key('wait'), -(skip + limit), -(skip + 1)));
      const ids = range.toReversed();
      if (ids.length === limit) return { ids, cursor: textOf({ score: '0', skip: skip + limit }) };
      const rest = await this.#prioritized(0, limit - ids.length);
      return { ...rest, ids: [...ids, ...rest.ids] };
    }
    return this.#prioritized(cursor.skip, limit);
  }

  async #prioritized(skip: number, limit: number): Promise<QueuePage> {
    const ids = await this.#guard(() => this.#client.zrange(this.#key('prioritized'), skip, skip + limit - 1));
    return ids.length === limit ? { ids, cursor: textOf({ score: PRIORITIZED, skip: skip + limit }) } : { ids };
  }

  async #list(name: string, cursor: Place | undefined, limit: number): Promise<QueuePage> {
    const skip = cursor?.skip ?? 0;
    const ids = await this.#guard(() => this.#client.lrange(this.#key(name), skip, skip + limit - 1));
    return ids.length === limit ? { ids, cursor: textOf({ score: '0', skip: skip + limit }) } : { ids };
  }

  async #sorted(key: string, cursor: Place | undefined, limit: number, order?: 'newest first'): Promise<QueuePage> {
    const members = await this.#members(key, cursor, limit, order);
    const ids = members.map(({ id }) => id);
    return members.length < limit ? { ids } : { ids, cursor: textOf(placeAfter(members, cursor)!) };
  }

  /** What is delayed and was not scheduled; what was, is passed over by many. */
  async #deferred(from: Place | undefined, limit: number): Promise<QueuePage> {
    const ids: string[] = [];
    let cursor = from;
    for (let look = 0; look < MOST_LOOKS; look++) {
      const members = await this.#members(this.#key('delayed'), cursor, LOOK);
      const scheduled =
        members.length === 0
          ? []
          : await this.#guard(() => this.#client.zmscore(this.#scheduled, ...members.map(({ id }) => id)));
      const now = Date.now();
      for (const [index, { id }] of members.entries()) {
        // One that was due is deferred, if it is delayed again.
        if (Number(scheduled[index] ?? 0) <= now) ids.push(id);
        if (ids.length === limit) return { ids, cursor: textOf(placeAfter(members.slice(0, index + 1), cursor)!) };
      }
      if (members.length < LOOK) return { ids };
      cursor = placeAfter(members, cursor);
    }
    return { ids, cursor: textOf(cursor!) };
  }

  /** Goes on behind the last score, past those of the same score that were seen. */
  async #members(key: string, cursor: Place | undefined, limit: number, order?: 'newest first'): Promise<Member[]> {
    const skip = cursor?.skip ?? 0;
    const flat = await this.#guard(() =>
      order
        ? this.#client.zrevrangebyscore(key, cursor?.score ?? '+inf', '-inf', 'WITHSCORES', 'LIMIT', skip, limit)
        : this.#client.zrangebyscore(key, cursor?.score ?? '-inf', '+inf', 'WITHSCORES', 'LIMIT', skip, limit),
    );
    return Array.from({ length: flat.length / 2 }, (_, index) => ({
      id: flat[index * 2]!,
      score: flat[index * 2 + 1]!,
    }));
  }
}

/** Of a sorted set. */
interface Member {
  readonly id: string;
  readonly score: string;
}

interface Place {
  readonly score: string;
  readonly skip: number;
}

const PRIORITIZED = 'p';
/** Mails in one look, and looks in one request: some hundred milliseconds where nearly all are scheduled. */
const LOOK = 1_000;
const MOST_LOOKS = 100;

/** Behind the last of these, which follow the cursor. */
function placeAfter(members: readonly Member[], cursor: Place | undefined): Place | undefined {
  const score = members.at(-1)?.score;
  if (score === undefined) return cursor;
  const same = members.filter((one) => one.score === score).length;
  return { score, skip: score === cursor?.score ? cursor.skip + same : same };
}

function textOf({ score, skip }: Place): string {
  return `${score}_${skip}`;
}

function placeOf(cursor: string | undefined): Place | undefined {
  const [, score, skip] = /^(p|\d{1,20}(?:\.\d{1,10})?(?:e\+\d{1,2})?)_(\d{1,9})$/.exec(cursor ?? '') ?? [];
  return score === undefined ? undefined : { score, skip: Number(skip) };
}
