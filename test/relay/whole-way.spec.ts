import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it, onTestFinished } from 'vitest';
import { DirectTransport, RelayModule } from '../../lib/index.js';
import { RelaySubmission, RelaySubmissionModule } from '../../lib/submission.js';
import { startDnsServer } from '../support/dns-server.js';
import { startExim } from '../support/mta/start-exim.js';
import { startPostfix } from '../support/mta/start-postfix.js';
import { redisUrl } from '../support/servers.js';
import { arrived, received } from '../transport/direct/direct-relay.js';

it(
  'goes from Postfix by the relay to Exim, and what Exim refuses comes back to the sender as a DSN',
  { timeout: 300_000 },
  async () => {
    const exim = await startExim({ host: '127.0.0.42', mailboxes: ['ada@exim.test'] });
    onTestFinished(() => exim.stop());
    const dns = await startDnsServer({ 'exim.test': { A: '127.0.0.42' }, 'acme.test': { A: '127.0.0.41' } });
    onTestFinished(() => dns.close());
    const { port } = exim;
    @Module({
      imports: [
        RelayModule.forRoot({
          from: 'hello@acme.test',
          queue: { redis: await redisUrl(), name: `t-${randomUUID()}` },
          transport: new DirectTransport({
            name: 'out.acme.test',
            dns: { servers: [dns.address] },
            port,
            allowPrivate: true,
          }),
        }),
        RelaySubmissionModule.forRoot({
          name: 'out.acme.test',
          listen: [{ host: '127.0.0.1', port: 0, tls: 'none' }],
          trusted: ['127.0.0.1'],
        }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    onTestFinished(() => app.close());
    const [submission] = app.get(RelaySubmission).addresses;
    // Where the sender is at home: its own mail goes to the relay, and mail for it comes in.
    const postfix = await startPostfix({
      host: '127.0.0.41',
      port,
      mailboxes: ['eve@acme.test'],
      smartHost: { host: '127.0.0.1', port: submission!.port },
    });
    onTestFinished(() => postfix.stop());

    const raw = 'From: Eve <eve@acme.test>\nTo: ada@exim.test\nSubject: The whole way\n\nHello.\n.\nAda\n';
    await postfix.send({ from: 'eve@acme.test', to: ['ada@exim.test', 'nobody@exim.test'], raw });
    const mail = await arrived(exim, 'ada@exim.test', 'The whole way');
    expect(received(mail)).toContain('(helo=out.acme.test)');
    expect(String(mail)).toMatch(/\nReceived: from postfix\.test /);
    expect(String(mail)).toMatch(/\n\nHello\.\n\.\nAda\n$/);

    const [report] = await postfix.mails('eve@acme.test');
    expect(String(report)).toMatch(/^Return-Path: <>$/m);
    expect(String(report)).toMatch(/^Content-Type: multipart\/report;/m);
    expect(String(report)).toMatch(/^Final-Recipient: rfc822; ?nobody@exim\.test$/m);
    expect(String(report)).toMatch(/^Action: failed$/m);
    expect(String(report)).toMatch(/^Status: 5\.1\.1$/m);
    expect(String(report)).not.toContain('Final-Recipient: rfc822; ada@exim.test');
  },
);
