import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import {
  FileMailTransport,
  InMemoryMailTransport,
  MailError as NestMailError,
  MailMessageError as NestMailMessageError,
  PostmarkTransport,
  ResendTransport,
  SesTransport,
  SmtpTransport as NestSmtpTransport,
} from '@nestjs/mail';
import { simpleParser } from 'mailparser';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import type { AdapterOptions } from '../../lib/transport/adapter-options.interface.js';
import { fromNestMail, type NestMailTransportLike } from '../../lib/transport/nest-mail.transport.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fullMessage } from './full-message.js';

interface Request {
  url: string;
  headers: IncomingMessage['headers'];
  body: Record<string, any>;
}

/** A provider on loopback that answers every request alike. */
async function provider(
  status: number,
  answer: object,
  headers: Record<string, string> = {},
): Promise<{ baseUrl: string; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ url: request.url!, headers: request.headers, body: (await json(request)) as Record<string, any> });
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const failure = async (
  transport: NestMailTransportLike,
  message = testMessage(),
  options: AdapterOptions = {},
): Promise<MailError> => {
  const error: unknown = await fromNestMail(transport, options)
    .send(message, sendContext())
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MailError);
  return error as MailError;
};

const throwing = (error: unknown): NestMailTransportLike => ({
  send: async () => {
    throw error;
  },
});

