import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import JSONTransport from 'nodemailer/lib/json-transport';
import SESTransport from 'nodemailer/lib/ses-transport';
import SMTPPool from 'nodemailer/lib/smtp-pool';
import SMTPTransport from 'nodemailer/lib/smtp-transport';
import StreamTransport from 'nodemailer/lib/stream-transport';
import { simpleParser } from 'mailparser';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import type { AdapterOptions } from '../../lib/transport/adapter-options.interface.js';
import type { RecipientResult } from '../../lib/transport/mail-transport.js';
import { fromNodemailer, type NodemailerPlugin } from '../../lib/transport/nodemailer.transport.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { fullMessage } from './full-message.js';

/** A plugin of one's own, which does what it is told. */
const plugin = (
  send: (
    mail: { data: Record<string, any>; message: any; normalize: any },
    done: (error: unknown, info?: unknown) => void,
  ) => void,
): NodemailerPlugin => ({ name: 'Acme', version: '1', send }) as NodemailerPlugin;

const failure = async (
  from: NodemailerPlugin,
  message = testMessage(),
  options: AdapterOptions = {},
  signal?: AbortSignal,
): Promise<MailError> => {
  const error: unknown = await fromNodemailer(from, options)
    .send(message, sendContext(signal && { signal }))
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MailError);
  return error as MailError;
};

const states = (recipients: readonly RecipientResult[] | undefined) =>
  recipients?.map(({ address, state, error }) => [address, state, error?.replyCode]);

describe("nodemailer's own transports", () => {
  it('send the very bytes of the message, over SMTP, to its envelope', async () => {
    const server = await startSmtpServer({ auth: { user: 'ada', pass: 'secret' } });
    onTestFinished(() => server.close());
    const message = fullMessage();
    for (const Transport of [SMTPTransport, SMTPPool]) {
      const smtp = fromNodemailer(
        new Transport({
          host: '127.0.0.1',
          port: server.port,
          auth: { user: 'ada', pass: 'secret' },
          tls: { rejectUnauthorized: false },
        } as object),
      );
      await smtp.verify!();
      const result = await smtp.send(message, sendContext());
      await smtp.close();
      expect(result).toEqual({ response: expect.stringMatching(/^250 .*queued as/) });
      const mail = await server.next();
      expect(mail.envelope).toEqual({
        from: 'bounces@acme.test',
        to: ['ada@x.test', 'bob@x.test', 'cy@x.test', 'dee@x.test'],
      });
      expect(mail.raw.equals(Buffer.from(await message.raw()))).toBe(true);
    }
  });

  it('print the message as JSON, with the recipients of the attempt', async () => {
    const printed: Record<string, any>[] = [];
    const json = new JSONTransport({});
    const spied = plugin((mail, done) =>
      json.send(
        mail as never,
        ((error: Error | null, info: { message: string }) => {
          if (info) printed.push(JSON.parse(info.message) as Record<string, any>);
          done(error, info);
        }) as never,
      ),
    );
    await fromNodemailer(spied).send(fullMessage(), sendContext());
    expect(printed[0]).toMatchObject({
      from: { name: 'Acme', address: 'hello@acme.test' },
      to: [
        { name: 'Ada', address: 'ada@x.test' },
        { name: '', address: 'bob@x.test' },
      ],
      cc: [{ address: 'cy@x.test' }],
      bcc: [{ address: 'dee@x.test' }],
      replyTo: [{ name: 'Help', address: 'help@acme.test' }],
      subject: 'Grüße',
      text: 'Hello there.',
      html: '<p>Hello <img src="cid:logo"></p>',
      headers: { 'X-Tag': 'welcome' },
      attachments: [
        {
          filename: 'terms.pdf',
          contentType: 'application/pdf',
          content: Buffer.from('%PDF-1.7').toString('base64'),
          encoding: 'base64',
        },
        { filename: 'logo.png', contentType: 'image/png', cid: 'logo', content: 'AQID', encoding: 'base64' },
      ],
    });
    expect(printed[0]).not.toHaveProperty('raw');
  });

  it('stream the message', async () => {
    const stream = new StreamTransport({});
    let streamed = Promise.resolve('');
    const spied = plugin((mail, done) =>
      stream.send(
        mail as never,
        ((error: Error | null, info: { message: Readable }) => {
          if (info) streamed = text(info.message);
          done(error, info);
        }) as never,
      ),
    );
    const message = fullMessage();
    await fromNodemailer(spied).send(message, sendContext());
    expect(await streamed).toBe(Buffer.from(await message.raw()).toString());
  });

  it('send through SES, whose id is the provider’s', async () => {
    const sent: any[] = [];
    class SendEmailCommand {
      constructor(readonly input: unknown) {}
    }
    const sesClient = {
      config: { region: async () => 'eu-west-1' },
      send: async ({ input }: SendEmailCommand) => (sent.push(input), { MessageId: '0100-abc' }),
    };
    const result = await fromNodemailer(new SESTransport({ SES: { sesClient, SendEmailCommand } } as never)).send(
      fullMessage(),
      sendContext(),
    );
    expect(result).toEqual({ providerMessageId: '<0100-abc@eu-west-1.amazonses.com>', response: '0100-abc' });
    expect(sent[0].Destination.ToAddresses).toEqual(['ada@x.test', 'bob@x.test', 'cy@x.test', 'dee@x.test']);
    expect((await simpleParser(sent[0].Content.Raw.Data as Buffer)).subject).toBe('Grüße');
  });

  it('are refused when they come wrapped into a transporter, or are none', () => {
    expect(() => fromNodemailer(createTransport({ jsonTransport: true }) as unknown as NodemailerPlugin)).toThrow(
      /got a transporter; give it the plugin/,
    );
    for (const wrong of [undefined, null, {}, { send: 1, name: 'x' }, 'smtp://x']) {
      expect(() => fromNodemailer(wrong as unknown as NodemailerPlugin)).toThrow(RelayConfigurationError);
    }
  });
});

