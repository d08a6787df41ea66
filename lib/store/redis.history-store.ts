import type { Cluster, Redis } from 'ioredis';
import { RETENTION } from '../delivery/outcome-store.interface.js';
import {
  type HistoryChanges,
  type HistoryFind,
  type HistoryPlace,
  type HistoryQuery,
  type HistoryStore,
  LISTED_STATES,
  MOST_CHANGES,
  type NotedMail,
} from '../history/history-store.interface.js';
import { MAIL_ID_BYTES, packMailId, unpackMailId } from '../mail/mail-id.js';
import { bitsOf, filterOf } from './block-filter.js';
import { HISTORY_SCRIPTS } from './redis-history-scripts.js';
import type { Guard } from './redis.outcome-store.js';

/**
 * The history in Redis. Mails are numbered; 1,024 of them make a block, which is one string of their ids beside a filter of their terms: a
 * mail takes 24 bytes, and many mails are noted by a handful of commands. A mail's number is in the hash of its outcomes.
 */
export class RedisHistoryStore implements HistoryStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #mails: string;
  readonly #guard: Guard;
  readonly #retention: number;
  #trimmedAt = -Infinity;

  /**
   * @param prefix of its keys, with the hash tag of the queue's keys
   * @param mails prefix of the outcomes' keys
   * @param retention in milliseconds
   */
  constructor(client: Redis | Cluster, prefix: string, mails: string, guard: Guard, retention = RETENTION) {
    this.#client = client;
    this.#prefix = prefix;
    this.#mails = mails;
    this.#guard = guard;
    this.#retention = retention;
    for (const [name, lua] of Object.entries(HISTORY_SCRIPTS)) client.defineCommand(COMMAND + name, { lua });
  }

  async note(mails: readonly NotedMail[]): Promise<void> {
    const ours = mails.filter(({ id }) => UUID.test(id));
    if (ours.length === 0) return;
    const places = await this.#places(ours.map(({ id }) => id));
    const blocks = new Map<number, Draft>();
    const multi = this.#client.multi();
    for (const [index, { id, terms, states }] of ours.entries()) {
      const place = places[index]!;
      // Its outcomes are forgotten already.
      if (place === 0) continue;
      const block = blockOf(place);
      let draft = blocks.get(block);
      if (!draft) blocks.set(block, (draft = { places: new Map(), terms: new Set() }));
      draft.places.set(place - firstOf(block), packMailId(id));
      for (const term of terms) draft.terms.add(term);
      for (const state of states) multi.zadd(this.#key(`state:${state}`), place, id);
    }
    if (blocks.size === 0) return;
    for (const [block, draft] of blocks) this.#write(multi, block, draft);
    const told = ours.slice(-MOST_CHANGES).map(({ id }) => id);
    multi.xadd(this.#key('changes'), 'MAXLEN', '~', MOST_ENTRIES, '*', 'ids', told.join(' '));
    for (const key of ['changes', 'meta']) multi.pexpire(this.#key(key), this.#retention * 2);
    await this.#guard(async () => failed(await multi.exec()));
    await this.#trim();
  }

  async find({ terms, state, before, limit }: HistoryQuery): Promise<HistoryFind> {
    const { last, first } = await this.#range();
    const from = Math.min(before ?? Infinity, last + 1) - 1;
    if (state !== undefined) return this.#inState(state, from, limit);
    if (terms.length === 0) return this.#walk(from, limit, first);
    const block = await this.#candidate(blockOf(from), blockOf(first), terms.flatMap(bitsOf));
    if (block === undefined) return { found: [] };
    const top = Math.min(from, firstOf(block) + BLOCK - 1);
    return this.#walk(top, Math.min(limit, top - firstOf(block) + 1), first);
  }

  async changes(cursor?: string): Promise<HistoryChanges> {
    const key = this.#key('changes');
    if (cursor === undefined || !/^\d{1,19}-\d{1,19}$/.test(cursor)) {
      const latest = await this.#guard(() => this.#client.xrevrange(key, '+', '-', 'COUNT', 1));
      return { ids: [], cursor: latest[0]?.[0] ?? '0-0' };
    }
    const read = await this.#guard(() => this.#client.xread('COUNT', MOST_ENTRIES, 'STREAMS', key, cursor));
    const entries = read?.[0]?.[1] ?? [];
    const ids = entries.flatMap(([, [, text = '']]) => text.split(' '));
    return { ids: [...new Set(ids)].slice(-MOST_CHANGES), cursor: entries.at(-1)?.[0] ?? cursor };
  }

  async size(): Promise<number> {
    const { first, last } = await this.#range();
    return Math.max(0, last - first + 1);
  }

  async clear(): Promise<number> {
    const { first, last } = await this.#range();
    const end = blockOf(last);
    for (let block = blockOf(first); block <= end; block += BLOCKS_AT_ONCE) {
      const some = range(block, Math.min(end, block + BLOCKS_AT_ONCE - 1));
      await this.#guard(() => this.#client.del(...some.flatMap((one) => [this.#block(one), this.#filter(one)])));
    }
    await this.#guard(() => this.#client.del(...LISTED_STATES.map((state) => this.#key(`state:${state}`))));
    // What is noted of the same mails later stays below the first block.
    await this.#guard(() => this.#client.hset(this.#key('meta'), { last: firstOf(end + 1) - 1, tail: end + 1 }));
    return Math.max(0, last - first + 1);
  }

  /** The number of each mail: its own, or a new one; 0 for one that is forgotten. */
  async #places(ids: readonly string[]): Promise<number[]> {
    const keys = [this.#key('meta'), ...ids.map((id) => this.#mails + id)];
    return (await this.#run('place', keys, [])) as number[];
  }

  #write(multi: Multi, block: number, { places, terms }: Draft): void {
    for (const [offset, ids] of runs(places))
      multi.setrange(this.#block(block), offset * MAIL_ID_BYTES, Buffer.concat(ids));
    const filter = this.#filter(block);
    if (terms.size > FEW_TERMS) {
      const draft = this.#key('draft');
      multi.set(draft, filterOf(terms), 'PX', 60_000);
      multi.bitop('OR', filter, filter, draft);
    } else if (terms.size > 0) {
      const bits = [...terms].flatMap(bitsOf);
      multi.call('BITFIELD', filter, ...bits.flatMap((bit) => ['SET', 'u1', String(bit), '1']));
    }
    for (const key of [this.#block(block), filter]) multi.pexpire(key, this.#retention);
  }

  /** All that is there, from a place down. */
  async #walk(from: number, limit: number, first: number): Promise<HistoryFind> {
    const found: HistoryPlace[] = [];
    let top = from;
    let left = limit;
    while (left > 0 && top >= first) {
      const block = blockOf(top);
      const bottom = Math.max(firstOf(block), top - left + 1);
      const ids = await this.#ids(block, bottom, top);
      if (ids === undefined) return { found };
      for (let place = top; place >= bottom; place--) {
        const id = ids[place - bottom];
        if (id !== undefined) found.push({ id, place });
      }
      left -= top - bottom + 1;
      top = bottom - 1;
    }
    return top >= first ? { found, next: top + 1 } : { found };
  }

  async #ids(block: number, bottom: number, top: number): Promise<(string | undefined)[] | undefined> {
    const at = (place: number): number => (place - firstOf(block)) * MAIL_ID_BYTES;
    const bytes = await this.#guard(() => this.#client.getrangeBuffer(this.#block(block), at(bottom), at(top + 1) - 1));
    if (bytes.length === 0 && bottom === firstOf(block)) return undefined;
    return Array.from({ length: top - bottom + 1 }, (_, index) =>
      idOf(bytes.subarray(index * MAIL_ID_BYTES, (index + 1) * MAIL_ID_BYTES)),
    );
  }

  async #inState(state: string, from: number, limit: number): Promise<HistoryFind> {
    const key = this.#key(`state:${state}`);
    const flat = await this.#guard(() =>
      this.#client.zrevrangebyscore(key, from, '-inf', 'WITHSCORES', 'LIMIT', 0, limit),
    );
    const found = Array.from({ length: flat.length / 2 }, (_, index) => ({
      id: flat[index * 2]!,
      place: Number(flat[index * 2 + 1]),
    }));
    return found.length === limit ? { found, next: found.at(-1)!.place } : { found };
  }

  /** The next block, going down, that may hold a mail with these terms. */
  async #candidate(from: number, to: number, bits: readonly number[]): Promise<number | undefined> {
    for (let top = from; top >= to; top -= BLOCKS_AT_ONCE) {
      const blocks = range(Math.max(to, top - BLOCKS_AT_ONCE + 1), top).toReversed();
      const keys = blocks.map((block) => this.#filter(block));
      const index = (await this.#run('candidate', keys, bits)) as number;
      if (index > 0) return blocks[index - 1];
    }
    return undefined;
  }

  async #range(): Promise<{ first: number; last: number }> {
    const [last, tail] = await this.#guard(() => this.#client.hmget(this.#key('meta'), 'last', 'tail'));
    return { first: firstOf(Number(tail ?? 0)), last: Number(last ?? 0) };
  }

  /** Blocks go by themselves when their time is over; now and then it is noted up to which one. */
  async #trim(): Promise<void> {
    if (performance.now() - this.#trimmedAt < TRIM_EVERY) return;
    this.#trimmedAt = performance.now();
    const { first, last } = await this.#range();
    let tail = blockOf(first);
    for (; tail < blockOf(last); tail++)
      if ((await this.#guard(() => this.#client.exists(this.#block(tail)))) === 1) break;
    if (tail === blockOf(first)) return;
    await this.#guard(() => this.#client.hset(this.#key('meta'), 'tail', tail));
    for (const state of LISTED_STATES)
      await this.#guard(() => this.#client.zremrangebyscore(this.#key(`state:${state}`), '-inf', firstOf(tail) - 1));
  }

  #run(name: keyof typeof HISTORY_SCRIPTS, keys: string[], args: readonly (string | number)[]): Promise<unknown> {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    return this.#guard(() => client[COMMAND + name]!(keys.length, ...keys, ...args));
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  #block(block: number): string {
    return this.#key(`block:${block}`);
  }

  #filter(block: number): string {
    return this.#key(`filter:${block}`);
  }
}

/** What is to be written of one block: ids by their place in it, and terms for its filter. */
interface Draft {
  places: Map<number, Buffer>;
  terms: Set<string>;
}

type Multi = ReturnType<Redis['multi']>;

const COMMAND = 'relayHistory:';
/** Mails. */
const BLOCK = 1_024;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** The bits of so few are set one by one. */
const FEW_TERMS = 64;
const BLOCKS_AT_ONCE = 500;
const MOST_ENTRIES = 100;
/** Milliseconds. */
const TRIM_EVERY = 600_000;

/** Places begin with 1. */
function blockOf(place: number): number {
  return Math.floor(Math.max(0, place - 1) / BLOCK);
}

function firstOf(block: number): number {
  return block * BLOCK + 1;
}

/** `undefined` for a place that nobody has written. */
function idOf(bytes: Buffer): string | undefined {
  return bytes.length < MAIL_ID_BYTES || bytes.every((byte) => byte === 0) ? undefined : unpackMailId(bytes);
}

/** What lies side by side is written at once. */
function runs(places: ReadonlyMap<number, Buffer>): [offset: number, ids: Buffer[]][] {
  const all: [number, Buffer[]][] = [];
  for (const [offset, id] of [...places].sort(([a], [b]) => a - b)) {
    const last = all.at(-1);
    if (last && last[0] + last[1].length === offset) last[1].push(id);
    else all.push([offset, [id]]);
  }
  return all;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function failed(results: [Error | null, unknown][] | null): void {
  const error = results?.find(([one]) => one)?.[0];
  if (error) throw error;
}
