import { createHash, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Injectable, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type InlineMessage,
  type MailEvent,
  MailFeedback,
  MailService,
  OnMailEvent,
  RelayConfigurationError,
  RelayModule,
  type RelayOptions,
  SuppressionList,
} from '../../../lib/index.js';
import { UnsubscribeLinks } from '../../../lib/mail/unsubscribe-links.js';
import { type RelayUnsubscribeOptions, RelayUnsubscribeModule } from '../../../lib/unsubscribe.js';
import { ADAPTERS } from '../../submission/api/api-application.js';
import { LogRecorder } from '../../support/log-recorder.js';
import { RecordingTransport } from '../../support/recording.transport.js';
import { redisUrl } from '../../support/servers.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';

const SECRET = 'a secret of sixteen and more';
const ONE_CLICK = 'List-Unsubscribe=One-Click';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

@Injectable()
class Listener {
  readonly events: MailEvent[] = [];
  @OnMailEvent('unsubscribed', 'subscribed')
  async heard(event: MailEvent<'unsubscribed' | 'subscribed'>) {
    this.events.push(event);
  }
}

interface Site {
  app: INestApplication;
  mail: MailService;
  list: SuppressionList;
  listener: Listener;
  transport: RecordingTransport;
  /** Sends a list mail, and gives its link on this machine. */
  linkOf(options: Partial<InlineMessage> & { to: string }): Promise<{ id: string; link: string }>;
  close(): Promise<void>;
}

async function startSite({
  adapter = ADAPTERS[0]!.adapter,
  relay = {},
  page = {},
}: {
  adapter?: (typeof ADAPTERS)[0]['adapter'];
  relay?: RelayOptions;
  page?: RelayUnsubscribeOptions;
} = {}): Promise<Site> {
  const transport = new RecordingTransport();
  const queue = relay.queue ?? { redis: await redisUrl(), name: `unsubscribe-${randomUUID()}` };
  const unsubscribe = { url: 'https://acme.test/mail/unsubscribe', secret: SECRET };
  @Module({
    imports: [
      RelayModule.forRoot({ from: 'Acme <hello@acme.test>', transport, unsubscribe, ...relay, queue }),
      RelayUnsubscribeModule.forRoot(page),
    ],
    providers: [Listener],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false });
  app.setGlobalPrefix('prefix');
  await app.listen(0, '127.0.0.1');
  const mail = app.get(MailService);
  return {
    app,
    mail,
    list: app.get(SuppressionList),
    listener: app.get(Listener),
    transport,
    linkOf: async (options) => {
      const { id } = await mail.send({
        subject: 'News',
        text: 'News',
        stream: 'broadcast',
        ...options,
      } as InlineMessage);
      await mail.wait(id, { timeout: '20s' });
      const { headers } = transport.messages.find((message) => message.id === id)!;
      const { search } = new URL(/<(.+?)>/.exec(headers['List-Unsubscribe']!)![1]!);
      return {
        id,
        link: `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/unsubscribe${search}`,
      };
    },
    close: () => app.close(),
  };
}

async function post(link: string, body: string, headers: Record<string, string> = FORM): Promise<number> {
  const response = await fetch(link, { method: 'POST', headers, body, redirect: 'error' });
  await response.text();
  return response.status;
}