describe('what a plugin gets', () => {
  const seen = async (envelope: readonly string[]) => {
    let fields: any;
    await fromNodemailer(plugin(({ data }, done) => ((fields = data), done(null, {})))).send(
      fullMessage({ envelope: { from: 'b@acme.test', to: envelope } }),
      sendContext(),
    );
    const addresses = (list: { address: string }[]) => list.map(({ address }) => address);
    return {
      to: addresses(fields.to),
      cc: addresses(fields.cc),
      bcc: addresses(fields.bcc),
      envelope: fields.envelope.to,
    };
  };

  it('names those only who have not had the mail yet', async () => {
    expect(await seen(['bob@x.test', 'dee@x.test'])).toEqual({
      to: ['bob@x.test'],
      cc: [],
      bcc: ['dee@x.test'],
      envelope: ['bob@x.test', 'dee@x.test'],
    });
    expect(await seen(['cy@x.test'])).toMatchObject({ to: ['cy@x.test'], cc: [], bcc: [] });
  });

  it('names whom a mail was redirected to, and not whom it was for', async () => {
    expect(await seen(['staging@acme.test'])).toMatchObject({ to: ['staging@acme.test'], cc: [], bcc: [] });
    expect(await seen(['one@acme.test', 'two@acme.test'])).toMatchObject({
      to: [],
      cc: [],
      bcc: ['one@acme.test', 'two@acme.test'],
    });
  });

  it('is a message as nodemailer has it', async () => {
    const message = fullMessage();
    await fromNodemailer(
      plugin(({ message: mime, normalize, data }, done) => {
        expect(mime.getEnvelope()).toEqual({ from: 'bounces@acme.test', to: message.envelope.to });
        expect(mime.messageId()).toBe(message.messageId);
        expect(mime.getHeader('subject')).toBe('Grüße');
        expect(mime.getHeader('x-tag')).toBe('welcome');
        expect(normalize).toBeTypeOf('function');
        expect(data['disableFileAccess']).toBe(true);
        done(null, {});
      }),
    ).send(message, sendContext());
  });

  it('reads no file and fetches no URL that a text names', async () => {
    let content: unknown;
    const html = '<img src="file:///etc/passwd">';
    await fromNodemailer(
      plugin((mail, done) => mail.normalize((error: unknown, data: any) => ((content = data?.html), done(error, {})))),
    ).send(fullMessage({ html }), sendContext());
    expect(content).toBe(html);
  });
});

