import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { FileTransport } from '../../lib/transport/file.transport.js';
import { LogTransport } from '../../lib/transport/log.transport.js';
import { MemoryTransport } from '../../lib/transport/memory.transport.js';
import { testMessage } from '../support/smtp/test-message.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('MemoryTransport', () => {
  it('keeps what it was given, with its bytes, and the last of them only', async () => {
    const memory = new MemoryTransport({ limit: 2 });
    const messages = [testMessage({ raw: 'one' }), testMessage({ raw: 'two' }), testMessage({ raw: 'three' })];
    for (const message of messages) await memory.send(message);
    expect(memory.messages).toEqual(messages.slice(1));
    expect(Buffer.from(await memory.messages[1]!.raw()).toString()).toBe('three');
  });

  it('forgets on request, and leaves alone what was looked at before', async () => {
    const memory = new MemoryTransport();
    await memory.send(testMessage());
    const before = memory.messages;
    memory.clear();
    expect(memory.messages).toEqual([]);
    expect(before).toHaveLength(1);
  });

  it('refuses a message that cannot be composed, as a real transport would', async () => {
    const memory = new MemoryTransport();
    const broken = { ...testMessage(), raw: () => Promise.reject(new Error('broken')) };
    await expect(memory.send(broken)).rejects.toThrow('broken');
    expect(memory.messages).toEqual([]);
  });

  it('refuses a limit of nothing', () => {
    expect(() => new MemoryTransport({ limit: 0 })).toThrow(RelayConfigurationError);
  });
});

describe('FileTransport', () => {
  it('writes the message to a file of its own, named by time and id, in a folder that it makes', async () => {
    const dir = join(await temporaryFolder(), 'a', 'b');
    const message = testMessage({ raw: 'Subject: x\r\n\r\nHi\r\n' });
    const before = new Date().toISOString();
    const { response } = await new FileTransport({ dir }).send(message);
    const [name, ...others] = await readdir(dir);
    expect(others).toEqual([]);
    expect(response).toBe(join(dir, name!));
    expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-[\w-]+\.eml$/);
    expect(name).toContain(message.id);
    expect(name! >= before.replace(/[:.]/g, '-')).toBe(true);
    expect(await readFile(response!, 'utf8')).toBe('Subject: x\r\n\r\nHi\r\n');
  });

  it('keeps both when a message is sent twice at once', async () => {
    const dir = await temporaryFolder();
    const files = new FileTransport({ dir });
    const message = testMessage();
    await Promise.all(Array.from({ length: 20 }, () => files.send(message)));
    expect(await readdir(dir)).toHaveLength(20);
  });

  it('takes away what it has written, and nothing else', async () => {
    const dir = await temporaryFolder();
    const files = new FileTransport({ dir });
    for (const messageId of ['<one@x.test>', `<${'x'.repeat(500)}@x.test>`])
      await files.send({ ...testMessage(), messageId });
    for (const name of ['notes.eml', '2026-01-01 plan.txt']) await writeFile(join(dir, name), '');
    expect(await files.clear()).toBe(2);
    expect((await readdir(dir)).toSorted()).toEqual(['2026-01-01 plan.txt', 'notes.eml']);
    expect(await new FileTransport({ dir: join(dir, 'none') }).clear()).toBe(0);
  });

  it('never leaves its folder, whatever the message id says', async () => {
    const outside = await temporaryFolder();
    const dir = join(outside, 'mails');
    const files = new FileTransport({ dir });
    for (const messageId of [
      '<../../evil@x.test>',
      '</etc/passwd@x.test>',
      '<a\\b:c@x.test>',
      '<@>',
      `<${'x'.repeat(500)}@x.test>`,
      '<\0@x.test>',
    ]) {
      await files.send({ ...testMessage(), messageId });
    }
    expect(await readdir(outside)).toEqual(['mails']);
    expect(await readdir(dir)).toHaveLength(6);
  });

  it('makes its folder again when somebody has removed it', async () => {
    const dir = await temporaryFolder();
    const files = new FileTransport({ dir });
    await files.send(testMessage());
    await rm(dir, { recursive: true });
    await files.send(testMessage());
    expect(await readdir(dir)).toHaveLength(1);
  });

  it('says that the folder is at fault when it cannot be written to, and leaves nothing half-written', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const error: unknown = await new FileTransport({ dir: join(folder, 'file') })
      .send(testMessage())
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(MailError);
    expect(error).toMatchObject({ scope: 'transport', permanent: false, code: 'EEXIST' });
  });

  it('leaves no draft behind when a message is large', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, 'other'));
    await new FileTransport({ dir }).send(testMessage({ raw: 'x'.repeat(3_000_000) }));
    expect((await readdir(dir)).filter((name) => !name.endsWith('.eml'))).toEqual(['other']);
  });

  it('refuses a folder without a name', () => {
    for (const dir of ['', 'a\0b', undefined])
      expect(() => new FileTransport({ dir: dir as string })).toThrow(RelayConfigurationError);
  });
});

describe('LogTransport', () => {
  const logged = async (
    transport: LogTransport,
    message = testMessage({ to: ['ada@x.test', 'bob@x.test'], raw: 'x'.repeat(321) }),
  ): Promise<string[]> => {
    const lines: string[] = [];
    const spy = vi.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void lines.push(String(line)));
    onTestFinished(() => spy.mockRestore());
    await transport.send(message);
    return lines;
  };

  it('logs recipients, subject and size in one line, and nothing of the body', async () => {
    expect(await logged(new LogTransport())).toEqual(['ada@x.test, bob@x.test: "Hello", 321 bytes']);
  });

  it('logs the text when it is told to, else the HTML', async () => {
    expect(await logged(new LogTransport({ body: true }))).toEqual([
      'ada@x.test, bob@x.test: "Hello", 321 bytes\nHello there.',
    ]);
    const html = { ...testMessage({ raw: 'x' }), text: undefined, html: '<p>Hi' };
    expect(await logged(new LogTransport({ body: true }), html)).toEqual(['bob@x.test: "Hello", 1 bytes\n<p>Hi']);
  });
});
