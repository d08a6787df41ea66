import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { MailService, RelayConfigurationError, RelayModule, type RelayOptions } from '../../../lib/index.js';
import {
  RelaySubmission,
  RelaySubmissionModule,
  type RelaySubmissionOptions,
  SubmissionAuthenticator,
  type SubmissionCredentials,
} from '../../../lib/submission.js';
import { fakeMail } from '../../../lib/testing/index.js';
import { smtpSource } from '../../support/mta/smtp-source.js';
import { startPostfix } from '../../support/mta/start-postfix.js';
import { startRedis } from '../../support/redis.js';
import { redisUrl } from '../../support/servers.js';
import { startSmtpServer } from '../../support/smtp/start-smtp-server.js';
import { SmtpClient } from './smtp-client.js';
import { CLEAR, MESSAGE, messageWith, tls, Users } from './support.js';

// mailauth has no types of its own.
const require = createRequire(import.meta.url);
const { dkimSign } = require('mailauth/lib/dkim/sign') as {
  dkimSign(message: string, options: object): Promise<{ signatures: string }>;
};
const { dkimVerify } = require('mailauth/lib/dkim/verify') as {
  dkimVerify(message: Buffer, options: object): Promise<{ results: { status: { result: string } }[] }>;
};

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

/** An application with a relay that takes mail, as a user would write it. */
async function open(
  relay: RelayOptions,
  submission: Partial<RelaySubmissionOptions> | DynamicModule = {},
  providers: object[] = [],
) {
  const queue = relay.queue ?? { redis: await redisUrl(), name: `t-${randomUUID()}` };
  const taking =
    'module' in submission
      ? submission
      : RelaySubmissionModule.forRoot({ listen: [CLEAR], authenticator: new Users(), ...submission });
  @Module({
    imports: [RelayModule.forRoot({ from: 'hello@acme.test', ...relay, queue }), taking],
    providers: providers as never[],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  close = () => app.close();
  await app.init();
  const [address] = app.get(RelaySubmission).addresses;
  return { app, mail: app.get(MailService), port: address!.port };
}

async function smtpServer() {
  const server = await startSmtpServer({ tls: 'none' });
  onTestFinished(() => server.close());
  return server;
}

async function loggedIn(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  await client.hello();
  await client.logIn();
  return client;
}

describe('a relay that takes mail', () => {
  it('hands it on byte for byte, through the queue, with all that mails from code have', async () => {
    const server = await smtpServer();
    const { mail, port } = await open({ transports: { out: server.url } });
    const client = await loggedIn(port);
    const answer = await client.send(
      messageWith('X-Relay-Tag: imported', 'X-Relay-Metadata-Plan: pro', 'Bcc: hidden@x.test'),
      'ada@acme.test',
      ['bob@x.test', 'hidden@x.test'],
    );
    const [, id] = /^250 2\.0\.0 Queued as ([\w-]+)$/.exec(answer)!;
    const { raw, envelope } = await server.next();
    expect(envelope.to).toEqual(['bob@x.test', 'hidden@x.test']);
    expect(raw.toString()).toMatch(/^Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n/);
    expect(raw.toString().replace(/^Received:.*\r\n(?:[ \t].*\r\n)*/, '')).toBe(MESSAGE);
    const status = await mail.wait(id!);
    expect(status).toMatchObject({ messageId: '<one@acme.test>', recipients: [{ state: 'sent' }, { state: 'sent' }] });
    expect(status.events.map(({ type, tags, metadata }) => ({ type, tags, metadata }))).toContainEqual({
      type: 'sent',
      tags: ['imported'],
      metadata: { plan: 'pro' },
    });
  });

  it('adds Message-ID and Date where they are missing, and takes a key once', async () => {
    const server = await smtpServer();
    const { port } = await open({ transport: server.url });
    const client = await loggedIn(port);
    const message = 'X-Relay-Idempotency-Key: one\r\nFrom: ada@acme.test\r\nSubject: x\r\n\r\nx\r\n';
    const first = await client.send(message);
    expect(first).toMatch(/^250 /);
    expect(await client.send(message)).toBe(first);
    const { raw } = await server.next();
    expect(raw.toString()).toMatch(/^Message-ID: <[^>]+@acme\.test>\r$/m);
    expect(raw.toString()).toMatch(/^Date: .*\r$/m);
    expect(raw.toString()).not.toContain('X-Relay');
    expect(await client.send('From: ada@acme.test\r\n\r\nlast\r\n')).toMatch(/^250 /);
    expect((await server.next()).raw.toString()).toContain('last');
  });

  it('keeps signatures valid', async () => {
    const { sign, records } = await signer();
    const server = await smtpServer();
    const { port } = await open({ transport: server.url });
    const client = await loggedIn(port);
    const signed = sign(MESSAGE);
    expect(await client.send(messageWith('X-Relay-Tag: a').replace(MESSAGE, signed))).toMatch(/^250 /);
    const { raw } = await server.next();
    const { results } = await dkimVerify(raw, { resolver: async (name: string) => records(name) });
    expect(results.map(({ status }) => status.result)).toEqual(['pass']);
  });

  it('says 451 while the queue is down, and takes mail when it is back', { timeout: 60_000 }, async () => {
    const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
    onTestFinished(() => redis.stop());
    const server = await smtpServer();
    const { port } = await open({ transport: server.url, queue: { redis: redis.url } });
    const client = await loggedIn(port);
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
    await server.next();
    await redis.kill();
    expect(await client.send(MESSAGE)).toBe('451 4.3.0 The queue cannot be reached; try again later');
    await redis.restart();
    for (;;) if ((await client.send(MESSAGE)).startsWith('250')) break;
    await server.next();
  });

  it('counts a user’s messages over all processes', async () => {
    const server = await smtpServer();
    const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
    const options = { authenticator: new Users({ rate: '3/h' }) };
    const one = await open({ transport: server.url, queue }, options);
    const closeOne = close!;
    const two = await open({ transport: server.url, queue }, options);
    const clients = [await loggedIn(one.port), await loggedIn(two.port)];
    const answers = await Promise.all(clients.map((client) => client.send(MESSAGE)));
    expect(answers.every((answer) => answer.startsWith('250'))).toBe(true);
    expect(await clients[0]!.send(MESSAGE)).toMatch(/^250 /);
    expect(await clients[1]!.send(MESSAGE)).toMatch(/^450 4\.7\.1 /);
    await closeOne();
  });

  it('refuses what its transports cannot do, by the field’s name', async () => {
    const { mail, port } = await open({ transports: { out: 'memory:' } });
    const client = await loggedIn(port);
    expect(await client.send(messageWith('X-Relay-Transport: nowhere'))).toMatch(/^550 5\.6\.0 X-Relay-Transport: /);
    const scheduled = await client.send(messageWith('X-Relay-Send-At: 2999-01-01T00:00:00Z'));
    expect(scheduled).toMatch(/^250 /);
    expect((await mail.status(scheduled.split(' ').at(-1)!))?.recipients).toMatchObject([{ state: 'scheduled' }]);
  });
});

describe('RelaySubmissionModule', () => {
  @Injectable()
  class Accounts {
    has(name: string): boolean {
      return name === 'ada';
    }
  }

  @Injectable()
  class MailUsers extends SubmissionAuthenticator {
    constructor(private readonly accounts: Accounts) {
      super();
    }

    async authenticate({ username, password }: SubmissionCredentials) {
      return this.accounts.has(username) && password === 'secret' ? { id: username } : null;
    }
  }

  it('asks an authenticator of the application’s', async () => {
    const { port } = await open({ transport: 'memory:' }, { authenticator: MailUsers }, [Accounts, MailUsers]);
    const client = await SmtpClient.connect(port);
    await client.hello();
    expect(await client.logIn('eve')).toMatch(/^535 /);
    expect(await client.logIn('ada')).toMatch(/^235 /);
  });

  it('is configured by a factory, too', async () => {
    const module = RelaySubmissionModule.forRootAsync({
      inject: [],
      useFactory: async () => ({
        listen: [{ port: 0, host: '127.0.0.1', tls: 'implicit' as const }],
        tls,
        authenticator: new Users(),
      }),
    });
    const { port } = await open({ transport: 'memory:' }, module);
    const client = await SmtpClient.connect(port, { tls: true });
    expect(await client.reply()).toMatch(/^220 /);
  });

  it('needs its relay', async () => {
    const opening = open({ transport: 'memory:' }, { relay: 'marketing' });
    await expect(opening).rejects.toThrow(RelayConfigurationError);
    await expect(opening).rejects.toThrow('there is no relay by the name marketing');
  });

  it('takes mail for a relay by its name', async () => {
    const server = await smtpServer();
    const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
    @Module({
      imports: [
        RelayModule.forRoot({ name: 'marketing', from: 'hello@acme.test', transport: server.url, queue }),
        RelaySubmissionModule.forRoot({ relay: 'marketing', listen: [CLEAR], trusted: ['127.0.0.1'] }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    close = () => app.close();
    const client = await SmtpClient.connect(app.get(RelaySubmission).addresses[0]!.port);
    await client.hello();
    expect(await client.send(MESSAGE)).toMatch(/^250 /);
    await server.next();
  });

  it.each(['memory:', 'smtp://127.0.0.1:1'])(
    'takes mail in tests, too, with what fakeMail() puts in the place of queue and %s',
    async (transport) => {
      const builder = Test.createTestingModule({
        imports: [
          RelayModule.forRoot({ from: 'hello@acme.test', transport }),
          RelaySubmissionModule.forRoot({ listen: [CLEAR], authenticator: new Users({ rate: '10/h' }) }),
        ],
      });
      const mailbox = fakeMail(builder);
      const app = (await builder.compile()).createNestApplication();
      close = () => app.close();
      await app.init();
      const client = await loggedIn(app.get(RelaySubmission).addresses[0]!.port);
      expect(await client.send(MESSAGE)).toMatch(/^250 /);
      await mailbox.settled();
      expect(mailbox.assertSent({ to: 'bob@x.test', subject: 'Hello' }).text).toContain('Hello there.');
    },
  );

  it('stops with the application, after the message under way', async () => {
    const server = await smtpServer();
    const { port } = await open({ transport: server.url });
    const client = await loggedIn(port);
    await client.begin();
    const closed = close!();
    close = undefined;
    client.write(`${MESSAGE.replaceAll(/^\./gm, '..')}.\r\n`);
    expect(await client.rest()).toMatch(/^250 2\.0\.0 Queued as [\w-]+\r\n421 4\.3\.2 .*\r\n$/);
    await closed;
  });
});

describe('other servers', () => {
  it('relay through it: Postfix, with a password over TLS', { timeout: 120_000 }, async () => {
    const server = await smtpServer();
    const { port } = await open(
      { transport: server.url },
      {
        listen: [{ port: 0, host: '127.0.0.1', tls: 'starttls' }],
        tls,
        authenticator: new Users({ senders: ['acme.test'] }),
      },
    );
    const auth = { user: 'ada', pass: 'secret' };
    const postfix = await startPostfix({ smartHost: { host: '127.0.0.1', port, auth, tls: 'starttls' } });
    onTestFinished(() => postfix.stop());
    const raw = 'From: ada@acme.test\r\nSubject: By Postfix\r\n\r\n.\r\n..\r\nGrüße.\r\n';
    await postfix.send({ from: 'ada@acme.test', to: ['bob@x.test', 'eve@x.test'], raw });
    await postfix.logged(/status=sent \(250 2\.0\.0 Queued as [\w-]+\)/);
    const mail = await server.next();
    expect(mail.envelope.to.toSorted()).toEqual(['bob@x.test', 'eve@x.test']);
    expect(mail.raw.toString()).toMatch(
      /^Received: from postfix\.test [^]*with ESMTPSA id[^]*\r\n\r\n\.\r\n\.\.\r\nGrüße\.\r\n$/,
    );
    await postfix.send({ from: 'ada@evil.test', to: ['bob@x.test'], raw });
    await postfix.logged(/status=bounced .*550 5\.7\.1 <ada@evil\.test>/);
  });

  it('send in bulk: smtp-source, 500 messages over 20 connections', { timeout: 120_000 }, async () => {
    const server = await smtpServer();
    const { port } = await open({ transport: server.url }, { trusted: ['127.0.0.1'] });
    await smtpSource({
      host: '127.0.0.1',
      port,
      from: 'load@acme.test',
      to: 'bob@x.test',
      messages: 500,
      sessions: 20,
      size: 5_000,
    });
    expect(await server.waitFor(500)).toHaveLength(500);
  });
});

/** Signs as another program would, for `acme.test`. */
async function signer() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const { signatures } = await dkimSign(MESSAGE, {
    canonicalization: 'simple/simple',
    signatureData: [
      {
        signingDomain: 'acme.test',
        selector: 's1',
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      },
    ],
  });
  return {
    sign: (message: string) => signatures + message,
    records: (name: string) => {
      if (name === 's1._domainkey.acme.test') return [[`v=DKIM1; k=rsa; p=${key}`]];
      throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
    },
  };
}