describe('what becomes of the recipients', () => {
  const smtp = async (script: FaultySmtpServer['script']) => {
    const server = await FaultySmtpServer.start({ script });
    onTestFinished(() => server.close());
    return { server, plugin: new SMTPTransport({ host: server.host, port: server.port, ignoreTLS: true }) };
  };
  const three = () => testMessage({ to: ['a@x.test', 'b@x.test', 'c@x.test'] });
  const answers: Record<string, string> = {
    'a@x.test': '250 2.1.5 Ok',
    'b@x.test': '450 4.2.1 Later',
    'c@x.test': '550 5.1.1 Nobody',
  };

  it('is one outcome each when a server takes some of them', async () => {
    const { plugin: transport } = await smtp({ rcpt: ({ address }) => answers[address] });
    const result = await fromNodemailer(transport).send(three(), sendContext());
    expect(states(result.recipients)).toEqual([
      ['a@x.test', 'sent', undefined],
      ['b@x.test', 'deferred', 450],
      ['c@x.test', 'bounced', 550],
    ]);
    expect(result.recipients![2]!.error).toMatchObject({ scope: 'recipient', permanent: true, enhancedCode: '5.1.1' });
    expect(result.recipients![2]!.error!.message).toContain('550 5.1.1 Nobody');
  });

  it('is one outcome each when a server takes none', async () => {
    const { plugin: transport } = await smtp({
      rcpt: ({ address }) => (address === 'c@x.test' ? '550 5.1.1 Nobody' : '450 4.2.1 Later'),
    });
    const result = await fromNodemailer(transport).send(three(), sendContext());
    expect(states(result.recipients)).toEqual([
      ['a@x.test', 'deferred', 450],
      ['b@x.test', 'deferred', 450],
      ['c@x.test', 'bounced', 550],
    ]);
  });

  it('is deferred where a plugin rejects them and does not say why', async () => {
    const rejecting = plugin((_, done) =>
      done(null, { accepted: ['a@x.test'], rejected: ['B@x.test', { address: 'c@x.test' }] }),
    );
    const result = await fromNodemailer(rejecting).send(three(), sendContext());
    expect(states(result.recipients)).toEqual([
      ['a@x.test', 'sent', undefined],
      ['b@x.test', 'deferred', undefined],
      ['c@x.test', 'deferred', undefined],
    ]);
  });

  it('is sent where a plugin says nothing', async () => {
    for (const info of [undefined, null, true, {}]) {
      expect(await fromNodemailer(plugin((_, done) => done(null, info))).send(three(), sendContext())).toEqual({});
    }
  });

  it.each<[string, FaultySmtpServer['script'], object]>([
    [
      'the greeting says 421',
      { greeting: { say: '421 4.3.2 Busy', thenClose: true } },
      { scope: 'transport', permanent: false, ambiguous: false, replyCode: 421 },
    ],
    [
      'MAIL is refused with 550',
      { mail: '550 5.7.1 Not you' },
      { scope: 'message', permanent: true, ambiguous: false, replyCode: 550 },
    ],
    [
      'MAIL is refused with 451',
      { mail: '451 4.7.1 Greylisted' },
      { scope: 'message', permanent: false, ambiguous: false, replyCode: 451 },
    ],
    [
      'DATA is refused with 421',
      { data: { say: '421 4.3.2 Shutting down', thenClose: true } },
      { scope: 'transport', permanent: false, ambiguous: false, replyCode: 421 },
    ],
    [
      'the message is refused with 554',
      { dot: '554 5.6.0 Spam' },
      { scope: 'message', permanent: true, ambiguous: false, replyCode: 554 },
    ],
    [
      'the message is refused with 452',
      { dot: '452 4.3.1 Full' },
      { scope: 'message', permanent: false, ambiguous: false, replyCode: 452 },
    ],
    ['the connection breaks at the greeting', { greeting: { do: 'reset' } }, { scope: 'transport', ambiguous: false }],
    ['the connection breaks at RCPT', { rcpt: { do: 'reset' } }, { scope: 'transport', ambiguous: false }],
    ['the connection breaks at DATA', { data: { do: 'reset' } }, { scope: 'transport', ambiguous: false }],
    [
      'the connection breaks after the message',
      { dot: { do: 'reset' } },
      { scope: 'transport', permanent: false, ambiguous: true },
    ],
  ])('is one error when %s', async (_, script, expected) => {
    const { plugin: transport } = await smtp(script);
    expect(await failure(transport)).toMatchObject(expected);
  });

  it('is an error of the transport when nobody listens, or the login is refused', async () => {
    const { server, plugin: transport } = await smtp({});
    await server.close();
    expect(await failure(transport)).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
    const strict = await startSmtpServer({ auth: { user: 'ada', pass: 'right' } });
    onTestFinished(() => strict.close());
    const wrong = new SMTPTransport({
      host: strict.host,
      port: strict.port,
      auth: { user: 'ada', pass: 'wr0ng-s3cret' },
      tls: { rejectUnauthorized: false },
    });
    const error = await failure(wrong);
    expect(error).toMatchObject({
      scope: 'transport',
      permanent: false,
      ambiguous: false,
      replyCode: 535,
      reason: 'credentials',
    });
    expect(error.message).not.toContain('wr0ng-s3cret');
    await expect(fromNodemailer(wrong).verify!()).rejects.toMatchObject({ scope: 'transport', ambiguous: false });
  });
});

