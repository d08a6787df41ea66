import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeedbackIntake, Mail, type Mailable, MailFeedback, MailPreview, type RelayOptions } from '../../lib/index.js';
import { QUEUES } from '../support/backends.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { MailError } from '../../lib/index.js';
import { type ConsoleApplication, eventually, startConsole } from './console-application.js';

const HOSTILE = `<!doctype html><html><body><script>alert(1)</script><meta http-equiv="refresh" content="0;url=https://evil.test">
<form action="https://evil.test"><input></form><style>@import "https://evil.test/x.css";</style><img src="cid:logo">
<p style="display:flex">Hi <a href="http://acme.test/a?b=1&amp;c=2">there</a> <a href="">nowhere</a></p></body></html>`;

@Mail({ template: 'hello', tags: ['preview'] })
class HelloMail {
  constructor(readonly name: string) {}

  @MailPreview('a long name') static long(): HelloMail {
    return new HelloMail('Wolfeschlegelsteinhausenbergerdorff');
  }

  @MailPreview() static withOptions(): [HelloMail, object] {
    return [new HelloMail('Ada'), { subject: 'Another subject', to: 'grace@x.test' }];
  }
}

@Mail()
@Injectable()
class ReportMail implements Mailable<{ total: number }> {
  @MailPreview('usual') static usual(): object {
    return { data: { total: 7 }, locale: 'de' };
  }

  render({ total }: { total: number }): { subject: string; text: string } {
    return { subject: `Total ${total}`, text: `It is ${total}.` };
  }
}