describe.each(ADAPTERS)('an unsubscribe link on $name', ({ adapter }) => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ adapter });
  });
  afterAll(() => site?.close());

  const events = (recipient: string) => site.listener.events.filter((event) => event.recipient === recipient);
  const entryOf = async (address: string, scope = { stream: 'broadcast' }) =>
    (await site.list.check([address], scope)).get(address);

  it('ends the subscription with one POST of a mail program, for good and for its stream alone', async () => {
    const to = 'ada@x.test';
    const { id, link } = await site.linkOf({ to, unsubscribe: { list: 'weekly' } });
    expect(await post(link, ONE_CLICK)).toBe(200);
    expect(await entryOf(to)).toMatchObject({ reason: 'unsubscribed', stream: 'broadcast', source: 'relay' });
    const next = await site.mail.send({ to, subject: 'News', text: 'News', stream: 'broadcast' });
    expect(next.recipients).toMatchObject([{ state: 'suppressed', error: { reason: 'unsubscribed' } }]);
    expect((await site.mail.send({ to, subject: 'Reset', text: 'Reset' })).recipients).toMatchObject([
      { state: 'queued' },
    ]);
    await expect
      .poll(() => events(to))
      .toMatchObject([{ type: 'unsubscribed', mailId: id, stream: 'broadcast', list: 'weekly', provider: 'relay' }]);
    const status = (await site.mail.status(id))!;
    expect(status.events.map(({ type }) => type)).toContain('unsubscribed');
    // Mail programs come twice.
    for (let again = 0; again < 3; again++) expect(await post(link, ONE_CLICK)).toBe(200);
    expect((await site.mail.status(id))!.events.filter(({ type }) => type === 'unsubscribed')).toHaveLength(1);
  });

  it('understands a form in parts, as RFC 8058 prefers it', async () => {
    const to = 'parts@x.test';
    const { link } = await site.linkOf({ to });
    const form = new FormData();
    form.set('List-Unsubscribe', 'One-Click');
    expect((await fetch(link, { method: 'POST', body: form })).status).toBe(200);
    expect(await entryOf(to)).toMatchObject({ reason: 'unsubscribed' });
  });

  it('changes nothing for whoever only looks, or posts something else', async () => {
    const to = 'scanned@x.test';
    const { link } = await site.linkOf({ to });
    for (const method of ['GET', 'HEAD', 'GET']) expect((await fetch(link, { method })).status).toBe(200);
    for (const [body, headers] of [
      ['', FORM],
      ['List-Unsubscribe=Two-Clicks', FORM],
      [ONE_CLICK, { 'content-type': 'text/plain' }],
      ['action=delete', FORM],
      [`x=${'x'.repeat(20_000)}&${ONE_CLICK}`, FORM],
      [
        `--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nNo\r\n--b--`,
        { 'content-type': 'multipart/form-data; boundary=b' },
      ],
    ] as const)
      expect(await post(link, body, headers)).toBe(400);
    const put = await fetch(link, { method: 'PUT', body: ONE_CLICK, headers: FORM });
    expect({ status: put.status, allow: put.headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD, POST' });
    const words = await put.text();
    expect(words).toContain('Nothing was changed.');
    expect(words).not.toContain('too old');
    expect(await entryOf(to)).toBeUndefined();
    expect(events(to)).toEqual([]);
  });

  it('shows a page whose button unsubscribes, and whose next subscribes again', async () => {
    const to = 'grace@x.test';
    const { id, link } = await site.linkOf({ to });
    const first = await fetch(link);
    const asked = await first.text();
    expect(asked).toContain('Do you want no more of these mails at g•••@x.test?');
    expect(asked).toContain('<button name="action" value="unsubscribe">Unsubscribe</button>');
    expect(asked).toContain('Acme');
    expect(asked).not.toMatch(/<script|grace|http/);
    expect(await (await fetch(link, { method: 'POST', headers: FORM, body: 'action=unsubscribe' })).text()).toContain(
      'You are unsubscribed',
    );
    expect(await entryOf(to)).toMatchObject({ reason: 'unsubscribed' });
    const again = await (await fetch(link)).text();
    expect(again).toContain('You are unsubscribed');
    expect(again).toContain('value="subscribe"');
    expect(await (await fetch(link, { method: 'POST', headers: FORM, body: 'action=subscribe' })).text()).toContain(
      'You are subscribed again',
    );
    expect(await entryOf(to)).toBeUndefined();
    await expect
      .poll(() =>
        events(to)
          .map(({ type }) => type)
          .sort(),
      )
      .toEqual(['subscribed', 'unsubscribed']);
    // The last word stands, however soon it is said.
    expect(await post(link, ONE_CLICK)).toBe(200);
    expect(await entryOf(to)).toMatchObject({ reason: 'unsubscribed' });
    expect((await site.mail.status(id))!.recipients).toEqual([{ address: to, state: 'delivered' }]);
  });

  it('takes back nothing but an unsubscription', async () => {
    const to = 'bounced@x.test';
    const { link } = await site.linkOf({ to });
    await site.list.add({ address: to, reason: 'bounced' });
    await site.list.add({ address: to, reason: 'manual', stream: 'broadcast' });
    expect(await post(link, 'action=subscribe')).toBe(200);
    expect(await entryOf(to)).toMatchObject({ reason: expect.stringMatching(/bounced|manual/) });
    expect((await site.list.list({ search: to })).entries).toHaveLength(2);
  });

  it('is for its tenant alone', async () => {
    const to = 'tenant@x.test';
    const { link } = await site.linkOf({ to, tenant: 'north' });
    expect(await post(link, ONE_CLICK)).toBe(200);
    expect((await site.list.list({ search: to })).entries).toMatchObject([
      { reason: 'unsubscribed', stream: 'broadcast', tenant: 'north' },
    ]);
    const south = { to, subject: 'News', text: 'News', stream: 'broadcast', tenant: 'south' };
    expect((await site.mail.send(south)).recipients).toMatchObject([{ state: 'queued' }]);
  });

  it('works for mails that the relay has long forgotten', async () => {
    const { link } = await site.linkOf({ to: 'known@x.test' });
    const links = new UnsubscribeLinks({ url: link.split('?')[0]!, secrets: [SECRET] });
    const to = 'forgotten@x.test';
    const { url } = links.of({ mailId: randomUUID(), recipient: to, stream: 'broadcast' });
    expect(await post(url, ONE_CLICK)).toBe(200);
    expect(await entryOf(to)).toMatchObject({ reason: 'unsubscribed' });
    await expect.poll(() => events(to)).toMatchObject([{ type: 'unsubscribed', stream: 'broadcast' }]);
  });

  it('that is forged, cut or missing is a page that says so', async () => {
    const { link } = await site.linkOf({ to: 'forged@x.test' });
    const other = new UnsubscribeLinks({ url: link.split('?')[0]!, secrets: ['not the secret of this one'] });
    const { url: forged } = other.of({ mailId: randomUUID(), recipient: 'forged@x.test', stream: 'broadcast' });
    for (const bad of [
      forged,
      link.slice(0, -3),
      `${link}x`,
      link.split('?')[0]!,
      `${link.split('?')[0]}/x?${link.split('?')[1]}`,
    ]) {
      const response = await fetch(bad, { redirect: 'error' });
      expect({ bad, status: response.status }).toEqual({ bad, status: 400 });
      expect(await response.text()).toContain('This link does not work');
      expect(await post(bad, ONE_CLICK)).toBe(400);
    }
    expect(await entryOf('forged@x.test')).toBeUndefined();
  });

  it('still works in a flood of others', async () => {
    const { link } = await site.linkOf({ to: 'flood@x.test' });
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => (await fetch(`${link.slice(0, -5)}AAAAA`)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([400, 429]));
    expect(await post(link, ONE_CLICK)).toBe(200);
    expect(await entryOf('flood@x.test')).toMatchObject({ reason: 'unsubscribed' });
  });

  it('shows a page that loads nothing, and that nobody frames, keeps or finds', async () => {
    const { link } = await site.linkOf({ to: 'page@x.test' });
    const response = await fetch(link);
    const text = await response.text();
    const style = /<style>([^]*)<\/style>/.exec(text)![1]!;
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex, nofollow',
    });
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect(text).toMatch(/^<!doctype html>\n<html lang="en" dir="auto">/);
    expect(text).toMatch(/<title>.+<\/title>[^]*<main>[^]*<h1>/);
    expect(style).toContain('prefers-color-scheme:dark');
    expect(style).toContain(':focus-visible');
  });
});

