import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Injectable, Module, type ModuleMetadata, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Mail,
  MailMessageError,
  MailService,
  MailStatistics,
  OnMailEvent,
  RelayModule,
  type Mailable,
  type MailEvent,
} from '../../lib/index.js';
import { fakeMail } from '../../lib/testing/index.js';
import { RelayTrackingModule } from '../../lib/tracking.js';
import { redisUrl } from '../support/servers.js';
import { startRelay } from '../support/relay-application.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { type RunningSmtpServer, startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { ADAPTERS, BROWSER, startTracking, trackedUrls, type TrackingApplication } from './tracking-application.js';

const HTML =
  '<html><body><p>Hello <a href="https://acme.test/a?x=1&amp;y=2">a</a> <a href="https://acme.test/b">b</a></p></body></html>';
const HOUR = 3_600_000;

@Controller()
class Echo {
  @Post('echo')
  echo(@Body() body: object): object {
    return body;
  }
}

@Injectable()
class Listener {
  static readonly heard: MailEvent[] = [];

  @OnMailEvent('opened', 'clicked')
  heard(event: MailEvent<'opened' | 'clicked'>): void {
    Listener.heard.push(event);
  }
}

describe.each(ADAPTERS)('tracked mails on $name', ({ adapter }) => {
  let server: RunningSmtpServer;
  let tracking: TrackingApplication;

  beforeAll(async () => {
    server = await startSmtpServer({ tls: 'none' });
    tracking = await startTracking(
      { transport: server.url, track: { opens: true, clicks: true } },
      { adapter, controllers: [Echo], providers: [Listener] },
    );
  });
  afterAll(async () => {
    await tracking?.close();
    await server?.close();
  });

  async function sent(
    to: string | string[],
    options: object = {},
  ): Promise<{ id: string; html: string; htmls: Map<string, string> }> {
    const { mail } = tracking;
    const { id } = await mail.send({ to, subject: 'Hi', html: HTML, ...options });
    await mail.wait(id);
    const { messageId } = (await mail.status(id))!;
    const htmls = new Map<string, string>();
    for (const one of server.mails) {
      const parsed = await one.parsed();
      if (parsed.messageId !== messageId) continue;
      for (const address of one.envelope.to) htmls.set(address, parsed.html || '');
    }
    tracking.pass(HOUR);
    return { id, html: [...htmls.values()][0]!, htmls };
  }

  it('tell that a mail was opened, and which link was followed, and lead on', async () => {
    const { id, html } = await sent('ada@x.test', { tags: ['welcome'], metadata: { plan: 'pro' } });
    const { opens, clicks } = trackedUrls(html);
    expect([opens.length, clicks.length]).toEqual([1, 2]);
    expect(html).not.toContain('ada');
    const image = await tracking.get(opens[0]!);
    expect(image).toMatchObject({ status: 200, headers: { 'content-type': 'image/gif', 'content-length': '43' } });
    expect(image.headers['cache-control']).toContain('no-store');
    const link = await tracking.get(clicks[0]!);
    expect(link).toMatchObject({
      status: 302,
      headers: {
        location: 'https://acme.test/a?x=1&y=2',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex, nofollow',
      },
    });
    expect(link.headers['set-cookie']).toBeUndefined();
    const events = await tracking.events(id, 2);
    expect(events).toMatchObject([
      {
        type: 'opened',
        recipient: 'ada@x.test',
        provider: 'relay',
        mailId: id,
        tags: ['welcome'],
        metadata: { plan: 'pro' },
      },
      { type: 'clicked', recipient: 'ada@x.test', url: 'https://acme.test/a?x=1&y=2', transport: 'default' },
    ]);
    for (const event of events)
      for (const field of ['ip', 'userAgent', 'machine']) expect(event).not.toHaveProperty(field);
    expect((await tracking.mail.status(id))!.recipients).toMatchObject([{ state: 'delivered' }]);
    await expect.poll(() => Listener.heard.filter(({ mailId }) => mailId === id).length).toBe(2);
  });

  it('tell the recipients of one mail apart', async () => {
    const { id, htmls } = await sent(['ada@x.test', 'bob@y.test', 'cyd@x.test']);
    expect([...htmls.keys()].toSorted()).toEqual(['ada@x.test', 'bob@y.test', 'cyd@x.test']);
    await tracking.get(trackedUrls(htmls.get('bob@y.test')!).opens[0]!);
    await tracking.get(trackedUrls(htmls.get('cyd@x.test')!).clicks[1]!);
    const events = await tracking.events(id, 2);
    expect(events.map(({ type, recipient }) => `${type} ${recipient}`).toSorted()).toEqual([
      'clicked cyd@x.test',
      'opened bob@y.test',
    ]);
    const { recipients } = (await tracking.mail.status(id))!;
    expect(recipients.map(({ state }) => state)).toEqual(['sent', 'delivered', 'delivered']);
  });

  it('lead on when nothing is known of the mail, as long as the signature holds', async () => {
    const other = await startTracking({ transport: new RecordingTransport(), track: true });
    const { id } = await other.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    await other.mail.wait(id);
    await other.close();
    const { html } = await other.mail.render({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    expect(trackedUrls(html!)).toEqual({ opens: [], clicks: [] });
    // Of the same secret, and of a mail that this relay has never had.
    const { TrackingTokens } = await import('../../lib/tracking/tracking-tokens.js');
    const token = new TrackingTokens(['a secret of this test']).sign({
      mailId: id,
      recipient: 0,
      url: 'https://acme.test/x',
    });
    expect(await tracking.get(`/t/c/${token}`)).toMatchObject({
      status: 302,
      headers: { location: 'https://acme.test/x' },
    });
  });

  it('answer what is forged, cut off, foreign or far too long with 404, and record nothing', async () => {
    const { id, html } = await sent('eve@x.test');
    const url = trackedUrls(html).clicks[0]!;
    const path = new URL(url).pathname;
    const middle = path.length - 30;
    const changed = path.slice(0, middle) + (path[middle] === 'A' ? 'B' : 'A') + path.slice(middle + 1);
    const { TrackingTokens } = await import('../../lib/tracking/tracking-tokens.js');
    const foreign = new TrackingTokens(['the secret of somebody else']).sign({
      mailId: id,
      recipient: 0,
      url: 'https://evil.test/',
    });
    for (const bad of [
      changed,
      path.slice(0, -1),
      `${path}A`,
      `/t/c/${foreign}`,
      path.replace('/c/', '/o/'),
      trackedUrls(html).opens[0]!.replace('https://mail.acme.test', '').replace('/o/', '/c/'),
      '/t/c/',
      '/t/o/',
      '/t',
      '/t/',
      '/t/x/abc',
      `/t/c/${'A'.repeat(8_000)}`,
      '/t/c/https://evil.test/',
      '/t/c/%2e%2e%2f',
      '/t/c/%ff%zz',
    ]) {
      const answer = await tracking.get(bad);
      expect([bad.slice(0, 60), answer.status >= 400 && answer.status < 500, answer.headers['location']]).toEqual([
        bad.slice(0, 60),
        true,
        undefined,
      ]);
    }
    await tracking.get(trackedUrls(html).opens[0]!);
    expect(await tracking.events(id, 1)).toHaveLength(1);
  });

  it('do not count HEAD, and take nothing but GET', async () => {
    const { id, html } = await sent('ada@x.test');
    const { opens, clicks } = trackedUrls(html);
    expect(await tracking.get(clicks[0]!, {}, 'HEAD')).toMatchObject({
      status: 302,
      headers: { location: 'https://acme.test/a?x=1&y=2' },
    });
    expect(await tracking.get(opens[0]!, {}, 'HEAD')).toMatchObject({
      status: 200,
      headers: { 'content-length': '43' },
    });
    expect(await tracking.get(opens[0]!, {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    await tracking.get(clicks[1]!);
    expect(await tracking.events(id, 1)).toMatchObject([{ type: 'clicked', url: 'https://acme.test/b' }]);
  });

  it('know who does not want to be tracked', async () => {
    const { id, html } = await sent('ada@x.test');
    const { opens, clicks } = trackedUrls(html);
    expect((await tracking.get(opens[0]!, { DNT: '1' })).status).toBe(200);
    expect((await tracking.get(clicks[0]!, { 'Sec-GPC': '1' })).status).toBe(302);
    await tracking.get(clicks[1]!, { DNT: '0' });
    expect(await tracking.events(id, 1)).toMatchObject([{ type: 'clicked', url: 'https://acme.test/b' }]);
  });

  it('leave the application’s own routes alone', async () => {
    const response = await fetch(`${tracking.origin}/api/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect(await response.json()).toEqual({ a: 1 });
  });

  it('count a recipient once, and machines apart', async () => {
    const { id, html } = await sent(['ada@x.test'], { tags: [`counted-${adapter.name}`] });
    const { opens, clicks } = trackedUrls(html);
    await tracking.get(opens[0]!, { 'User-Agent': 'Mozilla/5.0' });
    await tracking.get(opens[0]!, {
      'User-Agent': 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
    });
    for (let minute = 0; minute < 3; minute++) {
      tracking.pass(61_000);
      await tracking.get(opens[0]!);
      await tracking.get(opens[0]!);
    }
    await tracking.get(clicks[0]!, { 'User-Agent': 'curl/8.5.0' });
    const events = await tracking.events(id, 6);
    expect(events.map((event) => ('machine' in event ? event.machine : 'somebody')).toSorted()).toEqual([
      'apple-mail-privacy',
      'gmail-image-proxy',
      'http-client',
      'somebody',
      'somebody',
      'somebody',
    ]);
    const statistics = tracking.app.get(MailStatistics);
    await expect
      .poll(() => statistics.total({ tag: `counted-${adapter.name}` }))
      .toMatchObject({ sent: 1, opened: 1, clicked: 0, machineOpened: 1, machineClicked: 1 });
  });

  it('know a scanner by how fast it is', async () => {
    const { id, html } = await sent('ada@x.test');
    for (const url of trackedUrls(html).clicks) await tracking.get(url);
    expect(await tracking.events(id, 2)).toMatchObject([{ machine: 'links-at-once' }, { machine: 'links-at-once' }]);

    const soon = await tracking.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    await tracking.mail.wait(soon.id);
    const [url] = trackedUrls((await server.mails.at(-1)!.parsed()).html || '').clicks;
    await tracking.get(url!);
    expect(await tracking.events(soon.id, 1)).toMatchObject([{ machine: 'soon-after-sending' }]);
    expect((await tracking.mail.status(soon.id))!.recipients).toMatchObject([{ state: 'sent' }]);
  });

  it('know a scanner that follows links before its server takes the mail, however long that takes', async () => {
    let during: (html: string) => Promise<unknown> = async () => {};
    const transport = new RecordingTransport(async ({ html }, context) => {
      await context.confirm?.();
      await during(html!);
    });
    const slow = await startTracking({ transport, track: true });
    try {
      // While it is handed over, and just after.
      during = async (html) => {
        slow.pass(20_000);
        await slow.get(trackedUrls(html).clicks[0]!);
        slow.pass(20_000);
      };
      const { id } = await slow.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
      await slow.mail.wait(id);
      await slow.get(trackedUrls(transport.messages[0]!.html!).clicks[1]!);
      const events = await slow.events(id, 2);
      expect(events.map((event) => 'machine' in event && event.machine)).toEqual([
        'soon-after-sending',
        'soon-after-sending',
      ]);
      expect((await slow.mail.status(id))!.recipients).toMatchObject([{ state: 'sent' }]);
    } finally {
      await slow.close();
    }
  });

  it('are sent at once as well', async () => {
    const { id, recipients } = await tracking.mail.sendNow({
      to: ['ada@x.test', 'bob@y.test'],
      subject: 'Now',
      html: HTML,
    });
    expect(recipients.map(({ state }) => state)).toEqual(['sent', 'sent']);
    const mails = server.mails.slice(-2);
    expect(mails.map(({ envelope }) => envelope.to)).toEqual([['ada@x.test'], ['bob@y.test']]);
    tracking.pass(HOUR);
    await tracking.get(trackedUrls((await mails[1]!.parsed()).html || '').clicks[1]!);
    expect(await tracking.events(id, 1)).toMatchObject([
      { type: 'clicked', recipient: 'bob@y.test', url: 'https://acme.test/b' },
    ]);
  });

  it('leave the text, mails without HTML, finished messages and what is rendered only as they were', async () => {
    const { html } = await sent('ada@x.test', { html: undefined, text: 'https://acme.test/a' });
    expect(html).toBe('');
    const { id } = await tracking.mail.sendRaw(
      Buffer.from(
        'From: a@acme.test\r\nTo: b@x.test\r\nSubject: Raw\r\nContent-Type: text/html\r\n\r\n<a href="https://acme.test/">x</a>\r\n',
      ),
      { envelope: { from: 'a@acme.test', to: ['b@x.test'] } },
    );
    await tracking.mail.wait(id);
    expect(server.mails.at(-1)!.raw.toString()).toContain('<a href="https://acme.test/">x</a>');
    await sent('ada@x.test', { text: 'See https://acme.test/a' });
    expect((await server.mails.at(-1)!.parsed()).text).toContain('See https://acme.test/a');
  });
});

describe('who has opened or clicked', () => {
  async function clicked(options: object, headers: Record<string, string | undefined>): Promise<MailEvent> {
    const transport = new RecordingTransport();
    const tracking = await startTracking({
      transport,
      track: true,
      tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test', ...options },
    });
    const { id } = await tracking.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    await tracking.mail.wait(id);
    tracking.pass(HOUR);
    await tracking.get(trackedUrls(transport.messages[0]!.html!).clicks[0]!, headers);
    const [event] = await tracking.events(id, 1);
    await tracking.close();
    return event!;
  }

  it('is stored where it is asked for, and only then', async () => {
    const forwarded = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7, 192.0.2.1' };
    const event = await clicked({ storeIp: true, storeUserAgent: true }, forwarded);
    expect(event).toMatchObject({ ip: '127.0.0.1', userAgent: BROWSER });
    expect(await clicked({ storeIp: true, proxies: 2 }, forwarded)).toMatchObject({ ip: '198.51.100.7' });
    expect(await clicked({ storeIp: true, proxies: 2 }, {})).toMatchObject({ ip: '127.0.0.1' });
    expect(await clicked({}, forwarded)).not.toHaveProperty('ip');
  });

  it('is a machine where there is no name, or where it says that it fetches in advance', async () => {
    expect(await clicked({}, { 'User-Agent': undefined })).toMatchObject({ machine: 'no-user-agent' });
    expect(await clicked({}, { 'Sec-Purpose': 'prefetch;prerender' })).toMatchObject({ machine: 'prefetch' });
  });

  it('is recorded of those who do not want to be tracked, where the configuration says so', async () => {
    expect(await clicked({ respectDoNotTrack: false }, { DNT: '1' })).toMatchObject({ type: 'clicked' });
  });
});

describe('applications', () => {
  it('may answer in one process and send in another', async () => {
    const queue = { redis: await redisUrl(), name: `tracking-${randomUUID()}` };
    const transport = new RecordingTransport();
    const tracking = { url: 'https://mail.acme.test/t', secret: 'a secret of this test' };
    const worker = await startRelay({ transport, queue, tracking });
    const web = await startTracking({ queue, worker: false, track: { clicks: true } });
    const { id } = await web.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    await web.mail.wait(id);
    web.pass(HOUR);
    await web.get(trackedUrls(transport.messages[0]!.html!).clicks[0]!);
    expect(await web.events(id, 1)).toMatchObject([{ type: 'clicked', recipient: 'ada@x.test', transport: 'default' }]);
    await web.close();
    await worker.close();
  });

  it('record what came last as they close', async () => {
    const queue = { redis: await redisUrl(), name: `tracking-${randomUUID()}` };
    const transport = new RecordingTransport();
    const web = await startTracking({ transport, queue, track: { clicks: true } });
    const { id } = await web.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    await web.mail.wait(id);
    web.pass(HOUR);
    await web.get(trackedUrls(transport.messages[0]!.html!).clicks[0]!);
    await web.close();
    const other = await startTracking({ transport, queue });
    expect(await other.events(id, 1)).toMatchObject([{ type: 'clicked' }]);
    await other.close();
  });

  it('under test answer as well', async () => {
    const builder = Test.createTestingModule({
      imports: [
        RelayModule.forRoot({
          from: 'hello@acme.test',
          transport: 'log:',
          track: { clicks: true },
          tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test' },
        }),
        RelayTrackingModule.forRoot(),
      ],
    });
    const mailbox = fakeMail(builder);
    const app = (await builder.compile()).createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    await app.get(MailService).send({ to: 'ada@x.test', subject: 'Hi', html: HTML });
    await mailbox.settled();
    const [path] = trackedUrls(mailbox.assertSent().html!).clicks.map((url) => new URL(url).pathname);
    const { port } = app.getHttpServer().address() as AddressInfo;
    const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([302, 'https://acme.test/a?x=1&y=2']);
    await app.close();
  });

  it('are told at start what is missing', async () => {
    const start = (imports: ModuleMetadata['imports']) => {
      @Module({ imports })
      class AppModule {}
      return NestFactory.create(AppModule, new ExpressAdapter(), { logger: false, abortOnError: false }).then((app) =>
        app.init(),
      );
    };
    const relay = () => RelayModule.forRoot({ transport: 'log:', queue: { redis: 'redis://127.0.0.1:1' } });
    await expect(start([relay(), RelayTrackingModule.forRoot()])).rejects.toThrow(/tracking: is missing/);
    await expect(start([RelayTrackingModule.forRoot()])).rejects.toThrow(
      /^RelayTrackingModule: relay: import RelayModule/,
    );
    await expect(start([RelayTrackingModule.forRoot({ path: 'a b' })])).rejects.toThrow(/^RelayTrackingModule: path: /);
    await expect(start([RelayTrackingModule.forRoot({ paths: 't' } as never)])).rejects.toThrow(
      /^RelayTrackingModule: paths: /,
    );
  });
});

@Mail({ subject: 'Hi', track: { opens: true, clicks: false } })
@Injectable()
class Opened implements Mailable {
  render(): { html: string } {
    return { html: HTML };
  }
}

describe('what is tracked', () => {
  const transport = new RecordingTransport();
  let tracking: TrackingApplication;

  beforeAll(async () => {
    tracking = await startTracking({ transport, track: { clicks: true } }, { providers: [Opened] });
  });
  afterAll(() => tracking?.close());

  async function seen(options: object): Promise<{ opens: number; clicks: number }> {
    const { id } = await tracking.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML, ...options });
    await tracking.mail.wait(id);
    return seenLast();
  }

  function seenLast(): { opens: number; clicks: number } {
    const { opens, clicks } = trackedUrls(transport.messages.at(-1)!.html!);
    return { opens: opens.length, clicks: clicks.length };
  }

  it('is what the mail says, field by field over what the relay says', async () => {
    expect(await seen({})).toEqual({ opens: 0, clicks: 2 });
    expect(await seen({ track: { opens: true } })).toEqual({ opens: 1, clicks: 2 });
    expect(await seen({ track: { opens: true, clicks: false } })).toEqual({ opens: 1, clicks: 0 });
    expect(await seen({ track: false })).toEqual({ opens: 0, clicks: 0 });
    expect(await seen({ track: true })).toEqual({ opens: 1, clicks: 2 });
    await tracking.mail.send(Opened, { to: 'ada@x.test' }).then(({ id }) => tracking.mail.wait(id));
    expect(seenLast()).toEqual({ opens: 1, clicks: 0 });
    await tracking.mail
      .send(Opened, { to: 'ada@x.test', track: { opens: false } })
      .then(({ id }) => tracking.mail.wait(id));
    expect(seenLast()).toEqual({ opens: 0, clicks: 0 });
  });

  it('leaves links for unsubscribing alone, those of the header too', async () => {
    const html = '<a href="https://acme.test/bye?u=1&amp;k=2">bye</a>';
    expect(
      await seen({ html, headers: { 'List-Unsubscribe': '<mailto:x@acme.test>, <https://acme.test/bye?u=1&k=2>' } }),
    ).toEqual({ opens: 0, clicks: 0 });
    expect(await seen({ html })).toEqual({ opens: 0, clicks: 1 });
  });

  it('leaves the relay’s own links for unsubscribing alone', async () => {
    const list = await startTracking({
      transport,
      track: true,
      unsubscribe: { url: 'https://acme.test/bye', secret: 'another secret of this test' },
    });
    const html = '<a href="https://acme.test/bye?t=x">bye</a> <a href="https://acme.test/hello">hello</a>';
    const { id } = await list.mail.send({ to: 'ada@x.test', subject: 'News', html, stream: 'broadcast' });
    await list.mail.wait(id);
    const { headers, html: sent } = transport.messages.at(-1)!;
    expect(headers['List-Unsubscribe']).toContain('<https://acme.test/bye?');
    expect(sent).toContain('<a href="https://acme.test/bye?t=x">bye</a>');
    expect(trackedUrls(sent!)).toMatchObject({ opens: { length: 1 }, clicks: { length: 1 } });
    await list.close();
  });

  it('is refused where it cannot be done', async () => {
    const off = await startTracking({
      transport,
      tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test' },
    });
    await expect(
      off.mail.send({ to: 'a@x.test', subject: 'Hi', html: HTML, track: { open: true } as never }),
    ).rejects.toMatchObject({ field: 'track.open' });
    await expect(
      off.mail.send({
        to: Array.from({ length: 101 }, (_, n) => `u${n}@x.test`),
        subject: 'Hi',
        html: HTML,
        track: true,
      }),
    ).rejects.toThrow(MailMessageError);
    await off.close();
    const without = await startRelay({ transport });
    await expect(
      without.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML, track: { clicks: true } }),
    ).rejects.toThrow(/track: needs RelayModule\.forRoot\({ tracking/);
    await without.mail.send({ to: 'ada@x.test', subject: 'Hi', html: HTML, track: false });
    await without.close();
  });
});