describe("@nestjs/mail's own transports", () => {
  it('keep the message in memory, with its assertions', async () => {
    const memory = new InMemoryMailTransport();
    const message = fullMessage();
    expect(await fromNestMail(memory).send(message, sendContext())).toEqual({});
    const mail = memory.assertSent({ to: 'dee@x.test', subject: 'Grüße' });
    expect(mail).toMatchObject({
      messageId: message.messageId,
      from: message.from,
      to: message.to,
      cc: message.cc,
      bcc: message.bcc,
      text: 'Hello there.',
      html: message.html,
      headers: { 'X-Tag': 'welcome' },
      locale: 'de',
    });
    expect(mail.message.replyTo).toEqual(message.replyTo);
    expect(mail.message.envelope).toEqual({ from: 'bounces@acme.test', to: message.envelope.to });
    expect(mail.message.internationalized).toBe(false);
    expect(mail.attachment('terms.pdf')).toMatchObject({
      contentType: 'application/pdf',
      disposition: 'attachment',
      content: Buffer.from('%PDF-1.7'),
    });
    expect(mail.attachments[1]).toMatchObject({ cid: 'logo', disposition: 'inline' });
    expect(mail.raw).toBe(Buffer.from(await message.raw()).toString());
  });

  it('name those only who have not had the mail yet', async () => {
    const memory = new InMemoryMailTransport();
    await fromNestMail(memory).send(
      fullMessage({ envelope: { from: 'b@acme.test', to: ['bob@x.test', 'dee@x.test'] } }),
      sendContext(),
    );
    expect(memory.mails[0]).toMatchObject({
      to: [{ address: 'bob@x.test' }],
      cc: [],
      bcc: [{ address: 'dee@x.test' }],
    });
    expect(memory.mails[0]!.message.envelope.to).toEqual(['bob@x.test', 'dee@x.test']);
  });

  it('write the message to a file', async () => {
    const directory = await temporaryFolder();
    const message = fullMessage();
    const { response } = await fromNestMail(new FileMailTransport({ directory, log: false })).send(
      message,
      sendContext(),
    );
    expect(response).toBe(join(directory, (await readdir(directory))[0]!));
    expect((await readFile(response!)).equals(Buffer.from(await message.raw()))).toBe(true);
  });

  it('send through Postmark', async () => {
    const { baseUrl, requests } = await provider(200, { MessageID: 'pm-1', ErrorCode: 0 });
    const result = await fromNestMail(new PostmarkTransport({ serverToken: 'T0KEN', baseUrl })).send(
      fullMessage(),
      sendContext(),
    );
    expect(result).toEqual({ providerMessageId: 'pm-1' });
    expect(requests[0]).toMatchObject({
      url: '/email',
      headers: { 'x-postmark-server-token': 'T0KEN' },
      body: {
        From: 'Acme <hello@acme.test>',
        To: 'Ada <ada@x.test>, bob@x.test',
        Cc: 'cy@x.test',
        Bcc: 'dee@x.test',
        Subject: 'Grüße',
        Attachments: [
          { Name: 'terms.pdf', Content: Buffer.from('%PDF-1.7').toString('base64') },
          { ContentID: 'cid:logo' },
        ],
      },
    });
  });

  it('send through Resend, with the same idempotency key for every attempt', async () => {
    const { baseUrl, requests } = await provider(200, { id: 're-1' });
    const resend = fromNestMail(new ResendTransport({ apiKey: 'T0KEN', baseUrl }));
    for (const attempt of [1, 2])
      expect(await resend.send(fullMessage(), sendContext({ attempt, idempotencyKey: 'key-1' }))).toEqual({
        providerMessageId: 're-1',
      });
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
  });

  it('send through SES, the very bytes', async () => {
    const { baseUrl, requests } = await provider(200, { MessageId: 'ses-1' });
    const ses = new SesTransport({
      region: 'eu-west-1',
      endpoint: baseUrl,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    expect(await fromNestMail(ses).send(fullMessage(), sendContext())).toEqual({ providerMessageId: 'ses-1' });
    const mail = await simpleParser(Buffer.from(requests[0]!.body['Content'].Raw.Data as string, 'base64'));
    expect(mail).toMatchObject({ subject: 'Grüße', text: expect.stringContaining('Hello there.') });
  });

  it.each<[number, object, Record<string, string>, object]>([
    [
      422,
      { ErrorCode: 406, Message: 'You tried to send to recipients that are inactive' },
      {},
      { scope: 'message', permanent: true, ambiguous: false, code: '406' },
    ],
    [
      401,
      { ErrorCode: 10, Message: 'No token' },
      {},
      { scope: 'transport', permanent: false, ambiguous: false, reason: 'credentials' },
    ],
    [429, {}, { 'retry-after': '7' }, { scope: 'transport', permanent: false, retryAfter: 7000 }],
    [503, {}, { 'retry-after': '60' }, { scope: 'transport', permanent: false, ambiguous: false, retryAfter: 60_000 }],
    [504, {}, {}, { scope: 'transport', permanent: false, ambiguous: true }],
  ])('say what a status of %i means', async (status, answer, headers, expected) => {
    const { baseUrl } = await provider(status, answer, headers);
    const error = await failure(new PostmarkTransport({ serverToken: 'T0KEN', baseUrl }));
    expect(error).toMatchObject(expected);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('T0KEN');
  });

  it('say that a provider which throttles with 400 is busy', async () => {
    const { baseUrl } = await provider(
      400,
      { message: 'Maximum sending rate exceeded.' },
      { 'x-amzn-errortype': 'ThrottlingException' },
    );
    const ses = new SesTransport({
      region: 'eu-west-1',
      endpoint: baseUrl,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    expect(await failure(ses)).toMatchObject({ scope: 'transport', permanent: false, code: 'ThrottlingException' });
  });

  it('say that nobody listens, and that an answer was lost', async () => {
    const server = createServer((request) => void request.resume().once('end', () => request.socket.destroy())).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const resend = new ResendTransport({ apiKey: 'T0KEN', baseUrl });
    expect(await failure(resend)).toMatchObject({ scope: 'transport', permanent: false, ambiguous: true });
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(resend)).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
  });

  it('refuse a message that they cannot carry', async () => {
    const resend = new ResendTransport({ apiKey: 'T0KEN', baseUrl: 'http://127.0.0.1:1' });
    const message = fullMessage({
      to: [],
      cc: [],
      bcc: [],
      envelope: { from: 'a@x.test', to: ['one@x.test', 'two@x.test'] },
    });
    expect(await failure(resend, message)).toMatchObject({ scope: 'message', permanent: true });
  });
});

describe('the SMTP transport of @nestjs/mail', () => {
  const smtp = async (script: FaultySmtpServer['script'], extensions?: string[]) => {
    const server = await FaultySmtpServer.start({ script, ...(extensions && { extensions }) });
    onTestFinished(() => server.close());
    return { server, transport: new NestSmtpTransport({ host: server.host, port: server.port, startTls: 'never' }) };
  };

  it('sends, and proves that it could', async () => {
    const { server, transport } = await smtp({});
    const adapter = fromNestMail(transport);
    await adapter.verify!();
    const message = fullMessage();
    expect(await adapter.send(message, sendContext())).toEqual({ response: '250 2.0.0 Ok: queued' });
    await adapter.close();
    expect(server.mails[0]).toMatchObject({ from: 'bounces@acme.test', to: message.envelope.to });
    expect(server.mails[0]!.raw.equals(Buffer.from(await message.raw()))).toBe(true);
  });

  it('sends to nobody when some are refused: they bounce or wait, the others wait', async () => {
    const answers: Record<string, string> = { 'b@x.test': '450 4.2.1 Later', 'c@x.test': '550 5.1.1 Nobody' };
    const { server, transport } = await smtp({ rcpt: ({ address }) => answers[address] });
    const { recipients } = await fromNestMail(transport).send(
      testMessage({ to: ['a@x.test', 'b@x.test', 'c@x.test'] }),
      sendContext(),
    );
    expect(
      recipients!.map(({ address, state, error }) => [
        address,
        state,
        error?.scope,
        error?.replyCode,
        error?.enhancedCode,
      ]),
    ).toEqual([
      ['a@x.test', 'deferred', 'recipient', undefined, undefined],
      ['b@x.test', 'deferred', 'recipient', 450, '4.2.1'],
      ['c@x.test', 'bounced', 'recipient', 550, '5.1.1'],
    ]);
    expect(server.mails).toEqual([]);
  });

  it.each<[string, FaultySmtpServer['script'], object]>([
    [
      'greets with 421',
      { greeting: { say: '421 4.3.2 Busy', thenClose: true } },
      { scope: 'transport', permanent: false, ambiguous: false, replyCode: 421 },
    ],
    [
      'refuses MAIL with 550',
      { mail: '550 5.7.1 Not you' },
      { scope: 'message', permanent: true, replyCode: 550, enhancedCode: '5.7.1' },
    ],
    [
      'refuses RCPT with 421',
      { rcpt: { say: '421 4.3.2 Closing', thenClose: true } },
      { scope: 'transport', permanent: false, replyCode: 421 },
    ],
    [
      'refuses the message with 554',
      { dot: '554 5.6.0 Spam' },
      { scope: 'message', permanent: true, ambiguous: false, replyCode: 554 },
    ],
    [
      'refuses the message with 452',
      { dot: '452 4.3.1 Full' },
      { scope: 'message', permanent: false, ambiguous: false },
    ],
    ['hangs up after the message', { dot: { do: 'reset' } }, { scope: 'transport', permanent: false, ambiguous: true }],
  ])('whose server %s', async (_, script, expected) => {
    const { transport } = await smtp(script);
    expect(await failure(transport)).toMatchObject(expected);
  });

  it('whose server has no SMTPUTF8: only those who need it are refused', async () => {
    const { server, transport } = await smtp({}, ['PIPELINING']);
    const outcomes = async (to: string[]) => fromNestMail(transport).send(testMessage({ to }), sendContext());
    expect(await outcomes(['ada@x.test', 'jörg@x.test'])).toEqual({
      recipients: [
        { address: 'ada@x.test', state: 'deferred', error: expect.objectContaining({ scope: 'recipient' }) },
        {
          address: 'jörg@x.test',
          state: 'bounced',
          error: expect.objectContaining({ scope: 'recipient', permanent: true, reason: 'smtputf8' }),
        },
      ],
    });
    expect(server.mails).toEqual([]);
    // As a sender it is the whole mail's fault.
    expect(await failure(transport, testMessage({ from: 'jörg@acme.test' }))).toMatchObject({
      scope: 'message',
      permanent: true,
    });
  });

  it('whose server is not there, or cannot do what the mail needs', async () => {
    const { server, transport } = await smtp({}, ['PIPELINING']);
    const strict = new NestSmtpTransport({ host: server.host, port: server.port, startTls: 'required' });
    expect(await failure(strict)).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
    await expect(fromNestMail(strict).verify!()).rejects.toMatchObject({ scope: 'transport', ambiguous: false });
    await server.close();
    expect(await failure(transport)).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
  });

  it('whose server keeps it waiting: before the message nothing has left, after it nobody knows', async () => {
    const { server } = await smtp({ rcpt: { do: 'hang' } });
    const transport = new NestSmtpTransport({
      host: server.host,
      port: server.port,
      startTls: 'never',
      timeouts: { command: '50ms', data: '50ms' },
    });
    expect(await failure(transport)).toMatchObject({ scope: 'transport', ambiguous: false });
    server.script = { dot: { do: 'hang' } };
    expect(await failure(transport)).toMatchObject({ scope: 'transport', ambiguous: true });
  });
});

describe('a transport of one’s own for @nestjs/mail', () => {
  it('counts by what its errors say', async () => {
    expect(await failure(throwing(new NestMailError('No such list', { permanent: true })))).toMatchObject({
      scope: 'message',
      permanent: true,
      ambiguous: false,
    });
    expect(await failure(throwing(new NestMailError('Later', { permanent: false })))).toMatchObject({
      scope: 'transport',
      permanent: false,
    });
    expect(await failure(throwing(new NestMailMessageError('to', 'is missing')))).toMatchObject({
      scope: 'message',
      permanent: true,
    });
    expect(await failure(throwing(new Error('boom')))).toMatchObject({
      scope: 'transport',
      permanent: false,
      ambiguous: true,
    });
    const ours = new MailError('full', { scope: 'recipient' });
    expect(await failure(throwing(ours))).toBe(ours);
  });

  it('counts by what its user says of its errors', async () => {
    const classify = () => ({ ambiguous: false, reason: 'boom' });
    expect(await failure(throwing(new Error('boom')), testMessage(), { classify })).toMatchObject({
      ambiguous: false,
      reason: 'boom',
    });
  });

  it('defers those whom it did not accept', async () => {
    const some: NestMailTransportLike = { send: async () => ({ accepted: ['A@x.test'] }) };
    const { recipients } = await fromNestMail(some).send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext());
    expect(recipients!.map(({ address, state }) => [address, state])).toEqual([
      ['a@x.test', 'sent'],
      ['b@x.test', 'deferred'],
    ]);
  });

  it('has what its user says it can carry, and `verify` only where it can', () => {
    const adapter = fromNestMail(new InMemoryMailTransport(), { capabilities: { recipients: 50 } });
    expect(adapter.capabilities).toEqual({ recipients: 50 });
    expect(adapter.verify).toBeUndefined();
    expect(String(adapter)).toBe('nest-mail:InMemoryMailTransport');
    for (const wrong of [undefined, null, {}, 'smtp://x'])
      expect(() => fromNestMail(wrong as unknown as NestMailTransportLike)).toThrow(RelayConfigurationError);
  });

  it('is not asked when the attempt was given up before', async () => {
    const memory = new InMemoryMailTransport();
    const sending = fromNestMail(memory).send(testMessage(), sendContext({ signal: AbortSignal.abort() }));
    await expect(sending).rejects.toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
    expect(memory.mails).toEqual([]);
  });
});
