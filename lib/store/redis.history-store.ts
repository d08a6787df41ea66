import type { Cluster, Redis } from 'ioredis';
import { RETENTION } from '../delivery/outcome-store.interface.js';
import {
  type HistoryChanges,
  type HistoryFind,
  type HistoryPlace,
  type HistoryQuery,
  type HistoryStore,
  LISTED_STATES,
  type ListedState,
  MOST_CHANGES,
  type NotedMail,
} from '../history/history-store.interface.js';
import { MAIL_ID_BYTES, packMailId, unpackMailId } from '../mail/mail-id.js';
import { bitsOf, filterOf } from './block-filter.js';
import { HISTORY_SCRIPTS, MOST_ENTRIES } from './redis-history-scripts.js';
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
    const ours = await this.#placed(mails.filter(({ id }) => UUID.test(id)));
    const blocks = new Map<number, Draft>();
    for (const { place, id, terms } of ours) {
      const block = blockOf(place);
      let draft = blocks.get(block);
      if (!draft) blocks.set(block, (draft = { ids: new Map(), terms: new Set() }));
      draft.ids.set(place, id);
      for (const term of terms) draft.terms.add(term);
    }
    const listed = ours.filter(({ states }) => states.length > 0);
    await Promise.all([
      ...listed.flatMap(({ id, place, states }) => states.map((state) => this.#list(state, place, id))),
      ...[...blocks].map(([block, draft]) => this.#write(block, draft)),
    ]);
    await this.#trim();
  }

  async find({ terms, state, before, limit }: HistoryQuery): Promise<HistoryFind> {
    const { last, first } = await this.#range();
    const from = Math.min(before ?? Infinity, last + 1) - 1;
    if (state !== undefined) return this.#inState(state, from, limit);
    if (terms.length === 0) return this.#walk(from, limit, first);
    const bits = terms.flatMap(bitsOf);
    const block = await this.#first('candidate', blockOf(from), blockOf(first), (one) => this.#filter(one), bits);
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
    const { first } = await this.#range();
    const last = (await this.#run('skip', [this.#key(HISTORY_META)], [BLOCK])) as number;
    const end = blockOf(last);
    for (let block = blockOf(first); block <= end; block += BLOCKS_AT_ONCE) {
      const some = range(block, Math.min(end, block + BLOCKS_AT_ONCE - 1));
      await this.#guard(() => this.#client.del(...some.flatMap((one) => [this.#block(one), this.#filter(one)])));
    }
    await this.#unlist(last);
    // What is noted of the same mails later stays below the first block.
    await this.#guard(() => this.#client.hset(this.#key(HISTORY_META), 'tail', Math.ceil(last / BLOCK)));
    return Math.max(0, last - first + 1);
  }

  /** With the number of each: its own, or a new one. Without those whose outcomes are forgotten already. */
  async #placed(mails: readonly NotedMail[]): Promise<PlacedMail[]> {
    const without = mails.filter(({ place }) => place === undefined);
    if (without.length === 0) return mails as PlacedMail[];
    const keys = [this.#key(HISTORY_META), ...without.map(({ id }) => this.#mails + id)];
    const places = (await this.#run('place', keys, [])) as number[];
    const given = new Map(without.map(({ id }, index) => [id, places[index]!]));
    return mails
      .map((mail) => ({ ...mail, place: mail.place ?? given.get(mail.id)! }))
      .filter(({ place }) => place > 0);
  }

  #list(state: ListedState, place: number, id: string): Promise<unknown> {
    return this.#guard(() => this.#client.zadd(this.#key(`state:${state}`), place, id));
  }

  /** All up to a place. */
  async #unlist(place: number): Promise<void> {
    for (const state of LISTED_STATES)
      await this.#guard(() => this.#client.zremrangebyscore(this.#key(`state:${state}`), '-inf', place));
  }

  #write(block: number, { ids, terms }: Draft): Promise<unknown> {
    const many = terms.size > FEW_TERMS;
    const bits = many ? [] : [...terms].flatMap(bitsOf);
    const told = [...ids.values()].slice(-MOST_CHANGES).join(' ');
    const keys = [
      this.#block(block),
      this.#filter(block),
      ...['draft', 'changes', HISTORY_META].map((name) => this.#key(name)),
    ];
    const args = [this.#retention, told, many ? filterOf(terms) : '', bits.length, ...bits];
    return this.#run('write', keys, [...args, ...runs(ids, firstOf(block))]);
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
      if (ids === undefined) {
        const next = await this.#newest(block, blockOf(first));
        if (next === undefined) return { found };
        // Meanwhile more may have been written.
        top = Math.min(next, bottom - 1);
        continue;
      }
      for (let place = top; place >= bottom; place--) {
        const id = ids[place - bottom];
        if (id !== undefined) found.push({ id, place });
      }
      left -= top - bottom + 1;
      top = bottom - 1;
    }
    return top >= first ? { found, next: top + 1 } : { found };
  }

  /** The last place that is written, going down from a block to another. */
  async #newest(from: number, to: number): Promise<number | undefined> {
    const block = await this.#first('existing', from, to, (one) => this.#block(one), []);
    if (block === undefined) return undefined;
    const bytes = await this.#guard(() => this.#client.strlen(this.#block(block)));
    return firstOf(block) + bytes / MAIL_ID_BYTES - 1;
  }

  /** `undefined` where no place is written, from the bottom to the block's end. */
  async #ids(block: number, bottom: number, top: number): Promise<(string | undefined)[] | undefined> {
    const at = (place: number): number => (place - firstOf(block)) * MAIL_ID_BYTES;
    const bytes = await this.#guard(() => this.#client.getrangeBuffer(this.#block(block), at(bottom), at(top + 1) - 1));
    if (bytes.length === 0) return undefined;
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

  /** The first block, going down, whose key the script picks. */
  async #first(
    script: 'existing' | 'candidate',
    from: number,
    to: number,
    keyOf: (block: number) => string,
    args: readonly number[],
  ): Promise<number | undefined> {
    for (let top = from; top >= to; top -= BLOCKS_AT_ONCE) {
      const blocks = range(Math.max(to, top - BLOCKS_AT_ONCE + 1), top).toReversed();
      const index = (await this.#run(script, blocks.map(keyOf), args)) as number;
      if (index > 0) return blocks[index - 1];
    }
    return undefined;
  }

  async #range(): Promise<{ first: number; last: number }> {
    const [last, tail] = await this.#guard(() => this.#client.hmget(this.#key(HISTORY_META), 'last', 'tail'));
    return { first: firstOf(Number(tail ?? 0)), last: Number(last ?? 0) };
  }

  /**
   * Blocks go by themselves when their time is over; now and then one process notes up to which one. A block of mails that were numbered
   * since it was last noted may have yet to be written.
   */
  async #trim(): Promise<void> {
    if (performance.now() - this.#trimmedAt < TRIM_EVERY) return;
    this.#trimmedAt = performance.now();
    const turn = await this.#guard(() => this.#client.set(this.#key('trimmed'), 1, 'PX', TRIM_EVERY, 'NX'));
    if (turn === null) return;
    const { first, last } = await this.#range();
    const settled = Number((await this.#guard(() => this.#client.hget(this.#key(HISTORY_META), 'settled'))) ?? 0);
    let tail = blockOf(first);
    for (; tail < blockOf(settled); tail++)
      if ((await this.#guard(() => this.#client.exists(this.#block(tail)))) === 1) break;
    await this.#guard(() => this.#client.hset(this.#key(HISTORY_META), 'settled', last));
    if (tail === blockOf(first)) return;
    await this.#guard(() => this.#client.hset(this.#key(HISTORY_META), 'tail', tail));
    await this.#unlist(firstOf(tail) - 1);
  }

  #run(
    name: keyof typeof HISTORY_SCRIPTS,
    keys: string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
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
  ids: Map<number, string>;
  terms: Set<string>;
}

type PlacedMail = NotedMail & { readonly place: number };

/** Where the mails are counted: `last` is the number of the newest. */
export const HISTORY_META = 'meta';

const COMMAND = 'relayHistory:';
/** Mails. */
const BLOCK = 1_024;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** The bits of so few are set one by one. */
const FEW_TERMS = 64;
const BLOCKS_AT_ONCE = 500;
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

/** Offsets and packed ids in turn: what lies side by side is written at once. @param first place of the block */
function runs(ids: ReadonlyMap<number, string>, first: number): (number | Buffer)[] {
  const places = [...ids.keys()].sort((a, b) => a - b);
  const all: (number | Buffer)[] = [];
  for (let from = 0; from < places.length;) {
    const place = places[from]!;
    let together = '';
    for (let next = place; places[from] === next; next++, from++) together += ids.get(next)!;
    all.push((place - first) * MAIL_ID_BYTES, packMailId(together));
  }
  return all;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