describe('the unsubscribe page', () => {
  it('speaks the language of its reader, in words of the application’s own', async () => {
    const texts = {
      nl: { title: 'Afmelden', question: 'Geen e-mails meer op {address}?' },
      en: { unsubscribe: 'Stop <it>' },
    };
    const site = await startSite({ page: { texts, sender: 'Müller & Co' } });
    try {
      const { link } = await site.linkOf({ to: 'ada@x.test' });
      const page = async (language: string) => (await fetch(link, { headers: { 'accept-language': language } })).text();
      expect(await page('de-AT,de;q=0.9,en;q=0.8')).toMatch(/lang="de"[^]*Möchten Sie an a•••@x\.test keine/);
      expect(await page('en;q=0.1, fr-CA;q=0.7')).toMatch(/lang="fr"/);
      expect(await page('nl')).toMatch(
        /lang="nl"[^]*<h1>Afmelden<\/h1>[^]*Geen e-mails meer op a•••@x\.test\?[^]*Unsubscribe/,
      );
      for (const unknown of ['tlh', '*', '', ';;;,,,q=', 'x'.repeat(5_000)])
        expect(await page(unknown)).toMatch(/lang="en"/);
      const english = await page('en');
      expect(english).toContain('Stop &lt;it&gt;');
      expect(english).toContain('<p class="sender">Müller &amp; Co</p>');
    } finally {
      await site.close();
    }
  });

  it('asks to come again while the suppression list cannot be reached', async () => {
    const proxy = await startTcpProxy(Number(new URL(await redisUrl()).port));
    const queue = { redis: `redis://127.0.0.1:${proxy.port}`, name: `unsubscribe-${randomUUID()}` };
    const site = await startSite({ relay: { queue } });
    try {
      const { link } = await site.linkOf({ to: 'ada@x.test' });
      await proxy.cut();
      const response = await fetch(link, { method: 'POST', headers: FORM, body: ONE_CLICK });
      expect({ status: response.status, after: response.headers.get('retry-after') }).toEqual({
        status: 503,
        after: '60',
      });
      expect(await response.text()).toContain('That did not work');
      await proxy.resume();
      await expect.poll(() => post(link, ONE_CLICK), { timeout: 20_000, interval: 200 }).toBe(200);
      expect((await site.list.check(['ada@x.test'], { stream: 'broadcast' })).size).toBe(1);
    } finally {
      await proxy.resume();
      await site.close();
      await proxy.close();
    }
  });

  it('goes with mails that unsubscribe, which count by their sealed subject', async () => {
    const unsubscribe = { url: 'https://acme.test/unsubscribe', secret: SECRET, mailto: 'off@acme.test' };
    const site = await startSite({ relay: { unsubscribe } });
    try {
      const { id } = await site.linkOf({ to: 'ada@x.test' });
      const { headers } = site.transport.messages[0]!;
      const subject = new URL(/<(mailto:.+?)>/.exec(headers['List-Unsubscribe']!)![1]!).searchParams.get('subject')!;
      const feedback = site.app.get(MailFeedback);
      const raw = (line: string, more = '') =>
        `From: Somebody <other@x.test>\r\nTo: off@acme.test\r\n${more}Subject: ${line}\r\n\r\n\r\n`;
      const forged = await feedback.ingest(raw(`${subject.slice(0, -4)}AAAA`));
      expect(forged.events).toEqual([]);
      const { events } = await feedback.ingest(
        raw(subject.replace(' ', '\r\n '), 'Auto-Submitted: auto-generated\r\n'),
      );
      expect(events).toMatchObject([{ type: 'unsubscribed', recipient: 'ada@x.test', mailId: id }]);
      // A mailbox is to be told that it is done with, whoever sends it, and however often.
      expect(await feedback.ingest(raw(subject))).toMatchObject({
        report: { kind: 'complaint', feedbackType: 'opt-out', recipients: [{ address: 'ada@x.test' }] },
        events: [],
      });
      const found = await site.list.check(['ada@x.test', 'other@x.test'], { stream: 'broadcast' });
      expect([...found.keys()]).toEqual(['ada@x.test']);
    } finally {
      await site.close();
    }
  });

  it('goes by `suppression.unsubscribe`', async () => {
    const site = await startSite({ relay: { suppression: { unsubscribe: 'all' } } });
    try {
      const { link } = await site.linkOf({ to: 'ada@x.test' });
      await post(link, ONE_CLICK);
      expect((await site.list.list()).entries).toMatchObject([{ address: 'ada@x.test', reason: 'unsubscribed' }]);
      expect((await site.mail.send({ to: 'ada@x.test', subject: 'x', text: 'x' })).recipients).toMatchObject([
        { state: 'suppressed' },
      ]);
      await post(link, 'action=subscribe');
      expect((await site.list.list()).entries).toEqual([]);
    } finally {
      await site.close();
    }
  });

  it.each<[string, { relay?: RelayOptions; page?: object }, string]>([
    ['a relay without links', { relay: { unsubscribe: undefined } }, 'unsubscribe'],
    ['no such relay', { page: { relay: 'marketing' } }, 'unsubscribePage.relay'],
    ['a bad path', { page: { path: '/a b' } }, 'unsubscribePage.path'],
    ['an unknown text', { page: { texts: { nl: { titel: 'x' } } } }, 'unsubscribePage.texts.nl.titel'],
    ['no language', { page: { texts: { Dutch: {} } } }, 'unsubscribePage.texts.Dutch'],
    ['an unknown option', { page: { title: 'x' } }, 'unsubscribePage.title'],
  ])('refuses at start: %s', async (_what, options, option) => {
    const error = await startSite(options as Parameters<typeof startSite>[0]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as RelayConfigurationError).option).toBe(option);
    expect((error as Error).message).not.toContain('unsubscribePage');
  });

  it('warns where its links seem to lead elsewhere', async () => {
    const log = new LogRecorder();
    const { Logger } = await import('@nestjs/common');
    Logger.overrideLogger(log);
    const unsubscribe = { url: 'https://acme.test/goodbye', secret: SECRET };
    @Module({
      imports: [
        RelayModule.forRoot({ transport: new RecordingTransport(), unsubscribe, queue: { embedded: true } }),
        RelayUnsubscribeModule.forRootAsync({ useFactory: () => ({}) }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, ADAPTERS[0]!.adapter(), { logger: log, abortOnError: false });
    try {
      await app.init();
      expect(log.lines).toContain(
        'warn unsubscribe.url ends with /goodbye, and the page is at /unsubscribe: do its links lead there?',
      );
    } finally {
      await app.close();
      Logger.overrideLogger(false);
    }
  });
});