describe("what a plugin's own error means", () => {
  const failing = (error: unknown) => plugin((_, done) => done(error));
  const http = (fields: object) => Object.assign(new Error('it failed'), fields);

  it.each<[string, object, object]>([
    [
      'statusCode 401',
      { statusCode: 401 },
      { scope: 'transport', permanent: false, ambiguous: false, reason: 'credentials' },
    ],
    ['status 429', { status: 429 }, { scope: 'transport', permanent: false, ambiguous: false }],
    ['a numeric code 400', { code: 400 }, { scope: 'message', permanent: true, ambiguous: false, code: '400' }],
    [
      "axios' 422",
      { response: { status: 422 }, config: { headers: { authorization: 'Bearer s3cret' } } },
      { scope: 'message', permanent: true },
    ],
    ["AWS' 500", { $metadata: { httpStatusCode: 500 } }, { scope: 'transport', permanent: false, ambiguous: false }],
    ['504', { statusCode: 504 }, { scope: 'transport', ambiguous: true }],
    ['a refused connection', { code: 'ECONNREFUSED' }, { scope: 'transport', ambiguous: false, code: 'ECONNREFUSED' }],
    [
      'a refused connection beneath fetch',
      { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) },
      { scope: 'transport', ambiguous: false },
    ],
    [
      'several refused connections',
      { cause: Object.assign(new Error(''), { errors: [{ code: 'ECONNREFUSED' }, { code: 'ENETUNREACH' }] }) },
      { scope: 'transport', ambiguous: false },
    ],
    ['a bad certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, { scope: 'transport', ambiguous: false }],
    ['a lost connection', { code: 'ECONNRESET' }, { scope: 'transport', permanent: false, ambiguous: true }],
    ['nothing that is known', {}, { scope: 'transport', permanent: false, ambiguous: true }],
  ])('%s', async (_, fields, expected) => {
    const error = await failure(failing(http(fields)));
    expect(error).toMatchObject(expected);
    expect(error.message).toBe('Acme: it failed');
    expect(error.cause).not.toHaveProperty('config');
  });

  it('of no shape at all is ambiguous', async () => {
    expect(await failure(failing('just a text'))).toMatchObject({ message: 'Acme: just a text', ambiguous: true });
    const throwing = plugin(() => {
      throw new TypeError('not ready');
    });
    expect(await failure(throwing)).toMatchObject({ message: 'Acme: not ready', scope: 'transport' });
  });

  it('is not ambiguous while the plugin has not read the message to its end', async () => {
    const read = (whole: boolean) =>
      plugin((mail, done) => {
        const stream = mail.message.createReadStream() as Readable;
        if (whole) stream.resume().once('end', () => done(new Error('lost')));
        else stream.once('readable', () => done(new Error('lost')));
      });
    expect(await failure(read(false))).toMatchObject({ ambiguous: false });
    expect(await failure(read(true))).toMatchObject({ ambiguous: true });
  });

  it('is thrown on as it is where it is one of ours', async () => {
    const ours = new MailError('Mailbox full', { scope: 'recipient', replyCode: 452 });
    expect(await failure(failing(ours))).toBe(ours);
  });

  it('can be told by its user', async () => {
    const classify = (error: unknown) =>
      (error as Error).message === 'it failed'
        ? ({ permanent: true, scope: 'recipient', ambiguous: false, reason: 'inactive' } as const)
        : undefined;
    expect(await failure(failing(http({ code: 'E17' })), testMessage(), { classify })).toMatchObject({
      permanent: true,
      scope: 'recipient',
      ambiguous: false,
      reason: 'inactive',
      code: 'E17',
    });
    expect(await failure(failing(new Error('other')), testMessage(), { classify })).toMatchObject({
      permanent: false,
      scope: 'transport',
    });
  });
});

describe('an attempt that is given up', () => {
  it('before it began is not sent', async () => {
    let sent = 0;
    const error = await failure(
      plugin((_, done) => (sent++, done(null, {}))),
      testMessage(),
      {},
      AbortSignal.abort(new Error('shutdown')),
    );
    expect(sent).toBe(0);
    expect(error).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
  });

  it('while the server is thinking about RCPT ends at once, and nothing has left', async () => {
    const server = await FaultySmtpServer.start({ script: { rcpt: { do: 'hang' } } });
    onTestFinished(() => server.close());
    const stop = new AbortController();
    const sending = failure(
      new SMTPTransport({ host: server.host, port: server.port, ignoreTLS: true }),
      testMessage(),
      {},
      stop.signal,
    );
    await server.reached('rcpt');
    stop.abort();
    expect(await sending).toMatchObject({ scope: 'transport', ambiguous: false });
  });

  it('after the message has gone out waits for the answer', async () => {
    let answer = (): void => {};
    const server = await FaultySmtpServer.start({
      script: { dot: { after: new Promise<void>((resolve) => (answer = resolve)) } },
    });
    onTestFinished(() => server.close());
    const stop = new AbortController();
    const sending = fromNodemailer(new SMTPTransport({ host: server.host, port: server.port, ignoreTLS: true })).send(
      testMessage(),
      sendContext({ signal: stop.signal }),
    );
    await server.reached('dot');
    stop.abort();
    answer();
    expect(await sending).toMatchObject({ response: '250 2.0.0 Ok: queued' });
  });
});
