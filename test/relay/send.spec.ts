import { randomUUID } from 'node:crypto';
import { Injectable, Scope } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Attach,
  html,
  Inline,
  Mail,
  type Mailable,
  MailError,
  MailMessageError,
  MailTemplateError,
  type MailContent,
  type MailRenderContext,
  type QueueOptions,
  type RelayOptions,
} from '../../lib/index.js';
import { RecordingTransport, refuse } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { postgresUrl, redisUrl } from '../support/servers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const running: RelayApplication[] = [];

async function relay(options: RelayOptions = {}, metadata: Parameters<typeof startRelay>[1] = {}) {
  const transport = new RecordingTransport();
  const application = await startRelay({ transport, ...options }, metadata);
  running.push(application);
  return { transport, ...application };
}

const startWith = relay;

const backends: [string, () => Promise<QueueOptions>][] = [
  ['redis', async () => ({ redis: await redisUrl(), name: `t-${randomUUID()}` })],
  ['postgres', async () => ({ postgres: await postgresUrl() })],
  ['embedded', async () => ({ embedded: true })],
];

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

describe('send()', () => {
  it('takes an inline message through the queue to the transport', async () => {
    const { mail, transport } = await relay();
    const sent = await mail.send({ to: 'Ada <ada@x.test>', subject: 'Hi {{name}}', html: html`<p>${'<Ada>'}</p>` });
    expect(sent).toMatchObject({ duplicate: false, recipients: [{ address: 'ada@x.test', state: 'queued' }] });
    expect(sent.messageId).toBe(`<${sent.id}@acme.test>`);
    const status = await mail.wait(sent.id, { timeout: '10s' });
    expect(status.recipients).toEqual([{ address: 'ada@x.test', state: 'sent' }]);
    expect(status.attempts).toMatchObject([{ transport: 'default', outcome: 'sent' }]);
    expect(status.events.map(({ type }) => type)).toContain('sent');
    const [message] = transport.messages;
    // The subject of an inline message is literal.
    expect(message).toMatchObject({
      subject: 'Hi {{name}}',
      html: '<p>&lt;Ada&gt;</p>',
      text: '<Ada>',
      messageId: sent.messageId,
    });
    expect(message!.from).toEqual({ name: 'Acme', address: 'hello@acme.test' });
    expect(Buffer.from(await message!.raw()).toString()).toContain('Subject: Hi {{name}}\r\n');
  });

  it('renders a data class from its fields, getters and attachments', async () => {
    const dir = await temporaryFolder({ 'welcome.hbs': '<h1>Hi {{name}} {{initial}}</h1><img src="cid:logo">' });
    @Mail({ headers: { 'X-Base': 'base' }, tags: ['base'], locale: 'en' })
    class BaseMail {
      @Inline('logo', { contentType: 'image/png' }) readonly logo = Uint8Array.of(1, 2, 3);
    }
    @Mail<WelcomeMail>({ template: 'welcome', subject: 'Welcome, {{name}}', metadata: (m) => ({ plan: m.plan }) })
    class WelcomeMail extends BaseMail {
      constructor(
        readonly name: string,
        readonly plan: string,
      ) {
        super();
      }
      get initial() {
        return this.name[0];
      }
      @Attach({ filename: 'terms.txt' }) terms() {
        return { content: `Terms of ${this.plan}` };
      }
    }
    const { mail, transport } = await relay({ templates: { dir } });
    const { id } = await mail.send(new WelcomeMail('Ada & Co', 'pro'), { to: { email: 'ada@x.test', name: 'Ada' } });
    await mail.wait(id, { timeout: '10s' });
    const [message] = transport.messages;
    expect(message).toMatchObject({
      mail: 'WelcomeMail',
      subject: 'Welcome, Ada & Co',
      metadata: { plan: 'pro' },
      headers: { 'X-Base': 'base' },
      tags: ['base'],
      locale: 'en',
      to: [{ name: 'Ada', address: 'ada@x.test' }],
    });
    expect(message!.html).toContain('Hi Ada &amp; Co A');
    expect(message!.attachments.map(({ filename, cid, contentType }) => ({ filename, cid, contentType }))).toEqual([
      { filename: undefined, cid: 'logo', contentType: 'image/png' },
      { filename: 'terms.txt', cid: undefined, contentType: 'text/plain' },
    ]);
    const [, terms] = message!.attachments;
    expect(Buffer.concat(await terms!.content().toArray()).toString()).toBe('Terms of pro');
  });

  it('gives the worker the types that send() was given', async () => {
    const seen: unknown[] = [];
    const dir = await temporaryFolder({ 'types.hbs': '{{see when}}{{see price}}{{see tags}}' });
    const { mail } = await relay({ templates: { dir, helpers: { see: (value: unknown) => void seen.push(value) } } });
    const context = { when: new Date(0), price: 10n, tags: new Set(['a']) };
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'x', template: 'types', context });
    await mail.wait(id, { timeout: '10s' });
    expect(seen.slice(3)).toEqual([context.when, context.price, context.tags]);
    expect(seen.slice(0, 3)).toEqual(seen.slice(3));
  });

  it('renders an injectable mail in the worker, with what it injects', async () => {
    @Injectable()
    class Invoices {
      of(id: string) {
        return { id, total: 7 };
      }
    }
    const contexts: MailRenderContext[] = [];
    @Mail({ template: 'invoice', subject: 'Invoice {{invoice.id}}', metadata: { kind: 'invoice' } })
    @Injectable({ scope: Scope.REQUEST })
    class InvoiceMail implements Mailable<{ id: string; due: Date }> {
      constructor(private readonly invoices: Invoices) {}
      async render({ id, due }: { id: string; due: Date }, context: MailRenderContext): Promise<MailContent> {
        contexts.push(context);
        return { context: { invoice: this.invoices.of(id), due }, attachments: [{ filename: 'i.txt', content: id }] };
      }
    }
    const dir = await temporaryFolder({
      'invoice.hbs': '{{invoice.total}} until {{due}}',
      'invoice.de.hbs': '{{invoice.total}} bis',
    });
    const { mail, transport } = await relay({ templates: { dir } }, { providers: [InvoiceMail, Invoices] });
    const { id } = await mail.send(InvoiceMail, {
      to: 'ada@x.test',
      data: { id: '42', due: new Date(0) },
      locale: 'de',
    });
    await mail.wait(id, { timeout: '10s' });
    expect(transport.messages[0]).toMatchObject({
      subject: 'Invoice 42',
      html: '7 bis',
      mail: 'InvoiceMail',
      attachments: [{ filename: 'i.txt' }],
    });
    expect(contexts).toMatchObject([{ locale: 'de', to: [{ address: 'ada@x.test' }], metadata: { kind: 'invoice' } }]);
  });

  it('renders an injectable mail once: later attempts send the same content', async () => {
    let renders = 0;
    @Mail()
    @Injectable()
    class CountingMail implements Mailable {
      render() {
        return { subject: `Render ${++renders}`, text: 'x' };
      }
    }
    const { mail, transport } = await relay({ retry: { delay: 1, maxDelay: 1 } }, { providers: [CountingMail] });
    transport.answer(refuse({ scope: 'message' }), refuse({ scope: 'message' }));
    const { id } = await mail.send(CountingMail, { to: 'ada@x.test' });
    await mail.wait(id, { timeout: '10s' });
    expect(transport.messages.map(({ subject }) => subject)).toEqual(['Render 1', 'Render 1', 'Render 1']);
    expect(transport.contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('cancels a mail whose render() gives null, and tries again when it throws', async () => {
    let orders: (() => MailContent | null)[] = [];
    @Mail({ name: 'order' })
    @Injectable()
    class OrderMail implements Mailable {
      render() {
        return orders.shift()!();
      }
    }
    const { mail, transport } = await relay({ retry: { delay: 1 } }, { providers: [OrderMail] });
    orders = [() => null];
    const first = await mail.send(OrderMail, { to: 'ada@x.test' });
    expect((await mail.wait(first.id, { timeout: '10s' })).recipients[0]).toMatchObject({ state: 'cancelled' });
    orders = [
      () => {
        throw new Error('database away');
      },
      () => ({ subject: 'Order', text: 'x' }),
    ];
    const second = await mail.send(OrderMail, { to: 'ada@x.test' });
    const status = await mail.wait(second.id, { timeout: '10s' });
    expect(status.recipients[0]).toMatchObject({ state: 'sent' });
    expect(status.attempts[0]!.error!.message).toBe('render() threw: database away');
    expect(transport.messages).toHaveLength(1);
  });

  it('dead-letters a mail whose template is broken only in the worker', async () => {
    const dir = await temporaryFolder({ 'late.hbs': '{{missing}}' });
    @Mail({ template: 'late', subject: 'x' })
    @Injectable()
    class LateMail implements Mailable {
      render() {
        return { context: {} };
      }
    }
    const { mail } = await relay({ templates: { dir } }, { providers: [LateMail] });
    const { id } = await mail.send(LateMail, { to: 'ada@x.test' });
    const { recipients } = await mail.wait(id, { timeout: '10s' });
    expect(recipients).toMatchObject([
      { state: 'failed', error: { message: expect.stringContaining('missing') as string } },
    ]);
  });

  it.each<[string, object, string]>([
    ['a bad address', { to: 'nobody' }, 'to'],
    ['no recipient', { to: [] }, 'to'],
    ['header injection', { headers: { 'X-A': 'a\r\nBcc: eve@x.test' } }, 'headers.X-A'],
    ['a subject with a line break', { subject: 'a\r\nBcc: eve@x.test' }, 'subject'],
    [
      'a function in the context',
      { template: 'ok', subject: undefined, text: undefined, context: { f: () => 1 } },
      'context.f',
    ],
    ['an attachment that is not there', { attachments: [{ path: '/nowhere/at/all.pdf' }] }, 'attachments[0].path'],
    [
      'an attachment that is too large',
      { attachments: [{ filename: 'x', content: new Uint8Array(26 * 1024 * 1024) }] },
      'attachments[0]',
    ],
    ['an attachment of nothing', { attachments: [{}] }, 'attachments[0]'],
    ['delay and sendAt', { delay: 1, sendAt: new Date() }, 'sendAt'],
    ['a wrong delay', { delay: 'soon' }, 'delay'],
    ['a wrong date', { sendAt: new Date(Number.NaN) }, 'sendAt'],
    ['a misspelt option', { subjekt: 'x' }, 'subjekt'],
    ['a wrong priority', { priority: 'urgent' }, 'priority'],
    ['an unknown transport', { transport: 'nope' }, 'transport'],
    ['metadata that is no string', { metadata: { n: 1 } }, 'metadata.n'],
    ['tags that are no array', { tags: 'a' }, 'tags'],
    ['an empty idempotency key', { idempotencyKey: '' }, 'idempotencyKey'],
    ['a wrong retry', { retry: { maxAge: 'x' } }, 'retry.maxAge'],
    ['a function for a provider', { provider: { acme: { f: () => 1 } } }, 'provider.acme.f'],
    ['a provider that is no object', { provider: 7 }, 'provider'],
    ['an unknown part of the envelope', { envelope: { to: 'eve@x.test' } }, 'envelope.to'],
    [
      'an unknown part of an attachment',
      { attachments: [{ content: 'eA==', encoding: 'base64' }] },
      'attachments[0].encoding',
    ],
    [
      'a media type with a line break',
      { attachments: [{ content: 'x', contentType: 'text/plain;\r\n x=y' }] },
      'attachments[0].contentType',
    ],
    ['two mistakes at once', { subject: undefined, attachments: [{ path: '/nowhere/at/all' }] }, 'subject'],
    ['an envelope sender that is none', { envelope: { from: 'a b' } }, 'envelope.from'],
  ])('refuses %s, names the field, and queues nothing', async (_what, options, field) => {
    const { mail, transport } = await relay();
    const error = await mail
      .send({ to: 'ada@x.test', subject: 'x', text: 'x', ...options } as never)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MailMessageError);
    expect((error as MailMessageError).field).toBe(field);
    expect((error as MailMessageError).permanent).toBe(true);
    expect(transport.messages).toEqual([]);
  });

  it('throws for a template that is missing or lacks a variable', async () => {
    const dir = await temporaryFolder({ 'hello.hbs': 'Line one\nHi {{name}}' });
    const { mail } = await relay({ templates: { dir } });
    await expect(mail.send({ to: 'ada@x.test', subject: 'x', template: 'helo' })).rejects.toThrow(MailTemplateError);
    const error = await mail
      .send({ to: 'ada@x.test', subject: 'x', template: 'hello', context: {} })
      .catch((thrown: unknown) => thrown as MailTemplateError);
    expect(error).toMatchObject({ template: 'hello.hbs', line: 2, variable: 'name' });
  });

  it('says what was meant when a mail is given in the wrong form', async () => {
    class Plain {}
    @Mail({ template: 'x' })
    class Data {}
    @Mail()
    class Rendering implements Mailable {
      render() {
        return null;
      }
    }
    const { mail } = await relay();
    const send = mail.send.bind(mail) as (...args: unknown[]) => Promise<unknown>;
    const to = { to: 'ada@x.test' };
    await expect(send(new Plain(), to)).rejects.toThrow('Plain has no @Mail()');
    await expect(send(Plain, to)).rejects.toThrow('Plain has no @Mail()');
    await expect(send(Data, to)).rejects.toThrow('send an instance');
    await expect(send(new Rendering(), to)).rejects.toThrow('send the class');
    await expect(send(Promise.resolve(), to)).rejects.toThrow('await it');
    for (const wrong of [undefined, null, 7, 'x', [], Symbol('x')])
      await expect(send(wrong, to)).rejects.toThrow(MailMessageError);
    await expect(send(new Data())).rejects.toThrow('at least one recipient');
  });
});

