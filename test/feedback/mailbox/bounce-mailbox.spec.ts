import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BounceMailboxModule, type BounceMailboxOptions } from '../../../lib/bounce-mailbox.js';
import { MailService, RelayConfigurationError, RelayModule, SuppressionList } from '../../../lib/index.js';
import { startDovecot, type ImapServer } from '../../support/dovecot.js';
import { LogRecorder } from '../../support/log-recorder.js';
import { until } from '../../support/recorder.js';
import { RecordingTransport } from '../../support/recording.transport.js';
import { redisUrl } from '../../support/servers.js';
import { mail as written, notification } from '../bounce/reports.js';

let server: ImapServer;
beforeAll(async () => {
  server = await startDovecot();
}, 120_000);
afterAll(() => server.stop());

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

async function open(folder: string, options: Partial<BounceMailboxOptions> = {}, logger: LogRecorder | false = false) {
  const wire = new RecordingTransport();
  const { host, port, auth, ca } = server;
  @Module({
    imports: [
      RelayModule.forRoot({
        from: 'hello@acme.test',
        transports: { wire },
        queue: { redis: await redisUrl(), name: `mailbox-${randomUUID()}` },
        bounces: { address: 'bounces@acme.test', secret: 'a secret that nobody knows' },
      }),
      BounceMailboxModule.forRoot({ host, port, auth, tls: { ca }, folder, poll: '1s', ...options }),
    ],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
  close = () => app.close();
  const mail = app.get(MailService);
  /** Sends a mail, and gives the bounce that its server would send. */
  const bounceOf = async (to: string) => {
    const { id } = await mail.send({ to, subject: 'Hi', text: 'Hi' });
    await mail.wait(id);
    const { from } = wire.messages.at(-1)!.envelope;
    const status = { final: to, action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such user' };
    return { id, raw: notification('It failed.', [status]).replace('To: bounces@acme.test', `To: ${from}`) };
  };
  const bounced = async (id: string) => (await mail.status(id))?.recipients[0]?.state === 'bounced';
  return { app, mail, bounceOf, bounced, list: app.get(SuppressionList) };
}

const LETTER = written({ From: 'ada@x.test', To: 'bounces@acme.test', Subject: 'A letter' }, 'Dear bounces');

describe('a bounce mailbox', () => {
  it('reads what is there and what comes, marks it, and leaves letters alone', async () => {
    await server.create('First');
    const { bounceOf, bounced, list } = await open('First');
    await server.deliver(LETTER, 'First');
    const one = await bounceOf('ada@x.test');
    await server.deliver(one.raw, 'First');
    await until(() => bounced(one.id));
    await until(async () => (await list.check(['ada@x.test'])).size === 1);
    const two = await bounceOf('bob@x.test');
    await server.deliver(two.raw, 'First');
    await until(() => bounced(two.id));
    await until(async () => (await server.list('First')).filter(({ seen }) => seen).length === 2);
    expect(await server.list('First')).toEqual([
      { subject: 'A letter', seen: false },
      { subject: 'Undelivered Mail Returned to Sender', seen: true },
      { subject: 'Undelivered Mail Returned to Sender', seen: true },
    ]);
  });

  it('is told by the server, long before it looks by itself', async () => {
    await server.create('Idle');
    const { bounceOf, bounced } = await open('Idle', { poll: '1h' });
    const first = await bounceOf('ada@x.test');
    await server.deliver(first.raw, 'Idle');
    await until(() => bounced(first.id));
    const second = await bounceOf('bob@x.test');
    await server.deliver(second.raw, 'Idle');
    await until(() => bounced(second.id));
  });

  it.each<['delete' | { move: string }, string]>([
    ['delete', 'Deleting'],
    [{ move: 'Archive' }, 'Moving'],
  ])('can %j what it has read', async (done, folder) => {
    await server.create(folder);
    if (typeof done === 'object') await server.create(done.move);
    const { bounceOf, bounced } = await open(folder, { done });
    const { id, raw } = await bounceOf('ada@x.test');
    await server.deliver(LETTER, folder);
    await server.deliver(raw, folder);
    await until(() => bounced(id));
    await until(async () => (await server.list(folder)).length === 1);
    expect(await server.list(folder)).toEqual([{ subject: 'A letter', seen: false }]);
    if (typeof done === 'object') expect(await server.list(done.move)).toHaveLength(1);
  });

  it('goes on after a message that is trouble, which it leaves there', async () => {
    await server.create('Stuck');
    const logger = new LogRecorder();
    const { bounceOf, bounced } = await open('Stuck', { done: { move: 'Nowhere' } }, logger);
    const one = await bounceOf('ada@x.test');
    const two = await bounceOf('bob@x.test');
    await server.deliver(one.raw, 'Stuck');
    await server.deliver(two.raw, 'Stuck');
    await until(() => bounced(one.id));
    await until(() => bounced(two.id));
    await until(
      () => logger.lines.filter((line) => line.includes('the folder Nowhere takes no messages')).length === 2,
    );
    expect(await server.list('Stuck')).toMatchObject([{ seen: false }, { seen: false }]);
  });

  it('comes back when the server has been away', async () => {
    await server.create('Away');
    const { bounceOf, bounced } = await open('Away');
    const first = await bounceOf('ada@x.test');
    await server.deliver(first.raw, 'Away');
    await until(() => bounced(first.id));
    await server.kill();
    await server.restart();
    const second = await bounceOf('bob@x.test');
    await server.deliver(second.raw, 'Away');
    await until(() => bounced(second.id));
  });

  it('says why it cannot log in, and never with what', async () => {
    const logger = new LogRecorder();
    await open('INBOX', { auth: { user: 'bounces', pass: 'not-the-secret' } }, logger);
    const said = () => logger.lines.find((line) => line.includes('bounce mailbox'));
    await until(said);
    expect(said()).toContain('the server refuses the login');
    expect(said()).toContain('bounceMailbox.auth');
    expect(logger.lines.join('\n')).not.toContain('not-the-secret');
  });

  it('asks for a token at each login', async () => {
    let asked = 0;
    await open('INBOX', { auth: { user: 'bounces', accessToken: async () => `token-${(asked += 1)}` } });
    await until(() => asked > 1);
  });
});

describe('its options', () => {
  it.each<[string, object, string]>([
    ['no host', { host: '' }, 'bounceMailbox.host'],
    ['no user', { auth: { pass: 'x' } }, 'bounceMailbox.auth.user'],
    ['no way to log in', { auth: { user: 'x' } }, 'bounceMailbox.auth'],
    ['an unknown end', { done: 'burn' }, 'bounceMailbox.done'],
    ['no time', { poll: '1ms' }, 'bounceMailbox.poll'],
    ['an unknown one', { mailbox: 'INBOX' }, 'bounceMailbox.mailbox'],
    ['an unknown relay', { relay: 'other' }, 'bounceMailbox.relay'],
  ])('are refused by name: %s', async (_, options, name) => {
    const failure = await open('INBOX', options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(RelayConfigurationError);
    expect((failure as RelayConfigurationError).option).toBe(name);
    expect((failure as Error).message).toContain(name.replace('bounceMailbox.', 'BounceMailboxModule: '));
  });
});
