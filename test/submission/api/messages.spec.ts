import { join } from 'node:path';
import { Controller, Get, Post, Body } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailError, SuppressionList } from '../../../lib/index.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { ADAPTERS, type ApiApplication, startApi } from './api-application.js';

const PATH = '/relay/messages';

@Controller()
class HelloController {
  @Get('hello') hello() {
    return 'hello';
  }
  @Post('echo') echo(@Body() body: object) {
    return body;
  }
}

describe.each(ADAPTERS)('the HTTP API on $name', ({ adapter }) => {
  let api: ApiApplication;
  beforeAll(async () => {
    api = await startApi({ adapter, metadata: { controllers: [HelloController] } });
  });
  afterAll(() => api?.close());

  it('queues a message durably, and says where its status is', async () => {
    const sent = await api.call('POST', PATH, {
      json: { to: ['Ada <ada@x.test>', { email: 'bob@x.test', name: 'Bob' }], subject: 'Hi', text: 'Hello' },
    });
    expect(sent.status).toBe(202);
    expect(sent.body).toMatchObject({
      duplicate: false,
      recipients: [
        { address: 'ada@x.test', state: 'queued' },
        { address: 'bob@x.test', state: 'queued' },
      ],
    });
    expect(sent.headers.get('location')).toBe(`${PATH}/${sent.body.id}`);
    await api.mail.wait(sent.body.id);
    const status = await api.call('GET', sent.headers.get('location')!);
    expect(status).toMatchObject({
      status: 200,
      body: {
        id: sent.body.id,
        messageId: sent.body.messageId,
        stream: 'transactional',
        recipients: [
          { address: 'ada@x.test', state: 'sent' },
          { address: 'bob@x.test', state: 'sent' },
        ],
        attempts: [{ transport: 'default', outcome: 'sent' }],
      },
    });
    expect(status.body.events.map(({ type }: { type: string }) => type)).toEqual(['queued', 'queued', 'sent', 'sent']);
    expect((await api.call('GET', `${PATH}/${encodeURIComponent(sent.body.messageId)}`)).body.id).toBe(sent.body.id);
  });

  it('takes everything that an inline message takes, bytes as base64 and times as ISO 8601', async () => {
    const count = api.transport.messages.length;
    const bytes = Buffer.from([0, 255, 1, 254, 13, 10]);
    const at = new Date(Date.now() + 300).toISOString();
    const { status, body } = await api.call('POST', `${PATH}?wait=20s`, {
      json: {
        to: 'ada@x.test',
        cc: { address: 'cc@x.test' },
        bcc: ['bcc@x.test'],
        from: 'Shop <shop@acme.test>',
        replyTo: ['help@acme.test'],
        envelope: { from: 'bounces@acme.test' },
        subject: 'Everything',
        html: '<p>Ünïcode</p>',
        text: 'Ünïcode',
        headers: { 'X-Shop': '7' },
        attachments: [
          { filename: 'a.bin', content: bytes.toString('base64') },
          { filename: 'b.txt', content: 'QUJD\nREVG', contentType: 'text/plain; charset=utf-8', cid: 'b@x' },
        ],
        tags: ['order'],
        metadata: { order: '42' },
        locale: 'de',
        tenant: 'north',
        stream: 'orders',
        priority: 'high',
        sendAt: at,
        transport: 'default',
        retry: { maxAge: '1h' },
        provider: { postmark: { TrackOpens: true } },
      },
    });
    expect({ status, state: body.recipients[0] }).toEqual({
      status: 200,
      state: { address: 'ada@x.test', state: 'sent' },
    });
    expect(body).toMatchObject({ tenant: 'north', stream: 'orders' });
    const message = api.transport.messages[count]!;
    expect(message).toMatchObject({
      from: { name: 'Shop', address: 'shop@acme.test' },
      to: [{ address: 'ada@x.test' }],
      cc: [{ address: 'cc@x.test' }],
      bcc: [{ address: 'bcc@x.test' }],
      replyTo: [{ address: 'help@acme.test' }],
      envelope: { from: 'bounces@acme.test', to: ['ada@x.test', 'cc@x.test', 'bcc@x.test'] },
      subject: 'Everything',
      html: '<p>Ünïcode</p>',
      text: 'Ünïcode',
      headers: { 'X-Shop': '7' },
      tags: ['order'],
      metadata: { order: '42' },
      locale: 'de',
      tenant: 'north',
      stream: 'orders',
      provider: { postmark: { TrackOpens: true } },
    });
    const contents = await Promise.all(
      message.attachments.map(async (one) => Buffer.concat(await one.content().toArray())),
    );
    expect(contents).toEqual([bytes, Buffer.from('ABCDEF')]);
    expect(message.attachments.map(({ contentType }) => contentType)).toEqual([
      'application/octet-stream',
      'text/plain; charset=utf-8',
    ]);
  });

  it('takes a finished message as it is', async () => {
    const count = api.transport.messages.length;
    const raw = Buffer.from(
      'From: Shop <shop@acme.test>\r\nTo: everybody@x.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n' +
        'Message-ID: <own-1@acme.test>\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\nX-Odd:   spaced\r\n\r\nBody  \r\n',
    );
    const { status, body } = await api.call('POST', `${PATH}?wait=20s`, {
      json: {
        raw: raw.toString('base64'),
        envelope: { to: ['ada@x.test'] },
        tags: ['raw'],
        provider: { postmark: {} },
      },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      messageId: '<own-1@acme.test>',
      recipients: [{ address: 'ada@x.test', state: 'sent' }],
    });
    const message = api.transport.messages[count]!;
    expect(message.envelope).toEqual({ from: 'shop@acme.test', to: ['ada@x.test'] });
    expect(Buffer.from(await message.raw()).toString('latin1')).toBe(raw.toString('latin1'));
  });

  it('answers an array with what became of each, in their order', async () => {
    const raw = Buffer.from('From: shop@acme.test\r\nSubject: Raw\r\n\r\nRaw\r\n').toString('base64');
    const { status, body } = await api.call('POST', `${PATH}?wait=20s`, {
      json: [
        { to: 'one@x.test', subject: '1', text: '1' },
        { to: 'not an address', subject: '2', text: '2' },
        { raw, envelope: { to: ['three@x.test'] } },
        { to: 'four@x.test', subject: '4', text: '4', nonsense: true },
        { to: 'five@x.test', subject: '5', text: '5' },
      ],
    });
    expect(status).toBe(207);
    expect(body.map((item: any) => item.status)).toEqual([200, 422, 200, 422, 200]);
    expect(body.map((item: any) => item.error?.field)).toEqual([undefined, 'to', undefined, 'nonsense', undefined]);
    expect(body.flatMap((item: any) => item.result?.recipients ?? [])).toEqual(
      ['one', 'three', 'five'].map((name) => ({ address: `${name}@x.test`, state: 'sent' })),
    );
  });

  it('queues the same Idempotency-Key once', async () => {
    const count = api.transport.messages.length;
    const json = { to: 'ada@x.test', subject: 'Once', text: 'Once' };
    const first = await api.call('POST', PATH, { json, headers: { 'Idempotency-Key': '"order-42"' } });
    const second = await api.call('POST', PATH, { json, headers: { 'idempotency-key': 'order-42' } });
    expect(second.status).toBe(202);
    expect(second.body).toMatchObject({ id: first.body.id, messageId: first.body.messageId, duplicate: true });
    const waited = await api.call('POST', `${PATH}?wait=20s`, { json, headers: { 'idempotency-key': 'order-42' } });
    expect(waited.body).toMatchObject({ id: first.body.id, duplicate: true, recipients: [{ state: 'sent' }] });
    const list = [json, json, { ...json, idempotencyKey: 'order-42' }];
    const many = await api.call('POST', PATH, { json: list.slice(0, 2), headers: { 'idempotency-key': 'list-1' } });
    const again = await api.call('POST', `${PATH}?wait=20s`, {
      json: list.slice(0, 2),
      headers: { 'idempotency-key': 'list-1' },
    });
    expect(again.body.map((item: any) => item.result.duplicate)).toEqual([true, true]);
    expect(again.body.map((item: any) => item.result.id)).toEqual(many.body.map((item: any) => item.result.id));
    expect((await api.call('POST', PATH, { json: [list[2]] })).body[0].result).toMatchObject({
      id: first.body.id,
      duplicate: true,
    });
    const both = await api.call('POST', PATH, { json: list[2], headers: { 'idempotency-key': 'x' } });
    expect(both).toMatchObject({ status: 422, body: { field: 'idempotencyKey' } });
    expect(api.transport.messages.length).toBe(count + 3);
  });

  it('waits for the delivery, and no longer than it is told to', async () => {
    let free = () => {};
    const held = new Promise<void>((resolve) => (free = resolve));
    api.transport.answer(() => held);
    const open = await api.call('POST', `${PATH}?wait=200ms`, { json: { to: 'slow@x.test', subject: 'S', text: 'S' } });
    expect(open.status).toBe(202);
    expect(open.body.recipients[0].state).not.toBe('sent');
    const waiting = api.call('GET', `${PATH}/${open.body.id}?wait=20s`);
    free();
    expect((await waiting).body.recipients).toEqual([{ address: 'slow@x.test', state: 'sent' }]);
    api.transport.answer(() => {
      throw new MailError('No such user', {
        scope: 'recipient',
        permanent: true,
        replyCode: 550,
        enhancedCode: '5.1.1',
        reason: 'bad-address',
      });
    });
    const bounced = await api.call('POST', `${PATH}?wait=20s`, { json: { to: 'no@x.test', subject: 'B', text: 'B' } });
    expect(bounced).toMatchObject({
      status: 200,
      body: { recipients: [{ state: 'bounced', error: { replyCode: 550, enhancedCode: '5.1.1' } }] },
    });
    for (const wait of ['61s', '-1s', 'long', '10', ''])
      expect(await api.call('GET', `${PATH}/${open.body.id}?wait=${wait}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid-query', field: 'wait' },
      });
    expect(await api.call('GET', `${PATH}/${open.body.id}?what=1`)).toMatchObject({
      status: 400,
      body: { field: 'what' },
    });
  });

  it('cancels what is not sent yet, and says when it is too late', async () => {
    const { body } = await api.call('POST', PATH, { json: { to: 'ada@x.test', subject: 'L', text: 'L', delay: '1h' } });
    expect(body.recipients).toEqual([{ address: 'ada@x.test', state: 'scheduled' }]);
    const cancelled = await api.call('DELETE', `${PATH}/${body.id}`);
    expect(cancelled).toMatchObject({ status: 200, body: { recipients: [{ state: 'cancelled' }] } });
    expect(await api.call('DELETE', `${PATH}/${body.id}`)).toMatchObject({
      status: 200,
      body: { recipients: [{ state: 'cancelled' }] },
    });
    const sent = await api.call('POST', `${PATH}?wait=20s`, { json: { to: 'ada@x.test', subject: 'S', text: 'S' } });
    expect(await api.call('DELETE', `${PATH}/${sent.body.id}`)).toMatchObject({
      status: 409,
      body: { code: 'too-late' },
    });
    expect(await api.call('DELETE', `${PATH}/00000000-0000-4000-8000-000000000000`)).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    });
  });

  it('tells nothing of where the server keeps its files', async () => {
    const file = join(process.cwd(), 'mails', '2026-one.eml');
    api.transport.answer(() => ({ response: file }));
    const { body } = await api.call('POST', `${PATH}?wait=20s`, {
      json: { to: 'ada@x.test', subject: 'F', text: 'F' },
    });
    expect(body.attempts).toMatchObject([{ outcome: '2026-one.eml' }]);
  });

  it.each([
    [{ template: 'weekly' }, 'weekly: this relay has no templates'],
    [{ subject: 'x', text: 'x', unsubscribe: true }, 'unsubscribe: this relay gives no links for unsubscribing'],
    [{ subject: 'x', text: 'x', track: { opens: true } }, 'track: this relay does not track'],
  ])('speaks to its clients, not to who wrote the application: %j', async (json, detail) => {
    expect(await api.call('POST', PATH, { json: { to: 'ada@x.test', ...json } })).toMatchObject({
      status: 422,
      body: { detail },
    });
  });

  it('says of a relay without a sender of its own that one is missing', async () => {
    const without = await startApi({ adapter, relay: { from: undefined } });
    try {
      const { status, body } = await without.call('POST', PATH, { json: { to: 'a@x.test', subject: 'x', text: 'x' } });
      expect({ status, detail: body.detail }).toEqual({
        status: 422,
        detail: 'from: is missing, and the relay has no default for it',
      });
    } finally {
      await without.close();
    }
  });

  it('tells who is on the suppression list', async () => {
    await api.app.get(SuppressionList).add({ address: 'gone@x.test', reason: 'unsubscribed' });
    const { body } = await api.call('POST', PATH, {
      json: { to: ['gone@x.test', 'ada@x.test'], subject: 'S', text: 'S' },
    });
    expect(body.recipients).toMatchObject([
      { state: 'suppressed', error: { reason: 'unsubscribed' } },
      { state: 'queued' },
    ]);
  });

  it.each([
    [{ to: 'ada@x.test', subject: 'Line\r\nBcc: all@x.test', text: 'x' }, 'subject'],
    [{ to: ['ada@x.test', 'nobody'], subject: 'x', text: 'x' }, 'to[1]'],
    [{ to: { address: 'ada@x.test', admin: true }, subject: 'x', text: 'x' }, 'to.admin'],
    [{ to: 'ada@x.test', subject: 'x', txt: 'x' }, 'txt'],
    [{ to: 'ada@x.test', subject: null, text: 'x' }, 'subject'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', sendAt: '2026-12-24' }, 'sendAt'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', sendAt: 5 }, 'sendAt'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', delay: true }, 'delay'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', envelope: { to: 'x@x.test' } }, 'envelope.to'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', attachments: [{ path: '/etc/passwd' }] }, 'attachments[0].path'],
    [
      { to: 'ada@x.test', subject: 'x', text: 'x', attachments: [{ content: 'QQ==', path: '/etc/passwd' }] },
      'attachments[0].path',
    ],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', attachments: [{ content: 'no base64!' }] }, 'attachments[0].content'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', attachments: [{ filename: 'a' }] }, 'attachments[0].content'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', attachments: [{ content: 'QQ==', cid: 5 }] }, 'attachments[0].cid'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', provider: { ses: 5 } }, 'provider.ses'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', headers: { From: 'x@x.test' } }, 'headers.From'],
    [{ to: 'ada@x.test', subject: 'x', text: 'x', unsubscribeUrl: 'x' }, 'unsubscribeUrl'],
    [{ raw: 'RnJvbTogYUB4LnRlc3QNCg0K' }, 'envelope'],
    [{ raw: 'RnJvbTogYUB4LnRlc3QNCg0K', envelope: { to: ['x'] } }, 'envelope.to[0]'],
    [{ raw: 'RnJvbTogYUB4LnRlc3QNCg0K', envelope: { to: ['a@x.test'] }, subject: 'x' }, 'subject'],
    ['text', 'message'],
    [5, 'message'],
  ])('refuses %j, naming %s', async (json, field) => {
    const { status, body, headers } = await api.call('POST', PATH, { json });
    expect({ status, field: body.field, code: body.code }).toEqual({ status: 422, field, code: 'invalid-message' });
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  it('tells nothing of the server’s files, not even which there are', async () => {
    const folder = await temporaryFolder({ secret: 'a secret' });
    const details = await Promise.all(
      ['secret', 'nothing'].map(async (name) => {
        const attachments = [{ filename: 'a', path: join(folder, name) }];
        return (await api.call('POST', PATH, { json: { to: 'ada@x.test', subject: 'x', text: 'x', attachments } })).body
          .detail;
      }),
    );
    expect(new Set(details)).toEqual(
      new Set(['attachments[0].path: no file of the server is read; give `content` in base64']),
    );
  });

  it('leaves the application’s own routes alone', async () => {
    expect(await (await fetch(`${api.url}/prefix/hello`)).text()).toBe('hello');
    const echo = await fetch(`${api.url}/prefix/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect(await echo.json()).toEqual({ a: 1 });
    expect((await fetch(`${api.url}/relay/other`)).status).toBe(404);
  });
});
