import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { FolderLock } from '../../lib/queue/backend/embedded/folder-lock.js';
import type { MailQueue } from '../../lib/queue/mail-queue.interface.js';
import { openMailQueue } from '../../lib/queue/open-mail-queue.js';
import { childScript, type ChildScript } from '../support/child.js';
import { Recorder } from '../support/recorder.js';
import { newMail } from '../support/snapshots.js';

let folder: string;
let script: ChildScript;
beforeAll(async () => {
  script = await childScript('queue-child.ts');
});
afterAll(() => script.remove());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-embedded-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = async (): Promise<MailQueue> => (await openMailQueue({ queue: { embedded: folder } })).mailQueue;

describe('an embedded queue', () => {
  it('loses no mail that it accepted when its process is killed', { timeout: 120_000 }, async () => {
    const accepted = new Set<string>();
    for (let round = 0; round < 2; round++) {
      const child = script.start('producer', JSON.stringify({ embedded: folder }));
      for (let n = 0; n < 30 + round * 25; n++) accepted.add((await child.message<{ accepted: string }>()).accepted);
      await child.kill();
    }
    const queue = await open();
    const recorder = new Recorder();
    const worker = queue.work(recorder.handler(), { concurrency: 5 });
    await recorder.taken(accepted.size);
    while ([...accepted].some((id) => !recorder.ids.includes(id))) await recorder.taken(recorder.jobs.length + 1);
    await worker.close(1_000);
    await queue.close();
  });

  it('keeps mails, outcomes and idempotency keys from one opening to the next', { timeout: 60_000 }, async () => {
    const deduplication = { id: 'k', ttl: 60_000 };
    const mail = newMail({}, { delay: 60_000, deduplication });
    let queue = await open();
    await queue.add(mail);
    await queue.store.cancel(mail.snapshot.id);
    await queue.close();
    queue = await open();
    expect(await queue.find(mail.snapshot.id)).toMatchObject({ snapshot: mail.snapshot, state: 'scheduled' });
    expect(await queue.store.load(mail.snapshot.id)).toMatchObject({ cancelled: true });
    expect(await queue.add(newMail({}, { deduplication }))).toEqual({ id: mail.snapshot.id, duplicate: true });
    await queue.close();
    expect(await readdir(folder)).toEqual(['data']);
  });

  it('refuses a folder that another process has, and names both', { timeout: 60_000 }, async () => {
    const child = script.start('producer', JSON.stringify({ embedded: folder }));
    await child.message();
    const opening = open();
    await expect(opening).rejects.toThrow(RelayConfigurationError);
    await expect(opening).rejects.toThrow(folder);
    await expect(opening).rejects.toThrow(`process ${child.pid}`);
    await child.kill();
    // The lock of a killed process does not hold.
    await (await open()).close();
  });

  it('refuses a folder that another relay of this process has', { timeout: 60_000 }, async () => {
    const queue = await open();
    await expect(open()).rejects.toThrow(/another relay of this process/);
    await queue.close();
    await (await open()).close();
  });
});

describe('the lock of a folder', () => {
  const write = (owner: object | string): Promise<void> =>
    writeFile(join(folder, 'relay.lock'), typeof owner === 'string' ? owner : JSON.stringify(owner));
  const take = (): void => new FolderLock(folder).release();

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, host: hostname(), id: 'x' }],
    ['an earlier process with this pid', { pid: process.pid, host: hostname(), id: 'x' }],
    [
      'another process that has got the pid since',
      { pid: process.ppid, host: hostname(), began: 'another boot 1', id: 'x' },
    ],
  ])('does not hold for %s', async (_whose, owner) => {
    await write(owner);
    expect(take).not.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not hold when it cannot be read', async () => {
    await write('{ "pid":');
    expect(take).not.toThrow();
  });

  it('of another host holds as long as that gives signs of life', async () => {
    await write({ pid: 7, host: 'another-host', id: 'x' });
    expect(take).toThrow(/process 7 on another-host/);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(join(folder, 'relay.lock'), longAgo, longAgo);
    expect(take).not.toThrow();
  });

  it('goes to one only of many that find it stale', async () => {
    await write({ pid: 2 ** 22 + 1, host: hostname(), id: 'x' });
    const locks: FolderLock[] = [];
    for (let n = 0; n < 5; n++) {
      try {
        locks.push(new FolderLock(folder));
      } catch (error) {
        expect(error).toBeInstanceOf(RelayConfigurationError);
      }
    }
    expect(locks).toHaveLength(1);
    locks[0]!.release();
  });
});
