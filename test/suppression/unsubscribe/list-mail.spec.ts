import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type InlineMessage,
  Mail,
  type Mailable,
  type MailMessage,
  type MailRenderContext,
  MailTransport,
  RelayConfigurationError,
  type RelayOptions,
} from '../../../lib/index.js';
import { RecordingTransport } from '../../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../../support/relay-application.js';
import { SmtpTransport } from '../../../lib/index.js';
import { txtRecord, verify } from '../../dkim/support.js';
import { startSmtpServer } from '../../support/smtp/start-smtp-server.js';

const unsubscribe = { url: 'https://acme.test/unsubscribe', secret: 'a secret of sixteen and more' };
const HI = { to: 'ada@x.test', subject: 'Hi', text: 'Hi' };

@Mail<WeeklyMail>({ template: 'weekly', stream: 'broadcast', unsubscribe: { list: 'weekly' } })
class WeeklyMail {
  constructor(readonly name: string) {}
}

@Mail({ template: 'weekly', unsubscribe: true })
class OptedMail {
  constructor(readonly name: string) {}
}

@Mail({ subject: 'Digest', stream: 'broadcast' })
@Injectable()
class DigestMail implements Mailable<{ header?: string }> {
  async render({ header }: { header?: string }, { unsubscribeUrl }: MailRenderContext) {
    return {
      html: `<a href="${unsubscribeUrl}">no more</a>`,
      ...(header !== undefined && { headers: { 'list-unsubscribe': header } }),
    };
  }
}

@Mail({ subject: 'Digest', stream: 'broadcast', template: 'weekly' })
@Injectable()
class TemplateMail implements Mailable<void> {
  async render() {
    // An instance with a getter, as an application's entity may be.
    class Reader {
      #name = 'Grace';
      get name(): string {
        return this.#name;
      }
    }
    return { context: new Reader() };
  }
}

