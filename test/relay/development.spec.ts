import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MailService, RelayConfigurationError, RelayModule } from '../../lib/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** An application with no configuration at all, in a folder of its own. */
async function start(lines: string[] = []) {
  @Module({ imports: [RelayModule.forRoot()] })
  class AppModule {}
  const note = (text: unknown) => void lines.push(String(text));
  const logger: LoggerService = { log: note, warn: note, error: note };
  return NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
}

async function emptyWorkingDirectory(): Promise<string> {
  const before = process.cwd();
  const folder = await temporaryFolder();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    Logger.overrideLogger(false);
  });
  return folder;
}

describe('without configuration', () => {
  it('mails are kept as .eml files, and a log line says where', async () => {
    const folder = await emptyWorkingDirectory();
    const lines: string[] = [];
    const app = await start(lines);
    onTestFinished(() => app.close());
    const mail = app.get(MailService);
    const { id } = await mail.send({ from: 'hello@acme.test', to: 'ada@x.test', subject: 'Hi', text: 'x' });
    expect((await mail.wait(id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
    const mails = join(folder, '.mail-relay', 'mails');
    const [file, ...others] = await readdir(mails);
    expect(others).toEqual([]);
    expect(await readFile(join(mails, file!), 'utf8')).toContain('Subject: Hi\r\n');
    expect(lines.filter((line) => line.includes(mails) && line.includes('not sent'))).toHaveLength(1);
  });

  it('mails outlive the process, and its folder belongs to one relay at a time', async () => {
    await emptyWorkingDirectory();
    const first = await start();
    const { id } = await first
      .get(MailService)
      .send({ from: 'a@acme.test', to: 'ada@x.test', subject: 'Hi', text: 'x', delay: '1h' });
    const error = await start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as Error).message).toContain(join('.mail-relay', 'queue'));
    await first.close();
    const second = await start();
    onTestFinished(() => second.close());
    expect((await second.get(MailService).status(id))!.recipients).toEqual([
      { address: 'ada@x.test', state: 'scheduled' },
    ]);
  });

  it('a mail needs a sender of its own', async () => {
    await emptyWorkingDirectory();
    const app = await start();
    onTestFinished(() => app.close());
    await expect(app.get(MailService).send({ to: 'ada@x.test', subject: 'Hi', text: 'x' })).rejects.toThrow(
      'RelayModule.forRoot({ from:',
    );
  });
});
