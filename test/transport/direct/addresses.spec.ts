import { describe, expect, it } from 'vitest';
import type { SharedStore } from '../../../lib/shared-store.interface.js';
import { MemorySharedStore } from '../../../lib/store/memory.shared-store.js';
import type { WarmUp } from '../../../lib/transport/direct/direct-transport-options.interface.js';
import { sourceAddresses } from '../../../lib/transport/direct/source-address.js';
import { SourcePool } from '../../../lib/transport/direct/source-pool.js';
import { faultyServer } from '../../support/smtp/smtp-fixtures.js';
import { directTransport, dnsServer, send, statesOf } from './support.js';

const DAY = 86_400_000;

function poolWith(warmups: readonly (WarmUp | undefined)[], clock: () => number, shared?: SharedStore): SourcePool {
  const addresses = warmups.map((warmup, index) => ({
    address: `127.0.1.${index + 1}`,
    name: `out${index}.sender.test`,
    ...(warmup && { warmup }),
  }));
  const pool = new SourcePool(
    sourceAddresses(addresses, () => true),
    clock,
  );
  if (shared) pool.join({ name: 'direct', shared });
  return pool;
}

/** How many recipients one after another may be written to. */
async function room(pool: SourcePool, most = 1_000): Promise<number> {
  for (let count = 0; count < most; count++)
    try {
      await pool.take(`user${count}@acme.test`, 1);
    } catch {
      return count;
    }
  return most;
}

