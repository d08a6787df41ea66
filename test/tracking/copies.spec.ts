import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import { MailError, SmtpTransport } from '../../lib/index.js';
import { txtRecord, verify } from '../dkim/support.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { type RunningSmtpServer, startSmtpServer } from '../support/smtp/start-smtp-server.js';

const HTML = '<body><a href="https://acme.test/">x</a></body>';
const TRACKING = {
  track: true,
  tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test' },
} as const;
const THREE = ['ada@x.test', 'bob@x.test', 'cyd@x.test'];

describe('copies of a tracked mail', () => {
  let relay: RelayApplication | undefined;
  let server: RunningSmtpServer | undefined;

  afterEach(async () => {
    await relay?.close();
    await server?.close();
    server = undefined;
    vi.restoreAllMocks();
  });

  it('are signed as they go out, with all recipients in their header', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string;
    server = await startSmtpServer({ tls: 'none' });
    const transport = new SmtpTransport({
      host: server.host,
      port: server.port,
      tls: 'never',
      dkim: { domain: 'acme.test', selector: 'ed', privateKey },
    });
    relay = await startRelay({ transport, ...TRACKING });
    const { id } = await relay.mail.send({ to: THREE, subject: 'Hi', html: HTML });
    await relay.mail.wait(id);
    expect(server.mails.map(({ envelope }) => envelope.to)).toEqual(THREE.map((address) => [address]));
    expect(new Set(server.mails.map(({ raw }) => raw.toString())).size).toBe(3);
    for (const one of server.mails) {
      const [result] = await verify(one.raw, { 'ed._domainkey.acme.test': txtRecord(key) });
      expect(result!.status.result).toBe('pass');
      expect((await one.parsed()).headers.get('to')).toMatchObject({ value: THREE.map((address) => ({ address })) });
    }
  });

  it('are attempts of their own: one that is refused or put off does not touch the others', async () => {
    const transport = new RecordingTransport().answer(
      () => {},
      () => {
        throw new MailError('550 no', { scope: 'recipient', permanent: true, replyCode: 550 });
      },
      () => {
        throw new MailError('450 later', { scope: 'recipient', replyCode: 450 });
      },
    );
    relay = await startRelay({ transport, ...TRACKING, retry: { delay: 10, maxDelay: 10 } });
    const { id } = await relay.mail.send({ to: THREE, subject: 'Hi', html: HTML });
    const { recipients } = await relay.mail.wait(id);
    expect(recipients.map(({ state }) => state)).toEqual(['sent', 'bounced', 'sent']);
    expect(transport.messages.map(({ envelope }) => envelope.to[0])).toEqual([...THREE, 'cyd@x.test']);
    const [first, , third, again] = transport.messages;
    // The same copy, with the same key for the provider; another one than that of the others.
    expect(again!.html).toBe(third!.html);
    expect(again!.html).not.toBe(first!.html);
    const keys = transport.contexts.map(({ idempotencyKey }) => idempotencyKey);
    expect(new Set(keys).size).toBe(3);
    expect(keys[3]).toBe(keys[2]);
  });

  it('are marked each before they go, so that a lost worker leaves no doubt whose copy may be out', async () => {
    const seen: string[][] = [];
    const transport = new RecordingTransport(async ({ id }, context) => {
      await context.confirm?.();
      seen.push((await relay!.mail.status(id))!.recipients.map(({ state }) => state));
    });
    relay = await startRelay({ transport, ...TRACKING });
    const { id } = await relay.mail.send({ to: THREE, subject: 'Hi', html: HTML });
    await relay.mail.wait(id);
    expect(seen).toEqual([
      ['sending', 'sending', 'sending'],
      ['sent', 'sending', 'sending'],
      ['sent', 'sent', 'sending'],
    ]);
  });

  it('keep to the rate of their transport, and each goes once', async () => {
    const transport = new RecordingTransport();
    relay = await startRelay({ transport: { use: transport, rate: '2/s' }, ...TRACKING });
    const { id } = await relay.mail.send({ to: [...THREE, 'dan@x.test', 'eve@x.test'], subject: 'Hi', html: HTML });
    const { recipients } = await relay.mail.wait(id, { timeout: '30s' });
    expect(new Set(recipients.map(({ state }) => state))).toEqual(new Set(['sent']));
    expect(transport.messages).toHaveLength(5);
    expect(new Set(transport.messages.map(({ html }) => html)).size).toBe(5);
  });

  it('go elsewhere when a transport is down', async () => {
    const down = new RecordingTransport(() => {
      throw new MailError('down, says a test', { scope: 'transport' });
    });
    const up = new RecordingTransport();
    relay = await startRelay({ transports: { down, up }, route: 'failover(down up)', ...TRACKING });
    const { id } = await relay.mail.send({ to: THREE, subject: 'Hi', html: HTML });
    await relay.mail.wait(id);
    expect(up.messages.map(({ envelope }) => envelope.to[0])).toEqual(THREE);
  });

  it('sent at once are not tried one after the other with a transport that is down', async () => {
    const down = new RecordingTransport(() => {
      throw new MailError('down, says a test', { scope: 'transport' });
    });
    relay = await startRelay({ transport: down, ...TRACKING });
    await expect(relay.mail.sendNow({ to: THREE, subject: 'Hi', html: HTML })).rejects.toThrow('down, says a test');
    expect(down.messages).toHaveLength(1);
  });

  it('sent at once tell of each recipient, when their transport goes down in between', async () => {
    const transport = new RecordingTransport().answer(
      () => {},
      () => {
        throw new MailError('down, says a test', { scope: 'transport' });
      },
    );
    relay = await startRelay({ transport, ...TRACKING });
    const { recipients } = await relay.mail.sendNow({ to: THREE, subject: 'Hi', html: HTML });
    expect(recipients.map(({ state }) => state)).toEqual(['sent', 'deferred', 'deferred']);
    expect(recipients[2]!.error).toMatchObject({ message: 'down, says a test' });
    expect(transport.messages).toHaveLength(2);
  });

  it('are one where nothing can be tracked, and the log says so once', async () => {
    const warnings: string[] = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((words: string) => void warnings.push(words));
    const transport = new RecordingTransport();
    relay = await startRelay({ transport, ...TRACKING });
    for (let n = 0; n < 3; n++) {
      const { id } = await relay.mail.send({ to: THREE, subject: 'Hi', html: '<p>Hi</p><!-- never ends' });
      await relay.mail.wait(id);
    }
    expect(transport.messages.map(({ html }) => html)).toEqual(
      Array.from({ length: 3 }, () => '<p>Hi</p><!-- never ends'),
    );
    expect(transport.messages[0]!.envelope.to).toEqual(THREE);
    expect(warnings.filter((words) => words.includes('tracking'))).toEqual([
      'Mails without a class: sent without tracking, since something could get lost in their HTML: it ends within a tag, a comment, or the like',
    ]);
  });
});
