import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MailService, RelayModule, type RelayOptions } from 'nestjs-mail-relay';
import { fakeMail } from 'nestjs-mail-relay/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';

/** Every snippet of the README that has a file name, written to that file, compiled, and run as the README says. */
const root = join(import.meta.dirname, '..', '..');
const folder = join(import.meta.dirname, 'generated');
const source = (name: string) => join(folder, 'src', name);

/** Modules of the README, imported from where they were written. */
interface Snippets {
  app: { AppModule: never };
  signup: {
    SignupService: new (mail: MailService) => { signup(user: { name: string; email: string }): Promise<string> };
  };
  forms: { sendAll(mail: MailService, user: object): Promise<({ id: string } | { queued: number })[]> };
  invoice: { InvoiceMail: never };
  invoices: { Invoices: never };
  queues: Record<'redis' | 'postgres' | 'embedded' | 'shared', NonNullable<RelayOptions['queue']>>;
  orders: { order(pool: Pool, mail: MailService, email: string): Promise<void> };
  transports: { options: RelayOptions };
  outcomes: { invite(mail: MailService, email: string): Promise<object> };
}

const load = async <K extends keyof Snippets>(file: string) =>
  (await import(/* @vite-ignore */ source(file))) as Snippets[K];

beforeAll(async () => {
  Logger.overrideLogger(false);
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  await rm(folder, { recursive: true, force: true });
  for (const [, name, code] of readme.matchAll(/`(src\/[\w./-]+)`:\n+```\w+\n([\s\S]*?)```/g)) {
    const file = join(folder, name!);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, code!);
  }
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: { lib: ['ES2023', 'ESNext.Array'] },
    include: ['src'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function relay(options: RelayOptions, providers: never[] = []) {
  @Module({ imports: [RelayModule.forRoot({ from: 'hello@acme.test', ...options })], providers })
  class AppModule {}
  const app = await (await Test.createTestingModule({ imports: [AppModule] }).compile()).init();
  onTestFinished(() => app.close());
  return app;
}

describe('the README', () => {
  it('compiles', async () => {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const failed = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(failed.stdout).toBe('');
  });

  it('its quickstart sends a mail over SMTP', async () => {
    const smtp = await startSmtpServer({ tls: 'none' });
    onTestFinished(() => smtp.close());
    process.env.SMTP_URL = smtp.url;
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    const [{ AppModule }, { SignupService }] = [
      await load<'app'>('app.module.ts'),
      await load<'signup'>('signup.service.ts'),
    ];
    const app = await (await Test.createTestingModule({ imports: [AppModule] }).compile()).init();
    onTestFinished(() => app.close());
    const id = await app.get(SignupService).signup({ name: 'Ada', email: 'ada@acme.test' });
    const mail = await smtp.next();
    expect((await mail.parsed()).subject).toBe('Welcome, Ada');
    expect((await mail.parsed()).text).toContain('Your pro account is ready.');
    expect((await app.get(MailService).wait(id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
  });

  it('its three forms are sent', async () => {
    const builder = Test.createTestingModule({
      imports: [RelayModule.forRoot({ from: 'hello@acme.test', templates: { dir: source('mails') } })],
      providers: [
        (await load<'invoice'>('invoice.mail.ts')).InvoiceMail,
        (await load<'invoices'>('invoices.ts')).Invoices,
      ],
    });
    const mailbox = fakeMail(builder);
    const app = await (await builder.compile()).init();
    const { sendAll } = await load<'forms'>('three-forms.ts');
    await sendAll(app.get(MailService), { name: 'Ada', email: 'ada@acme.test', locale: 'de' });
    await mailbox.advance('5m');
    expect(mailbox.mails.map(({ message }) => message.subject).toSorted()).toEqual([
      'Hi',
      'Invoice 2026-42',
      'Week 1',
      'Week 2',
      'Week 3',
      'Your receipt',
    ]);
    const receipt = mailbox.assertSent({ template: 'receipt' });
    expect(Buffer.from(receipt.attachment('receipt.txt').content).toString()).toContain('Order A-7');
    await app.close();
  });

  it('its backends work', async () => {
    const queues = await load<'queues'>('queues.ts');
    expect(queues.shared).toEqual({ redis: 'shared' });
    const ours = [
      { ...queues.redis, redis: await redisUrl(), name: `readme-${process.pid}` },
      { ...queues.postgres, postgres: await postgresUrl() },
      { ...queues.embedded, embedded: join(folder, 'queue') },
    ];
    for (const queue of ours) {
      const app = await relay({ transport: 'memory:', queue });
      const { id } = await app.get(MailService).send({ to: 'ada@acme.test', subject: 'x', text: 'x' });
      expect((await app.get(MailService).wait(id, { timeout: '20s' })).recipients[0]!.state).toBe('sent');
    }
  });

  it('its order and its mail are of one transaction', async () => {
    const url = await postgresUrl();
    const pool = new Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    await pool.query('CREATE TABLE orders (email text NOT NULL)');
    const app = await relay({ transport: 'memory:', queue: { postgres: url }, worker: false });
    const { order } = await load<'orders'>('orders.ts');
    await order(pool, app.get(MailService), 'ada@acme.test');
    await expect(order(pool, app.get(MailService), 'nobody')).rejects.toThrow('to');
    expect((await pool.query('SELECT * FROM orders')).rows).toEqual([{ email: 'ada@acme.test' }]);
  });

  it('its transports start', async () => {
    const { options } = await load<'transports'>('transports.ts');
    const app = await relay({
      ...options,
      queue: { redis: await redisUrl(), name: `readme-t-${process.pid}` },
      worker: false,
    });
    const { id } = await app
      .get(MailService)
      .send({ to: 'ada@acme.test', subject: 'x', text: 'x', transport: 'office', delay: '1h' });
    expect((await app.get(MailService).status(id))!.recipients[0]!.state).toBe('scheduled');
  });

  it('its route starts', async () => {
    const { options } = await load<'transports'>('routes.ts');
    const app = await relay({
      ...options,
      queue: { redis: await redisUrl(), name: `readme-r-${process.pid}` },
      worker: false,
    });
    const { id } = await app.get(MailService).send({ to: 'ada@acme.test', subject: 'x', text: 'x', delay: '1h' });
    expect((await app.get(MailService).status(id))!.recipients[0]!.state).toBe('scheduled');
  });

  it('its errors say what the README says', async () => {
    const { invite } = await load<'outcomes'>('outcomes.ts');
    const queue = { redis: await redisUrl(), name: `readme-o-${process.pid}` };
    const mail = (await relay({ transport: 'memory:', queue })).get(MailService);
    expect(await invite(mail, 'ada@acme.test')).toEqual({ state: 'sent', words: 'kept in memory' });
    expect(await invite(mail, 'nobody')).toEqual({ wrong: 'to' });
    const down = (await relay({ transport: 'memory:', queue: { redis: 'redis://127.0.0.1:1' } })).get(MailService);
    expect(await invite(down, 'ada@acme.test')).toEqual({ stored: false });
  });

  it('its test passes', async () => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const config = join(folder, 'vitest.config.mjs');
    await writeFile(
      config,
      `export default { test: { include: ['src/*.spec.ts'] }, root: ${JSON.stringify(folder)} };\n`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [vitest, 'run', '--config', config], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(stdout).toContain('1 passed');
  });
});