describe.each(backends)('a mail in the queue, on %s,', (_backend, queueOn) => {
  const relay = async (options: RelayOptions = {}) => startWith({ queue: await queueOn(), ...options });

  it('is queued once for one idempotency key', async () => {
    const { mail, transport } = await relay();
    const message = { to: 'ada@x.test', subject: 'x', text: 'x', idempotencyKey: 'order-1' };
    const first = await mail.send(message);
    const second = await mail.send(message);
    expect(second).toMatchObject({ id: first.id, messageId: first.messageId, duplicate: true });
    await mail.wait(first.id, { timeout: '10s' });
    expect(await mail.send(message)).toMatchObject({
      id: first.id,
      messageId: first.messageId,
      duplicate: true,
      recipients: [{ state: 'sent' }],
    });
    expect(transport.messages).toHaveLength(1);
  });

  it('waits for its time, and can be cancelled until then', async () => {
    const { mail, transport } = await relay();
    const message = { to: 'ada@x.test', subject: 'x', text: 'x', delay: '1h', idempotencyKey: 'later' } as const;
    const { id, recipients } = await mail.send(message);
    expect(recipients).toEqual([{ address: 'ada@x.test', state: 'scheduled' }]);
    expect((await mail.status(id))!.recipients[0]!.state).toBe('scheduled');
    expect(await mail.cancel(id)).toBe(true);
    expect((await mail.status(id))!.recipients[0]!.state).toBe('cancelled');
    expect(await mail.cancel(id)).toBe(false);
    // Cancelling frees the key.
    expect((await mail.send(message)).duplicate).toBe(false);
    expect(transport.messages).toEqual([]);
  });

  it('goes out at sendAt', async () => {
    const { mail, transport } = await relay();
    const sendAt = new Date(Date.now() + 300);
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'x', text: 'x', sendAt });
    const status = await mail.wait(id, { timeout: '10s' });
    expect(status.attempts[0]!.at.getTime()).toBeGreaterThanOrEqual(sendAt.getTime());
    expect(transport.messages).toHaveLength(1);
  });

  it('cannot be cancelled once it was sent', async () => {
    const { mail } = await relay();
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'x', text: 'x' });
    await mail.wait(id, { timeout: '10s' });
    expect(await mail.cancel(id)).toBe(false);
    expect(await mail.cancel('no-such-mail')).toBe(false);
    expect(await mail.status('no-such-mail')).toBeNull();
    await expect(mail.wait('no-such-mail')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('is not tried again when it is cancelled while an attempt is under way', async () => {
    const { mail, transport } = await relay({ retry: { delay: 1 } });
    let finish = () => {};
    const held = new Promise<void>((resolve) => (finish = resolve));
    transport.answer(async () => {
      await held;
      throw new MailError('try later', { scope: 'message' });
    });
    const mailed = {
      to: 'ada@x.test',
      subject: 'x',
      text: 'x',
      idempotencyKey: 'held',
      retry: { delay: '1h' },
    } as const;
    const { id } = await mail.send(mailed);
    await transport.received(1);
    expect((await mail.status(id))!.recipients[0]!.state).toBe('sending');
    const cancelled = mail.cancel(id);
    setTimeout(finish, 20);
    expect(await cancelled).toBe(true);
    expect((await mail.status(id))!.recipients[0]!.state).toBe('cancelled');
    expect(transport.messages).toHaveLength(1);
    expect((await mail.send(mailed)).duplicate).toBe(false);
  });

  it('overtakes by priority', async () => {
    const { mail, transport } = await relay({ worker: { concurrency: 1 } });
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    transport.answer(() => gate);
    await mail.send({ to: 'ada@x.test', subject: 'first', text: 'x' });
    await transport.received(1);
    await mail.sendMany([{ to: 'ada@x.test', subject: 'digest', text: 'x' }]);
    await mail.send({ to: 'ada@x.test', subject: 'normal', text: 'x' });
    await mail.send({ to: 'ada@x.test', subject: 'high', text: 'x', priority: 'high' });
    open();
    await transport.received(4);
    expect(transport.messages.map(({ subject }) => subject)).toEqual(['first', 'high', 'normal', 'digest']);
  });

  it('of one stream is not held up by another', async () => {
    const { mail, transport } = await relay({ worker: { concurrency: 2, streams: { broadcast: 1 } } });
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    transport.answer(() => gate);
    const broadcast = Array.from({ length: 5 }, (_, index) => ({
      to: 'ada@x.test',
      subject: `b${index}`,
      text: 'x',
      stream: 'broadcast',
    }));
    const { queued } = await mail.sendMany(broadcast);
    expect(queued).toBe(5);
    await transport.received(1);
    const { id } = await mail.send({ to: 'ada@x.test', subject: 'reset', text: 'x' });
    await mail.wait(id, { timeout: '10s' });
    // One broadcast holds the only place of its stream; the others wait in the queue.
    expect(transport.messages.map(({ subject }) => subject)).toEqual([expect.stringMatching(/^b/), 'reset']);
    open();
    await transport.received(6);
  });
});