describe('a warm-up', () => {
  it('allows more each day', async () => {
    let now = Date.parse('2026-11-01T13:00:00Z');
    const pool = poolWith([{ start: '10/day', growth: 1.5, since: '2026-11-01' }], () => now);
    const days: number[] = [];
    for (let day = 0; day < 5; day++, now += DAY) days.push(await room(pool));
    expect(days).toEqual([10, 15, 22, 33, 50]);
  });

  it('says when there is room again', async () => {
    const now = Date.parse('2026-11-01T18:00:00Z');
    const pool = poolWith([{ start: '2/day', since: '2026-11-01' }], () => now);
    await room(pool);
    await expect(pool.take('a@acme.test', 1)).rejects.toMatchObject({
      scope: 'transport',
      reason: 'quota',
      permanent: false,
      retryAfter: 6 * 3_600_000,
    });
  });

  it('begins with the first mail where no day is given, and on its day where one is', async () => {
    let now = Date.parse('2026-11-03T01:00:00Z');
    const clock = (): number => now;
    const own = poolWith([{ start: '10/day', growth: 2 }], clock);
    const later = poolWith([{ start: '10/day', since: '2026-11-04' }], clock);
    expect([await room(own), await room(later)]).toEqual([10, 0]);
    now += DAY;
    expect([await room(own), await room(later)]).toEqual([20, 10]);
  });

  it('is over when it allows as many as are asked for', async () => {
    const now = Date.parse('2026-11-11T00:00:00Z');
    const pool = poolWith([{ start: '10/day', growth: 2, since: '2026-11-01', until: '5000/day' }], () => now);
    expect(await room(pool, 12_000)).toBe(12_000);
  });

  it('is counted over all processes', async () => {
    const clock = (): number => Date.parse('2026-11-01T12:00:00Z');
    const shared = new MemorySharedStore(clock);
    const pools = Array.from({ length: 4 }, () => poolWith([{ start: '100/day', since: '2026-11-01' }], clock, shared));
    const counts = await Promise.all(pools.map((pool) => room(pool)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(100);
  });

  it('allows a day no more when the clock jumps over midnight and back', async () => {
    let now = Date.parse('2026-11-02T23:30:00Z');
    const pool = poolWith([{ start: '10/day', growth: 2, since: '2026-11-01' }], () => now);
    expect(await room(pool)).toBe(20);
    now += 3_600_000;
    expect(await room(pool)).toBe(40);
    now -= 3_600_000;
    expect(await room(pool)).toBe(0);
    await expect(pool.take('a@acme.test', 1)).rejects.toMatchObject({ retryAfter: DAY + 1_800_000 });
    now += 3_600_000;
    expect(await room(pool)).toBe(0);
    now += DAY;
    expect(await room(pool)).toBe(80);
  });

  it('gives back what was not sent, and a mail to more recipients than a day allows goes in parts', async () => {
    const pool = poolWith([{ start: '10/day', since: '2026-11-01' }], () => Date.parse('2026-11-01T12:00:00Z'));
    const lease = await pool.take('a@acme.test', 30);
    expect(lease.recipients).toBe(10);
    await lease.giveBack(4);
    expect((await pool.take('b@acme.test', 30)).recipients).toBe(4);
    await expect(pool.take('c@acme.test', 1)).rejects.toThrow(/warm-up/);
  });
});

describe('several addresses', () => {
  it('share the recipients, each of whom always hears from the same one', async () => {
    const pool = poolWith([undefined, undefined, undefined], Date.now);
    const uses = new Map<string, number>();
    for (let index = 0; index < 300; index++) {
      const recipient = `user${index}@acme.test`;
      const { source } = await pool.take(recipient, 1);
      expect((await pool.take(recipient.toUpperCase(), 1)).source).toBe(source);
      uses.set(source.key, (uses.get(source.key) ?? 0) + 1);
    }
    expect(uses.size).toBe(3);
    expect(Math.min(...uses.values())).toBeGreaterThan(60);
  });

  it('stand in for the one whose share is used up', async () => {
    const clock = (): number => Date.parse('2026-11-01T12:00:00Z');
    const pool = poolWith([{ start: '5/day', since: '2026-11-01' }, undefined], clock);
    const keys = new Map<string, number>();
    for (let index = 0; index < 100; index++) {
      const { source } = await pool.take(`user${index}@acme.test`, 1);
      keys.set(source.key, (keys.get(source.key) ?? 0) + 1);
    }
    expect(Object.fromEntries(keys)).toEqual({ '127.0.1.1': 5, '127.0.1.2': 95 });
  });
});

describe('a transport with addresses', () => {
  const zone = { 'acme.test': { MX: '10 mx.acme.test' }, 'mx.acme.test': { A: '127.0.0.2' } };

  it('sends from them, under their names', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), {
      port: server.port,
      addresses: [
        { address: '127.0.1.1', name: 'out1.sender.test' },
        { address: ['127.0.1.2', '::1'], name: 'out2.sender.test' },
      ],
    });
    for (let index = 0; index < 20; index++) await send(direct, `user${index}@acme.test`);
    const names = server.commands.filter((command) => command.startsWith('EHLO'));
    expect(names.toSorted()).toEqual(['EHLO out1.sender.test', 'EHLO out2.sender.test']);
  });

  it('waits for tomorrow when their shares are used up, and says so of itself', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer({ ...zone, 'other.test': { MX: '10 mx.acme.test' } }), {
      port: server.port,
      addresses: [{ address: '127.0.1.1', name: 'out1.sender.test', warmup: { start: '3/day' } }],
    });
    expect(statesOf(await send(direct, ['a@acme.test', 'b@acme.test']))).toBe('a@acme.test sent, b@acme.test sent');
    const { recipients } = await send(direct, ['c@acme.test', 'd@acme.test']);
    expect(recipients).toMatchObject([
      { state: 'sent' },
      { state: 'deferred', error: { reason: 'quota', scope: 'recipient' } },
    ]);
    await expect(send(direct, ['e@acme.test', 'f@other.test'])).rejects.toMatchObject({
      scope: 'transport',
      reason: 'quota',
      retryAfter: expect.any(Number),
    });
  });

  it('does not count what a server did not take', async () => {
    const server = await faultyServer({ host: '127.0.0.2', script: { rcpt: '450 4.2.1 Not now' } });
    const direct = directTransport(await dnsServer(zone), {
      port: server.port,
      addresses: [{ address: '127.0.1.1', name: 'out1.sender.test', warmup: { start: '1/day' } }],
    });
    for (let index = 0; index < 3; index++)
      expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test deferred');
    server.script = {};
    expect(statesOf(await send(direct, 'a@acme.test'))).toBe('a@acme.test sent');
    await expect(send(direct, 'a@acme.test')).rejects.toMatchObject({ reason: 'quota' });
  });

  it('goes from those that have the server’s family', async () => {
    const server = await faultyServer({ host: '127.0.0.2' });
    const direct = directTransport(await dnsServer(zone), {
      port: server.port,
      addresses: [
        { address: '::1', name: 'six.sender.test' },
        { address: '127.0.1.1', name: 'four.sender.test' },
      ],
    });
    for (let index = 0; index < 10; index++) {
      const to = `user${index}@acme.test`;
      expect(statesOf(await send(direct, to))).toBe(`${to} sent`);
    }
  });

  it('does not reach servers of a family that it has no address of', async () => {
    const direct = directTransport(await dnsServer(zone), {
      addresses: [{ address: '::1', name: 'out1.sender.test' }],
    });
    const { recipients } = await send(direct, 'a@acme.test');
    expect(recipients).toMatchObject([{ state: 'deferred', error: { message: /no address of that family/ } }]);
  });
});
