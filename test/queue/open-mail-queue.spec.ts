import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { openMailQueue, type OpenQueueOptions } from '../../lib/queue/open-mail-queue.js';
import { queueNameOf } from '../../lib/queue/queue-options.interface.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-open-'));
  await writeFile(join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true }));

const WRONG: [what: string, option: string, queue: unknown, message: RegExp][] = [
  ['no backend', 'queue', {}, /no backend is given.*redis:\/\/localhost/],
  [
    'two backends',
    'queue',
    { redis: 'redis://localhost', postgres: 'postgres://localhost' },
    /not both redis and postgres/,
  ],
  ['a name with a colon', 'queue.name', { redis: 'redis://localhost', name: 'a:b' }, /letters, digits/],
  ['an HTTP URL for Redis', 'queue.redis', { redis: 'http://user:secret@localhost' }, /no Redis URL.*redis:\/\//],
  ['a host for a URL', 'queue.redis', { redis: 'localhost:6379' }, /no Redis URL/],
  ['a Redis database that is no number', 'queue.redis', { redis: 'redis://localhost/mails' }, /number of a database/],
  ['a bad URL in Redis options', 'queue.redis', { redis: { url: 'nonsense secret' } }, /no Redis URL/],
  ['an empty cluster', 'queue.redis', { redis: { cluster: [] } }, /list of some of its nodes/],
  ['a key prefix', 'queue.redis', { redis: { host: 'localhost', keyPrefix: 'x' } }, /keyPrefix/],
  ['a number for Redis', 'queue.redis', { redis: 6379 }, /Give a URL such as/],
  ['"shared" with nothing to share', 'queue.redis', { redis: 'shared' }, /BullModule\.forRoot/],
  ['a MySQL URL for Postgres', 'queue.postgres', { postgres: 'mysql://user:secret@localhost' }, /no Postgres URL/],
  ['a bad connection string', 'queue.postgres', { postgres: { connectionString: 'secret' } }, /no Postgres URL/],
  ['one client for a pool', 'queue.postgres', { postgres: new Client() }, /one client is no pool/],
  ['true for Postgres', 'queue.postgres', { postgres: true }, /Give a URL such as/],
  ['false for the embedded queue', 'queue.embedded', { embedded: false }, /a folder, or true for memory/],
  ['an empty folder name', 'queue.embedded', { embedded: '' }, /a folder, or true for memory/],
];

describe('opening a queue', () => {
  it.each(WRONG)('refuses %s, names %s, and says how to mend it', async (_what, option, queue, message) => {
    const opening = openMailQueue({ queue } as OpenQueueOptions);
    await expect(opening).rejects.toThrow(RelayConfigurationError);
    await expect(opening).rejects.toMatchObject({ option });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  it.each([
    ['pg', 'queue.postgres', { postgres: 'postgres://localhost' }],
    ['@electric-sql/pglite', 'queue.embedded', { embedded: true as const }],
  ])('says how to install %s where it is missing', async (name, option, queue) => {
    vi.doMock(name, () => {
      throw new Error(`Cannot find package '${name}'`);
    });
    const opening = openMailQueue({ queue });
    await expect(opening).rejects.toMatchObject({ name: 'RelayConfigurationError', option });
    await expect(opening).rejects.toThrow(`npm install ${name}`);
    vi.doUnmock(name);
  });

  it('refuses a shared connection that is no Redis', async () => {
    const shared = { connectionString: 'postgres://localhost' };
    await expect(openMailQueue({ queue: { redis: 'shared' }, shared })).rejects.toThrow(/no Redis/);
  });

  it('refuses a folder for the embedded queue that cannot be made', async () => {
    const opening = openMailQueue({ queue: { embedded: join(folder, 'file', 'queue') } });
    await expect(opening).rejects.toThrow(RelayConfigurationError);
    await expect(opening).rejects.toThrow(join(folder, 'file', 'queue'));
  });

  it('names the BullMQ queue by the relay, unless it is told otherwise', () => {
    expect(queueNameOf({})).toBe('relay');
    expect(queueNameOf({}, 'marketing')).toBe('relay-marketing');
    expect(queueNameOf({ name: 'mails' }, 'marketing')).toBe('mails');
  });
});