describe('list mail', () => {
  let relay: RelayApplication;
  let dir: string;
  const transport = new RecordingTransport();
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'relay-test-'));
    await writeFile(
      join(dir, 'weekly.hbs'),
      '---\nsubject: Weekly\n---\n{{name}}: <a href="{{unsubscribeUrl}}">no more</a>',
    );
    await writeFile(
      join(dir, 'optional.hbs'),
      '---\nsubject: Weekly\n---\n{{#if unsubscribeUrl}}{{unsubscribeUrl}}{{else}}none{{/if}}',
    );
    relay = await startRelay(
      { transport, unsubscribe, templates: { dir }, headers: { 'X-Of-All': '1' } },
      { providers: [DigestMail, TemplateMail] },
    );
  });
  afterAll(async () => {
    await relay?.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function sent(send: () => Promise<{ id: string }>): Promise<MailMessage> {
    const { id } = await send();
    const { recipients } = await relay.mail.wait(id, { timeout: '20s' });
    expect(recipients).toMatchObject([{ state: 'sent' }]);
    return transport.messages.find((message) => message.id === id)!;
  }

  it('of the stream broadcast can be unsubscribed from, with one click', async () => {
    const message = await sent(() => relay.mail.send({ ...HI, stream: 'broadcast' }));
    expect(message.headers).toEqual({
      'X-Of-All': '1',
      'List-Unsubscribe': expect.stringMatching(/^<https:\/\/acme\.test\/unsubscribe\?t=[\w-]+>$/),
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'List-Id': '<broadcast.acme.test>',
      Precedence: 'bulk',
      'Auto-Submitted': 'auto-generated',
    });
    expect(message.headers['List-Unsubscribe']).not.toContain('ada');
    const raw = Buffer.from(await message.raw()).toString();
    expect(raw).toMatch(/^List-Unsubscribe:\s<https:\S+>\r$/m);
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
  });

  it('is told by the mail, and no other mail is touched', async () => {
    expect((await sent(() => relay.mail.send(HI))).headers).toEqual({ 'X-Of-All': '1' });
    const off = await sent(() => relay.mail.send({ ...HI, stream: 'broadcast', unsubscribe: false }));
    expect(off.headers).toEqual({ 'X-Of-All': '1' });
    const list = await sent(() => relay.mail.send({ ...HI, stream: 'news', unsubscribe: { list: 'monthly.news' } }));
    expect(list.headers).toMatchObject({
      'List-Id': '<monthly.news.acme.test>',
      'List-Unsubscribe': expect.any(String),
    });
    const weekly = await sent(() => relay.mail.send(new WeeklyMail('Ada'), { to: 'ada@x.test' }));
    expect(weekly.headers['List-Id']).toBe('<weekly.acme.test>');
    const not = new WeeklyMail('Ada');
    await expect(relay.mail.send(not, { to: 'ada@x.test', unsubscribe: false })).rejects.toThrow(/unsubscribeUrl/);
    const raw = Buffer.from('From: a@acme.test\r\nSubject: Raw\r\n\r\nRaw\r\n');
    const finished = await sent(() =>
      relay.mail.sendRaw(raw, { envelope: { from: '', to: ['ada@x.test'] }, stream: 'broadcast' }),
    );
    expect(Buffer.from(await finished.raw()).toString()).not.toMatch(/^(?:list-|precedence)/im);
  });

  it('knows its link in templates, in layouts of all mails, and in render()', async () => {
    for (const mail of [new WeeklyMail('Ada'), new OptedMail('Ada')]) {
      const message = await sent(() => relay.mail.send(mail, { to: 'ada@x.test' }));
      const link = /<(.+)>/.exec(message.headers['List-Unsubscribe']!)![1]!;
      expect(message.html).toContain(`href="${link.replaceAll('=', '&#x3D;')}"`);
      expect(message.text).toContain(link);
    }
    const optional = (options: Partial<InlineMessage>) =>
      sent(() => relay.mail.send({ to: 'ada@x.test', template: 'optional', ...options } as InlineMessage));
    expect((await optional({})).text).toBe('none');
    expect((await optional({ unsubscribe: true })).text).toContain('https://acme.test/unsubscribe?t=');
    expect((await optional({ unsubscribe: true, context: { unsubscribeUrl: 'my own' } })).text).toBe('my own');
    const digest = await sent(() => relay.mail.send(DigestMail, { to: 'ada@x.test', data: {} }));
    expect(digest.headers['List-Unsubscribe']).toBe(`<${/href="(.+?)"/.exec(digest.html!)![1]}>`);
    const reader = await sent(() => relay.mail.send(TemplateMail, { to: 'ada@x.test' }));
    expect(reader.html).toMatch(/^Grace: <a href="https:\/\/acme\.test\/unsubscribe\?t/);
    const shown = await relay.mail.render(new WeeklyMail('Ada'));
    expect(shown.html).toContain('href="https://acme.test/unsubscribe"');
    expect(shown.headers['List-Unsubscribe']).toBeUndefined();
  });

  it('lets the mail’s own headers win, and says nothing of one click for a way that is not the relay’s', async () => {
    const own = '<mailto:off@acme.test>';
    for (const name of ['List-Unsubscribe', 'list-unsubscribe']) {
      const headers = { [name]: own };
      const message = await sent(() => relay.mail.send({ ...HI, stream: 'broadcast', headers }));
      expect(message.headers).toMatchObject(headers);
      expect(
        Object.keys(message.headers)
          .map((name) => name.toLowerCase())
          .sort(),
      ).toEqual(['auto-submitted', 'list-id', 'list-unsubscribe', 'precedence', 'x-of-all']);
    }
    const digest = await sent(() => relay.mail.send(DigestMail, { to: 'ada@x.test', data: { header: own } }));
    expect(digest.headers).toMatchObject({ 'list-unsubscribe': own });
    expect(digest.headers).not.toHaveProperty('List-Unsubscribe');
    expect(digest.headers).not.toHaveProperty('List-Unsubscribe-Post');
    const precedence = await sent(() =>
      relay.mail.send({ ...HI, stream: 'broadcast', headers: { precedence: 'list', 'Auto-Submitted': 'no' } }),
    );
    expect(precedence.headers).toMatchObject({ precedence: 'list', 'Auto-Submitted': 'no' });
    expect(precedence.headers).not.toHaveProperty('Precedence');
  });

  it.each<[Partial<InlineMessage>, string]>([
    [{ to: ['ada@x.test', 'bob@x.test'], stream: 'broadcast' }, 'unsubscribe'],
    [{ cc: 'bob@x.test', unsubscribe: true }, 'unsubscribe'],
    [{ unsubscribe: 'yes' as never }, 'unsubscribe'],
    [{ unsubscribe: { list: 'a\r\nb' } }, 'unsubscribe.list'],
    [{ unsubscribe: { list: '' } }, 'unsubscribe.list'],
    [{ unsubscribe: { lists: 'a' } as never }, 'unsubscribe.lists'],
  ])('is refused where its link could not be right: %j', async (options, field) => {
    await expect(relay.mail.send({ ...HI, ...options } as InlineMessage)).rejects.toMatchObject({
      name: 'MailMessageError',
      field,
    });
  });

  it('goes to several, one mail each', async () => {
    const run = relay.mail.sendMany(
      ['one', 'two'].map((name) => ({ ...HI, to: `${name}@x.test` })),
      { stream: 'broadcast' },
    );
    const links = new Set<string>();
    for await (const item of run) {
      if (!('id' in item)) throw item.error;
      await relay.mail.wait(item.id, { timeout: '20s' });
      links.add(transport.messages.find(({ id }) => id === item.id)!.headers['List-Unsubscribe']!);
    }
    expect(links.size).toBe(2);
  });
});

describe('a relay', () => {
  async function withRelay<T>(options: RelayOptions, use: (relay: RelayApplication) => Promise<T>): Promise<T> {
    const relay = await startRelay({ transport: new RecordingTransport(), ...options });
    return use(relay).finally(() => relay.close());
  }

  it('without the option sends no mail that asks for it, and others as ever', () =>
    withRelay({}, async ({ mail }) => {
      await expect(mail.send({ ...HI, unsubscribe: true })).rejects.toMatchObject({ field: 'unsubscribe' });
      const { headers } = await mail.render({ ...HI, stream: 'broadcast' });
      expect(headers).toEqual({});
      await mail.send({ ...HI, to: ['ada@x.test', 'bob@x.test'], stream: 'broadcast' });
    }));

  it.each<[string, readonly string[] | undefined]>([
    ['the usual headers', undefined],
    ['headers of its own choice', ['Subject']],
  ])('signs both fields of one click with DKIM, with %s', async (_what, headers) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const server = await startSmtpServer();
    const dkim = { domain: 'acme.test', selector: 'relay', privateKey, ...(headers && { headers }) };
    const transport = new SmtpTransport({ host: server.host, port: server.port, tls: 'never', dkim });
    try {
      await withRelay({ transport, unsubscribe }, async ({ mail }) => {
        await mail.send({ ...HI, stream: 'broadcast' });
        const { raw } = await server.next();
        const [signature] = await verify(raw, { 'relay._domainkey.acme.test': txtRecord(privateKey) });
        expect(signature!.status.result).toBe('pass');
        expect(signature!.signingHeaders.keys.toLowerCase().split(/[:\s]+/)).toEqual(
          expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post']),
        );
        // A field that is changed or taken out on the way is found.
        const text = raw.toString('latin1');
        for (const changed of [
          text.replace('List-Unsubscribe-Post: ', 'X-Was-Post: '),
          text.replace(/unsubscribe\?t=./, 'unsubscribe?t=_'),
        ]) {
          expect(changed).not.toBe(text);
          const [broken] = await verify(Buffer.from(changed, 'latin1'), {
            'relay._domainkey.acme.test': txtRecord(privateKey),
          });
          expect(broken!.status.result).toBe('fail');
        }
      });
    } finally {
      await server.close();
    }
  });

  it('says so where a transport carries no headers', () => {
    class Bare extends MailTransport {
      override readonly capabilities = { headers: false };
      async send() {}
    }
    return withRelay({ transport: new Bare(), unsubscribe }, async ({ mail }) => {
      await expect(mail.send({ ...HI, stream: 'broadcast' })).rejects.toMatchObject({
        name: 'UnsupportedFeatureError',
        feature: 'headers',
      });
      await mail.send(HI);
      await mail.send({ ...HI, stream: 'broadcast', unsubscribe: false });
    });
  });

  it('has streams of its own choice, and an address that takes mails', () =>
    withRelay({ unsubscribe: { ...unsubscribe, streams: ['digest'], mailto: 'off+x@acme.test' } }, async ({ mail }) => {
      const { id } = await mail.send({ ...HI, stream: 'digest' });
      expect(id).toBeTruthy();
      const queue = { ...HI, to: 'bob@x.test' };
      const run: Record<string, string>[] = [];
      for (const stream of ['digest', 'broadcast'])
        run.push({ stream, ...(await headersOf(mail, { ...queue, stream })) });
      expect(run[0]!['List-Unsubscribe']).toMatch(
        /^<https:\/\/acme\.test\/unsubscribe\?t=[\w-]+>, <mailto:off%2Bx@acme\.test\?subject=unsubscribe%20[\w-]+>$/,
      );
      expect(Object.keys(run[1]!)).toEqual(['stream']);
    }));

  it.each<[string, object, string]>([
    ['a path', { url: '/unsubscribe' }, 'unsubscribe.url'],
    ['a page without TLS', { url: 'http://acme.test/unsubscribe' }, 'unsubscribe.url'],
    ['another scheme', { url: 'javascript:alert(1)' }, 'unsubscribe.url'],
    ['a password', { url: 'https://a:b@acme.test/' }, 'unsubscribe.url'],
    ['no secret', { secret: undefined }, 'unsubscribe.secret'],
    ['a short secret', { secret: ['short-secret'] }, 'unsubscribe.secret'],
    ['no address', { mailto: 'mailto:off@acme.test?x' }, 'unsubscribe.mailto'],
    ['no streams', { streams: 'broadcast' }, 'unsubscribe.streams'],
    ['an unknown option', { expires: '30d' }, 'unsubscribe.expires'],
  ])('refuses at start: %s', async (_what, options, option) => {
    const error = await withRelay({ unsubscribe: { ...unsubscribe, ...options } as never }, async () => {}).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as RelayConfigurationError).option).toBe(option);
    expect((error as Error).message).not.toMatch(/short-secret|a secret of/);
  });

  it('may talk to itself without TLS', () =>
    withRelay(
      { unsubscribe: { ...unsubscribe, url: `http://127.0.0.1:3000/unsubscribe?x=${randomUUID()}` } },
      async () => {},
    ));
});

async function headersOf(mail: RelayApplication['mail'], message: InlineMessage): Promise<Record<string, string>> {
  return { ...(await mail.render(message)).headers };
}