describe.each(QUEUES)('the API on $name', { timeout: 60_000 }, ({ options }) => {
  let application: ConsoleApplication;
  let folder: string;
  const acme = new RecordingTransport(({ envelope, id }) => {
    const [name] = envelope.to[0]!.split('@');
    if (name === 'busy') throw new MailError('450 4.2.2 Mailbox full', { scope: 'recipient', replyCode: 450 });
    if (name === 'nobody')
      throw new MailError('550 5.1.1 No such user', { scope: 'recipient', permanent: true, replyCode: 550 });
    return { providerMessageId: `acme-${id}`, response: '250 Ok' };
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relay-console-'));
    await writeFile(join(folder, 'hello.hbs'), '---\nsubject: "Hello {{name}}"\n---\n<p>Hello {{name}}</p>');
    await writeFile(join(folder, 'hello.de.hbs'), '---\nsubject: "Hallo {{name}}"\n---\n<p>Hallo {{name}}</p>');
    const relay: RelayOptions = {
      transports: { acme: { use: acme, rate: '500/s', quota: '10000/day', concurrency: 5 } },
      templates: { dir: folder },
      queue: { name: `console-${randomUUID()}`, ...(await options()) },
      retry: { delay: '30s' },
    };
    application = await startConsole({ relay, metadata: { providers: [ReportMail] }, console: { privateLinks: true } });
  });
  afterAll(async () => {
    await application?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function noted(search: string): Promise<any> {
    return eventually(async () => {
      const { mails } = await application.json(`api/mails?search=${encodeURIComponent(search)}`);
      return mails[0];
    });
  }

  it('lists mails newest first, by pages, and finds them by all that is known of them', async () => {
    const ids: string[] = [];
    for (const name of ['ada', 'grace', 'barbara']) {
      const { id } = await application.mail.send({
        to: `${name}@list.test`,
        subject: `Quarterly figures for ${name}`,
        text: 'Hi',
        tags: ['figures', name],
        stream: name === 'grace' ? 'broadcast' : 'transactional',
      });
      await application.mail.wait(id);
      ids.push(id);
      await noted(`${name}@list.test`);
    }
    const first = await application.json('api/mails?limit=2');
    expect(first.mails.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[1]]);
    expect(first.total).toBeGreaterThanOrEqual(3);
    const second = await application.json(`api/mails?limit=2&cursor=${first.cursor}`);
    expect(second.mails[0].id).toBe(ids[0]);
    expect(first.mails[0]).toMatchObject({
      subject: 'Quarterly figures for barbara',
      from: 'Acme <hello@acme.test>',
      to: ['barbara@list.test'],
      recipients: 1,
      state: 'sent',
      states: { sent: 1 },
      transport: 'acme',
      tags: ['figures', 'barbara'],
    });
    const found = async (query: string): Promise<string[]> =>
      (await application.json(`api/mails?${query}`)).mails.map(({ to }: { to: string[] }) => to[0]!.split('@')[0]);
    expect(await found('search=ada@list.test')).toEqual(['ada']);
    expect(await found('search=@list.test')).toEqual(['barbara', 'grace', 'ada']);
    expect(await found('search=tag:grace')).toEqual(['grace']);
    expect(await found('search=figures+barb')).toEqual(['barbara']);
    expect(await found('search=unheard')).toEqual([]);
    expect(await found('tag=figures&stream=broadcast')).toEqual(['grace']);
    expect(await found('transport=acme&search=QUARTERLY&state=sent')).toEqual(['barbara', 'grace', 'ada']);
    const { messageId } = first.mails[0];
    expect(await found(`search=${encodeURIComponent(messageId)}`)).toEqual(['barbara']);
    expect(await found(`search=acme-${ids[0]}`)).toEqual(['ada']);
    expect(await found(`search=${ids[1]}`)).toEqual(['grace']);
  });

  it('tells the whole story of a mail, and what came back of it', async () => {
    const { id, messageId } = await application.mail.send({
      to: 'story@x.test',
      subject: 'A story',
      text: 'Hi',
      metadata: { order: '7' },
    });
    await application.mail.wait(id);
    await noted('story@x.test');
    await application.app.get(MailFeedback).ingest(complaint(messageId, 'story@x.test'));
    const detail = await eventually(async () => {
      const one = await application.json(`api/mails/${id}`);
      return one.state === 'complained' && one;
    });
    expect(detail).toMatchObject({
      metadata: { order: '7' },
      recipientStates: [{ address: 'story@x.test', state: 'complained' }],
      attempts: [{ transport: 'acme', outcome: '250 Ok' }],
      content: 'available',
      retryable: false,
      cancellable: false,
    });
    expect(detail.events.map(({ type }: { type: string }) => type)).toEqual(['queued', 'sent', 'complained']);
    await eventually(async () => (await application.json('api/mails?state=complained')).mails[0]?.id === id);
    expect((await application.get(`api/mails/${randomUUID()}`)).status).toBe(404);
  });

  it('shows a tracked mail as it was before, so that looking at it opens nothing', async () => {
    const tracked = await startConsole({
      relay: {
        transport: new RecordingTransport(),
        track: true,
        tracking: { url: 'https://mail.acme.test/t', secret: 'a secret of this test' },
      },
    });
    try {
      const html = '<p><a href="https://acme.test/a">there</a></p>';
      const { id } = await tracked.mail.send({ to: ['a@x.test', 'b@x.test'], subject: 'Look', html });
      await tracked.mail.wait(id);
      await eventually(async () => (await tracked.json(`api/mails/${id}`)).content === 'available');
      expect((await tracked.json(`api/mails/${id}/content`)).html.trim()).toBe(html);
    } finally {
      await tracked.close();
    }
  });

  it('shows a mail’s content, and nothing of it acts', async () => {
    const { id } = await application.mail.send({
      to: 'reader@x.test',
      subject: 'Look',
      html: HOSTILE,
      attachments: [
        { filename: 'logo.png', cid: 'logo', content: Buffer.from('89504e47', 'hex'), contentType: 'image/png' },
        { filename: 'ünit "x".html', content: '<script>alert(1)</script>', contentType: 'text/html' },
      ],
    });
    await application.mail.wait(id);
    await eventually(async () => (await application.json(`api/mails/${id}`)).content === 'available');
    const content = await application.json(`api/mails/${id}/content`);
    expect(content).toMatchObject({
      subject: 'Look',
      to: ['reader@x.test'],
      html: expect.stringContaining('<script>'),
    });
    expect(content.links).toEqual([
      { url: 'http://acme.test/a?b=1&c=2', text: 'there', kind: 'http', warning: expect.stringContaining('https') },
      { url: '', text: 'nowhere', kind: 'other', warning: expect.stringContaining('empty') },
    ]);
    expect(content.warnings.map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['script', 'form', 'no-alt', 'css-display-flex', 'link', 'no-lang']),
    );
    const frame = await application.get(`api/mails/${id}/html`);
    const policy = frame.headers.get('content-security-policy')!;
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        'sandbox',
        'img-src data:',
        "form-action 'none'",
        "frame-ancestors 'self'",
      ]),
    );
    expect(policy).not.toMatch(/allow-|script-src|https:/);
    const html = await frame.text();
    expect(html.startsWith('<!doctype html>')).toBe(true);
    expect(html).toContain('src="data:image/png;base64,iVBORw=="');
    const open = await application.get(`api/mails/${id}/html?images=1&dark=1`);
    expect(open.headers.get('content-security-policy')).toContain('img-src data: https: http:');
    expect(open.headers.get('content-security-policy')).toContain('; sandbox;');
    expect(await open.text()).toContain('color-scheme: dark');
    const attachment = await application.get(`api/mails/${id}/attachments/1`);
    expect(attachment.headers.get('content-disposition')).toMatch(
      /^attachment; filename="_nit _x_\.html"; filename\*=UTF-8''%C3%BCnit/,
    );
    expect(attachment.headers.get('content-security-policy')).toContain('sandbox');
    expect(await attachment.text()).toBe('<script>alert(1)</script>');
    expect((await application.get(`api/mails/${id}/attachments/9`)).status).toBe(404);
    const source = await application.get(`api/mails/${id}/source`);
    expect(source.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await source.text()).toContain('Subject: Look\r\n');
    const download = await application.get(`api/mails/${id}/source?download=1`);
    expect(download.headers.get('content-type')).toBe('message/rfc822');
  });

  it('says what waits and why, and lets it be cancelled, paused and tried again', async () => {
    const later = await application.mail.send({ to: 'later@x.test', subject: 'Later', text: 'Hi', delay: '1h' });
    const busy = await application.mail.send({ to: 'busy@x.test', subject: 'Busy', text: 'Hi' });
    const nobody = await application.mail.send({ to: 'nobody@x.test', subject: 'Nobody', text: 'Hi' });
    await eventually(async () => (await noted('busy@x.test')).state === 'deferred');
    await application.mail.wait(nobody.id);
    const rows = async (state: string): Promise<any[]> =>
      (await application.json(`api/queue/mails?state=${state}`)).mails;
    const of = async (state: string, id: string): Promise<any> =>
      eventually(async () => (await rows(state)).find((row) => row.id === id));
    expect(await of('scheduled', later.id)).toMatchObject({
      state: 'scheduled',
      due: expect.any(String),
      subject: 'Later',
    });
    expect(await of('deferred', busy.id)).toMatchObject({
      state: 'deferred',
      why: '450 4.2.2 Mailbox full',
      due: expect.any(String),
    });
    expect(await of('dead', nobody.id)).toMatchObject({ state: 'bounced', why: '550 5.1.1 No such user' });
    // Postgres counts anew every few seconds.
    await eventually(async () => {
      const { counts } = await application.json('api/queue');
      return counts.scheduled === 1 && counts.deferred === 1 && counts.dead === 1;
    });
    const cancelled = await application.change('POST', 'api/mails/cancel', { ids: [later.id, nobody.id] });
    expect(await cancelled.json()).toEqual({ done: [later.id], failed: [{ id: nobody.id, why: expect.any(String) }] });
    expect(await noted('later@x.test')).toMatchObject({
      state: 'cancelled',
      subject: 'Later',
      from: expect.any(String),
    });
    const { mails } = await application.json('api/mails?search=Later');
    expect(mails.map(({ id }: { id: string }) => id)).toEqual([later.id]);
    const retried = await application.change('POST', 'api/mails/retry', { ids: [nobody.id, busy.id] });
    expect(await retried.json()).toEqual({
      done: [nobody.id],
      failed: [{ id: busy.id, why: 'It still waits, and is tried again by itself' }],
    });
    for (const what of ['retry', 'cancel']) {
      const unknown = await application.change('POST', `api/mails/${what}`, { ids: ['nope'] });
      expect(await unknown.json()).toEqual({
        done: [],
        failed: [{ id: 'nope', why: expect.stringContaining('Nothing is known') }],
      });
    }
    await application.change('POST', 'api/mails/cancel', { ids: [busy.id] });
  });

  it('pauses and resumes a transport and a stream', async () => {
    const acmeOf = async (): Promise<any> => (await application.json('api/queue')).transports[0];
    expect(await acmeOf()).toMatchObject({
      name: 'acme',
      printed: 'RecordingTransport',
      breaker: 'closed',
      paused: false,
      rate: { limit: '500/s' },
      quota: { limit: '10000/day', used: expect.any(Number) },
      concurrency: { limit: 5 },
    });
    expect((await application.change('POST', 'api/transports/acme/pause')).status).toBe(204);
    expect(await acmeOf()).toMatchObject({ paused: true, why: expect.stringContaining('by hand') });
    const { id } = await application.mail.send({ to: 'held@x.test', subject: 'Held', text: 'Hi' });
    const row = await eventually(async () =>
      (await application.json('api/queue/mails?state=deferred')).mails.find((one: { id: string }) => one.id === id),
    );
    expect(row.why).toContain('paused by hand');
    expect((await application.mail.status(id))!.attempts).toEqual([]);
    expect((await application.change('POST', 'api/transports/acme/resume')).status).toBe(204);
    await application.mail.wait(id, { timeout: '20s' });
    expect((await application.change('POST', 'api/transports/nothing/pause')).status).toBe(404);
    await application.change('POST', 'api/streams/broadcast/pause');
    const streamOf = async (): Promise<any> =>
      (await application.json('api/queue')).streams.find(({ name }: { name: string }) => name === 'broadcast');
    expect(await streamOf()).toMatchObject({ paused: true, why: 'by hand' });
    await application.change('POST', 'api/streams/broadcast/resume');
    expect(await streamOf()).toMatchObject({ paused: false });
  });

  it('counts by day, provider, stream and tag, and how long it took', async () => {
    const { id } = await application.mail.send({ to: 'counted@x.test', subject: 'Hi', text: 'Hi', tags: ['counted'] });
    await application.mail.wait(id);
    const today = await eventually(async () => {
      const one = await application.json('api/statistics?tag=counted');
      return one.series[0]?.counts.sent?.at(-1) === 1 && one;
    });
    expect(today.days).toHaveLength(28);
    expect(today.latency.p50.at(-1)).toBeGreaterThan(0);
    expect(today.latency.p99.at(-1)).toBeGreaterThanOrEqual(today.latency.p50.at(-1));
    expect(today.latency.p50[0]).toBeNull();
    const by = await application.json('api/statistics?by=provider');
    expect(by.series.map(({ key }: { key: string }) => key)).toContain('acme');
    expect(by.rates.find(({ stream }: { stream: string }) => stream === 'transactional')).toMatchObject({
      provider: 'acme',
    });
    expect((await application.get('api/statistics?from=yesterday')).status).toBe(422);
  });

  it('has a rate of whoever is complained of, whoever sent', async () => {
    const event = { id: 'elsewhere:1', type: 'complained', recipient: 'cross@x.test', suppress: true } as const;
    const mail = { provider: 'elsewhere', stream: 'foreign', timestamp: new Date(), tags: [], metadata: {} };
    await application.app.get(FeedbackIntake).accept([{ ...event, ...mail }]);
    const rate = await eventually(async () => {
      const { rates } = await application.json('api/statistics');
      return rates.find(({ provider }: { provider: string }) => provider === 'elsewhere');
    });
    expect(rate).toMatchObject({ stream: 'foreign', sent: 0, complaintRate: 1 });
  });

  it('adds, finds, removes, imports and exports suppressions', async () => {
    const added = await application.change('POST', 'api/suppressions', { address: 'gone@x.test', reason: 'bounced' });
    expect(added.status).toBe(201);
    const list = await application.json('api/suppressions?search=gone');
    expect(list.entries).toMatchObject([{ address: 'gone@x.test', reason: 'bounced', source: 'console' }]);
    await application.mail.send({ to: 'gone@x.test', subject: 'Held back', text: 'Hi' });
    expect(await noted('gone@x.test')).toMatchObject({ state: 'suppressed', subject: 'Held back' });
    const imported = await application.change('POST', 'api/suppressions/import', 'address\na@x.test\nno address\n', {
      'content-type': 'text/csv',
    });
    expect(await imported.json()).toEqual({ added: 1, invalid: 1 });
    const csv = await application.get('api/suppressions/export');
    expect(csv.headers.get('content-disposition')).toContain('attachment');
    expect(await csv.text()).toContain('gone@x.test');
    const removed = await application.change('DELETE', 'api/suppressions', { address: 'gone@x.test' });
    expect(await removed.json()).toEqual({ removed: true });
    const wrong = await application.change('POST', 'api/suppressions', { address: 'nonsense' });
    expect(wrong.status).toBe(422);
    expect(await wrong.json()).toMatchObject({ field: 'address' });
  });

  it('lists the samples of mail classes, and renders them anew when a template is saved', async () => {
    const { mails } = await application.json('api/previews');
    expect(mails).toEqual([
      {
        mail: HelloMail.name,
        previews: [
          { id: 'HelloMail.long', name: 'a long name', locales: ['de'] },
          { id: 'HelloMail.withOptions', name: 'withOptions', locales: ['de'] },
        ],
      },
      { mail: 'ReportMail', previews: [{ id: 'ReportMail.usual', name: 'usual', locales: [] }] },
    ]);
    expect(await application.json('api/previews/HelloMail.long?locale=de')).toMatchObject({
      subject: 'Hallo Wolfeschlegelsteinhausenbergerdorff',
      locale: 'de',
    });
    expect(await application.json('api/previews/HelloMail.withOptions')).toMatchObject({
      subject: 'Another subject',
      to: ['grace@x.test'],
    });
    expect(await application.json('api/previews/ReportMail.usual')).toMatchObject({
      subject: 'Total 7',
      text: 'It is 7.\n',
    });
    const changed = await live(application, 'preview');
    await writeFile(join(folder, 'hello.hbs'), '<p>\n{{nmae}}</p>');
    expect(await changed.next).toEqual({ changed: 'hello.hbs' });
    const { error } = await application.json('api/previews/HelloMail.long');
    expect(error).toMatchObject({ template: 'hello.hbs', line: 2, message: expect.stringContaining('nmae') });
    expect((await application.get('api/previews/HelloMail.nothing')).status).toBe(404);
    const frame = await application.get('api/previews/ReportMail.usual/html');
    expect(frame.headers.get('content-security-policy')).toContain('sandbox');
  });

  it('tells at once of a mail that was sent', async () => {
    // Those of a moment ago may be told of now.
    const own = ({ subject }: { subject?: string }): boolean => subject === 'Live';
    const mails = await live(application, 'mail', { own });
    const { id } = await application.mail.send({ to: 'live@x.test', subject: 'Live', text: 'Hi' });
    const row = await mails.next;
    expect(row).toMatchObject({ id, subject: 'Live', state: 'sent' });
    // Who comes back is told what was missed.
    const missed = await live(application, 'mail', { own, headers: { 'last-event-id': mails.first! } });
    expect(await missed.next).toMatchObject({ id });
  });

  it('clears no list of mails that are sent, and does not offer it', async () => {
    expect((await application.json('api/session')).features.clear).toBe(false);
    expect((await application.change('DELETE', 'api/mails')).status).toBe(409);
  });

  it('asks where links lead', async () => {
    const server = createServer((request, response) => {
      response.statusCode =
        request.url === '/gone' ? 410 : request.url === '/on' ? 302 : request.method === 'HEAD' ? 405 : 200;
      if (request.url === '/on') response.setHeader('Location', '/there');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${((server as Server).address() as AddressInfo).port}`;
    const answer = await application.change('POST', 'api/links', {
      urls: [`${base}/on`, `${base}/gone`, 'mailto:a@x.test'],
    });
    expect(await answer.json()).toEqual([
      { url: `${base}/on`, status: 200, ok: true },
      { url: `${base}/gone`, status: 410, ok: false, why: expect.stringContaining('410') },
      { url: 'mailto:a@x.test', ok: false, why: expect.any(String) },
    ]);
    server.close();
  });
});

/** The next event of a kind, and of `own`. `first` is the first id that was told. */
async function live(
  { url }: ConsoleApplication,
  kind: string,
  { headers = {}, own = () => true }: { headers?: Record<string, string>; own?: (data: any) => boolean } = {},
): Promise<{ next: Promise<any>; first?: string }> {
  const abort = new AbortController();
  const response = await fetch(`${url}/api/events`, { headers, signal: abort.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let first: string | undefined;
  const read = async (): Promise<any> => {
    for (;;) {
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string): string | undefined =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        first ??= field('id');
        if (field('event') === 'hello' && kind !== 'hello') return undefined;
        if (field('event') !== kind) continue;
        const data = JSON.parse(field('data')!);
        if (!own(data)) continue;
        abort.abort();
        return data;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error('The stream ended');
      text += value;
    }
  };
  // Who begins is told where.
  if (!headers['last-event-id']) await read();
  return { next: read(), ...(first !== undefined && { first }) };
}

function complaint(messageId: string, to: string): string {
  const boundary = 'b1';
  return [
    'From: fbl@isp.test',
    'To: abuse@acme.test',
    'Subject: Complaint',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=feedback-report; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain',
    '',
    'A complaint.',
    `--${boundary}`,
    'Content-Type: message/feedback-report',
    '',
    'Feedback-Type: abuse',
    'User-Agent: Test/1',
    'Version: 1',
    `Original-Rcpt-To: ${to}`,
    '',
    `--${boundary}`,
    'Content-Type: message/rfc822',
    '',
    'From: hello@acme.test',
    `To: ${to}`,
    `Message-ID: ${messageId}`,
    'Subject: Hi',
    '',
    'Hi',
    `--${boundary}--`,
    '',
  ].join('\r\n');
}
