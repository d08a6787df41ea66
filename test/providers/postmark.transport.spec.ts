import { describe, expect, it } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import type { MailMessage } from '../../lib/mail/mail-message.interface.js';
import { POSTMARK_ERRORS } from '../../lib/providers/postmark/postmark-errors.js';
import { POSTMARK_SCHEMES } from '../../lib/providers/postmark/postmark-schemes.js';
import { PostmarkTransport } from '../../lib/providers/postmark/postmark.transport.js';
import type { PostmarkTransportOptions } from '../../lib/providers/postmark/postmark-options.interface.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import type { HttpReply, HttpScript } from '../support/http/start-http-server.js';
import { registerSchemes } from '../support/register-schemes.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { fullMessage } from '../transport/full-message.js';
import { failureOf, providerServer, shown } from './http-provider.js';

registerSchemes(POSTMARK_SCHEMES);

const TOKEN = '6f2d5c1a-token-hunter2';
const MESSAGE_ID = 'b7bc2f4a-e38e-4336-af7d-e6c392c2f817';
const OK = { To: 'x', SubmittedAt: '2026-11-23T10:00:00Z', MessageID: MESSAGE_ID, ErrorCode: 0, Message: 'OK' };
const refusal = (ErrorCode: number, Message: string, status = 422): HttpReply => ({
  status,
  json: { ErrorCode, Message },
});

const postmark = (script: HttpScript, options: Partial<PostmarkTransportOptions> = {}) =>
  providerServer(script, (baseUrl) => new PostmarkTransport({ token: TOKEN, baseUrl, ...options }));

describe('a mail through the API of Postmark', () => {
  it('arrives field by field', async () => {
    const { server, transport } = await postmark({ json: OK });
    const message = fullMessage({
      from: { name: 'Acme, Ltd "the" best', address: 'hello@acme.test' },
      replyTo: [{ name: 'Help 🛟', address: 'help@acme.test' }, { address: 'b@acme.test' }],
      tags: ['welcome'],
      metadata: { plan: 'pro', näme: 'Ädä' },
    });
    expect(await transport.send(message, sendContext())).toEqual({ providerMessageId: MESSAGE_ID, response: 'OK' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/email' });
    expect(request!.headers).toMatchObject({
      'x-postmark-server-token': TOKEN,
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect(request!.json()).toEqual({
      From: '"Acme, Ltd \\"the\\" best" <hello@acme.test>',
      To: '"Ada" <ada@x.test>, bob@x.test',
      Cc: 'cy@x.test',
      Bcc: 'dee@x.test',
      ReplyTo: '"Help 🛟" <help@acme.test>, b@acme.test',
      Subject: 'Grüße',
      HtmlBody: '<p>Hello <img src="cid:logo"></p>',
      TextBody: 'Hello there.',
      Tag: 'welcome',
      Metadata: { plan: 'pro', näme: 'Ädä' },
      Headers: [
        { Name: 'X-Tag', Value: 'welcome' },
        { Name: 'Message-ID', Value: message.messageId },
        { Name: 'X-PM-KeepID', Value: 'true' },
      ],
      Attachments: [
        { Name: 'terms.pdf', Content: 'JVBERi0xLjc=', ContentType: 'application/pdf' },
        { Name: 'logo.png', Content: 'AQID', ContentType: 'image/png', ContentID: 'cid:logo' },
      ],
    });
  });

  it('leaves out what a mail has not', async () => {
    const { server, transport } = await postmark({ json: OK });
    const message = testMessage();
    await transport.send(message, sendContext());
    expect(server.requests[0]!.json()).toEqual({
      From: 'ada@acme.test',
      To: 'bob@x.test',
      Subject: 'Hello',
      TextBody: 'Hello there.',
      Headers: [
        { Name: 'Message-ID', Value: message.messageId },
        { Name: 'X-PM-KeepID', Value: 'true' },
      ],
    });
  });

  it('has a body even when it has none, since Postmark wants one', async () => {
    const { server, transport } = await postmark({ json: OK });
    await transport.send({ ...testMessage(), text: undefined }, sendContext());
    expect(server.requests[0]!.json()).toMatchObject({ TextBody: ' ' });
  });

  it.each<[string, Partial<MailMessage>, object]>([
    [
      'some have it already',
      { envelope: { from: '', to: ['bob@x.test', 'dee@x.test'] } },
      { To: 'bob@x.test', Bcc: 'dee@x.test' },
    ],
    ['only one in cc is left', { envelope: { from: '', to: ['cy@x.test'] } }, { To: 'cy@x.test' }],
    ['only one in bcc is left', { envelope: { from: '', to: ['dee@x.test'] } }, { To: 'dee@x.test' }],
    [
      'two in bcc are left, who do not see each other',
      {
        bcc: [{ address: 'dee@x.test' }, { address: 'eve@x.test' }],
        envelope: { from: '', to: ['dee@x.test', 'eve@x.test'] },
      },
      { Bcc: 'dee@x.test, eve@x.test' },
    ],
    ['it is redirected', { envelope: { from: '', to: ['staging@acme.test'] } }, { To: 'staging@acme.test' }],
  ])('goes to nobody but the recipients of the attempt when %s', async (_, given, expected) => {
    const { server, transport } = await postmark({ json: OK });
    await transport.send(fullMessage(given), sendContext());
    const { To, Cc, Bcc } = server.requests[0]!.json();
    expect({ To, Cc, Bcc }).toEqual({ To: undefined, Cc: undefined, Bcc: undefined, ...expected });
  });

  it.each<[string, PostmarkTransportOptions['messageStream'], Partial<MailMessage>, string | undefined]>([
    ['Postmark’s own', undefined, {}, undefined],
    ['the transport’s', 'outbound-2', {}, 'outbound-2'],
    ['by the relay’s stream', { broadcast: 'broadcasts' }, { stream: 'broadcast' }, 'broadcasts'],
    ['none for another stream', { broadcast: 'broadcasts' }, { stream: 'transactional' }, undefined],
    [
      'the mail’s own',
      { broadcast: 'b' },
      { stream: 'broadcast', provider: { postmark: { messageStream: 'own' } } },
      'own',
    ],
  ])('takes a message stream: %s', async (_, messageStream, given, expected) => {
    const { server, transport } = await postmark({ json: OK }, { messageStream });
    await transport.send({ ...testMessage(), ...given }, sendContext());
    expect(server.requests[0]!.json().MessageStream).toBe(expected);
  });

  it('takes what only Postmark understands, and refuses what it does not', async () => {
    const { server, transport } = await postmark({ json: OK });
    const say = (extras: object): MailMessage => ({
      ...testMessage(),
      provider: { postmark: extras, mailgun: { x: 1 } },
    });
    await transport.send(say({ trackOpens: false, trackLinks: 'HtmlOnly' }), sendContext());
    expect(server.requests[0]!.json()).toMatchObject({ TrackOpens: false, TrackLinks: 'HtmlOnly' });
    for (const [extras, field] of [
      [{ trackOpen: true }, 'provider.postmark.trackOpen'],
      [{ trackOpens: 'yes' }, 'provider.postmark.trackOpens'],
      [{ trackLinks: 'all' }, 'provider.postmark.trackLinks'],
      [{ messageStream: 'a\nb' }, 'provider.postmark.messageStream'],
    ] as const) {
      const error = await failureOf(transport.send(say(extras), sendContext()));
      expect(error).toBeInstanceOf(MailMessageError);
      expect(error).toMatchObject({ field, permanent: true, scope: 'message' });
    }
    expect(server.requests).toHaveLength(1);
  });

  it('says who is not sent to where Postmark takes it for the others', async () => {
    const { transport } = await postmark({
      json: {
        ...OK,
        Message:
          'Message OK, but will not deliver to these inactive addresses: bob@x.test, dee@x.test. Inactive recipients are ones that have generated a hard bounce.',
      },
    });
    const message = fullMessage({
      bcc: [{ address: 'Dee@x.test' }],
      envelope: { from: '', to: ['ada@x.test', 'bob@x.test', 'Dee@x.test'] },
    });
    const { recipients, providerMessageId } = await transport.send(message, sendContext());
    expect(providerMessageId).toBe(MESSAGE_ID);
    expect(recipients).toMatchObject([
      { address: 'ada@x.test', state: 'sent' },
      {
        address: 'bob@x.test',
        state: 'bounced',
        error: { scope: 'recipient', permanent: true, reason: 'suppressed', code: '406' },
      },
      { address: 'Dee@x.test', state: 'bounced' },
    ]);
  });

  it('is sent when Postmark delays it, and says no ErrorCode then', async () => {
    const { transport } = await postmark({
      json: { MessageID: MESSAGE_ID, Message: 'Message accepted, but delivery may be delayed.' },
    });
    expect(await transport.send(testMessage(), sendContext())).toEqual({
      providerMessageId: MESSAGE_ID,
      response: 'Message accepted, but delivery may be delayed.',
    });
  });
});

describe('a refusal of Postmark', () => {
  it.each(Object.entries(POSTMARK_ERRORS).filter(([code]) => code !== '406'))(
    'with ErrorCode %s means what the table says, whatever the status',
    async (code, verdict) => {
      for (const status of [200, 422, 500]) {
        const { transport } = await postmark(refusal(Number(code), 'Nay, and nay', status));
        const error = await failureOf(transport.send(testMessage(), sendContext()));
        expect(error).toMatchObject({ ...verdict, code, status, ambiguous: false });
        expect(error.message).toMatch(
          new RegExp(`^127\\.0\\.0\\.1:\\d+ answered ${status}: Nay, and nay \\(ErrorCode ${code}\\)$`),
        );
      }
    },
  );

  it.each([
    [10, 401, { scope: 'transport', reason: 'credentials' }],
    [300, 422, { scope: 'message', permanent: true }],
    [405, 422, { scope: 'transport', reason: 'quota' }],
    [412, 422, { scope: 'transport', reason: 'account' }],
    [100, 503, { scope: 'transport', permanent: false }],
    [9999, 422, { scope: 'message', permanent: true }],
    [9999, 429, { scope: 'transport', permanent: false, reason: 'rate' }],
    [9999, 500, { scope: 'transport', permanent: false }],
  ])('with ErrorCode %i and HTTP %i', async (code, status, expected) => {
    const { transport } = await postmark(refusal(code, 'Nay', status));
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      ambiguous: false,
      ...expected,
    });
  });

  it('because of rate names the wait', async () => {
    const { transport } = await postmark({
      status: 429,
      headers: { 'retry-after': '30' },
      json: { ErrorCode: 429, Message: 'Slow down' },
    });
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      scope: 'transport',
      retryAfter: 30_000,
    });
  });

  it('of all recipients as inactive bounces them', async () => {
    const words =
      'You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ada@x.test, bob@x.test. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression.';
    const { transport } = await postmark(refusal(406, words));
    const { recipients } = await transport.send(testMessage({ to: ['ada@x.test', 'Bob@x.test'] }), sendContext());
    expect(recipients).toMatchObject([
      { address: 'ada@x.test', state: 'bounced', error: { reason: 'suppressed', scope: 'recipient', permanent: true } },
      { address: 'Bob@x.test', state: 'bounced' },
    ]);
  });

  it('of one recipient as inactive leaves it open whether the other was sent to', async () => {
    const { transport } = await postmark(refusal(406, 'Found inactive addresses: ada@x.test. Inactive recipients are'));
    const { recipients } = await transport.send(testMessage({ to: ['ada@x.test', 'bob@x.test'] }), sendContext());
    expect(recipients).toMatchObject([
      { address: 'ada@x.test', state: 'bounced' },
      { address: 'bob@x.test', state: 'deferred', error: { ambiguous: true, scope: 'recipient', permanent: false } },
    ]);
  });

  it('of inactive recipients that it does not name means all', async () => {
    const { transport } = await postmark(refusal(406, 'Inactive recipient'));
    const { recipients } = await transport.send(testMessage({ to: ['ada@x.test', 'bob@x.test'] }), sendContext());
    expect(recipients?.map(({ state }) => state)).toEqual(['bounced', 'bounced']);
  });

  it.each(["Invalid 'To' address: 'bob@x'.", "Error parsing 'Bcc': Illegal email domain 'x' in address 'bob@x'."])(
    'of one address (%s) bounces that one, and the others go again',
    async (words) => {
      const { transport } = await postmark(refusal(300, words));
      const { recipients } = await transport.send(testMessage({ to: ['ada@x.test', 'bob@x'] }), sendContext());
      expect(recipients).toMatchObject([
        { address: 'ada@x.test', state: 'deferred', error: { scope: 'recipient', permanent: false, ambiguous: false } },
        { address: 'bob@x', state: 'bounced', error: { scope: 'recipient', permanent: true, reason: 'bad-address' } },
      ]);
    },
  );

  it.each(["Invalid 'From' address: 'bob@x.test'.", "Error parsing 'Reply-To': Illegal email address 'bob@x.test'."])(
    'of another address (%s) is of the message',
    async (words) => {
      const { transport } = await postmark(refusal(300, words));
      const error = await failureOf(transport.send(testMessage({ to: ['ada@x.test', 'bob@x.test'] }), sendContext()));
      expect(error).toMatchObject({ scope: 'message', permanent: true });
    },
  );

  it('of a message stream is the fault of who named it', async () => {
    const { transport } = await postmark(refusal(1235, "The stream provided: 'own' does not exist on this server."));
    const own = { ...testMessage(), provider: { postmark: { messageStream: 'own' } } };
    expect(await failureOf(transport.send(own, sendContext()))).toMatchObject({ scope: 'message', permanent: true });
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      scope: 'transport',
      permanent: false,
    });
  });
});

describe('an answer that Postmark would not give', () => {
  it.each<[string, HttpReply, object]>([
    [
      'HTML with 200',
      { text: '<html>Log in', headers: { 'content-type': 'text/html' } },
      { ambiguous: true, code: 'EBADANSWER' },
    ],
    ['HTML with 403', { status: 403, text: '<html>' }, { ambiguous: false }],
    ['HTML with 422', { status: 422, text: '<html>' }, { ambiguous: false }],
    ['HTML with 502', { status: 502, text: '<html>' }, { ambiguous: false }],
    ['HTML with 504', { status: 504, text: '<html>' }, { ambiguous: true }],
    ['half a JSON text', { text: JSON.stringify(OK).slice(0, 60) }, { ambiguous: true }],
    ['a text that breaks off', { cut: JSON.stringify(OK) }, { ambiguous: true }],
    ['no MessageID', { json: { ErrorCode: 0, Message: 'OK' } }, { ambiguous: true }],
    ['an empty MessageID', { json: { ...OK, MessageID: '' } }, { ambiguous: true }],
    ['an ErrorCode that is no number', { json: { ...OK, ErrorCode: 'zero' } }, { ambiguous: true }],
    ['a list', { json: [OK] }, { ambiguous: true }],
    ['null', { text: 'null' }, { ambiguous: true }],
    ['nothing', { text: '' }, { ambiguous: true }],
    ['a success with 500', { status: 500, json: OK }, { ambiguous: false }],
    ['more than anybody reads', { endless: true }, { ambiguous: true }],
    [
      'a redirection',
      { status: 307, headers: { location: 'https://evil.test/' }, text: '' },
      { ambiguous: false, code: 'EREDIRECT' },
    ],
    ['a broken connection', { do: 'reset' }, { ambiguous: true, code: 'ECONNRESET' }],
  ])('%s is a failure of the transport', async (_, script, expected) => {
    const { transport } = await postmark(script);
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', permanent: false, ...expected });
  });

  it('silence is one too', async () => {
    const { transport } = await postmark({ do: 'hang' }, { timeout: 250 });
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      ambiguous: true,
      code: 'ETIMEDOUT',
    });
  });
});

describe('secrets', () => {
  it('are in nothing that can be seen', async () => {
    const { server, transport } = await postmark(({ headers }) => ({
      status: 401,
      json: { ErrorCode: 10, Message: `No such token: ${headers['x-postmark-server-token']}` },
    }));
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error.message).toContain('No such token: ***');
    server.script = { do: 'reset' };
    const lost = await failureOf(transport.send(testMessage(), sendContext()));
    expect(shown(transport, error, lost)).not.toContain('hunter2');
    expect(String(transport)).toBe(`postmark+api://default?baseUrl=${server.url}`);
    expect(String(new PostmarkTransport({ token: TOKEN }))).toBe('postmark+api://default');
  });
});

describe('an aborted attempt', () => {
  it('asks nothing of Postmark', async () => {
    const { server, transport } = await postmark({ json: OK });
    const error = await failureOf(transport.send(testMessage(), sendContext({ signal: AbortSignal.abort() })));
    expect(error).toMatchObject({ scope: 'transport', ambiguous: false, code: 'ABORT_ERR' });
    expect(server.connections).toBe(0);
  });
});

describe('sendBatch()', () => {
  const messages = (count: number, given: (n: number) => Partial<MailMessage> = () => ({})): MailMessage[] =>
    Array.from({ length: count }, (_, n) => ({ ...testMessage({ to: `u${n}@x.test` }), ...given(n) }));

  it('sends messages in one call, and each has an answer of its own', async () => {
    const { server, transport } = await postmark({
      json: [
        OK,
        { ErrorCode: 406, Message: 'Found inactive addresses: u1@x.test. Inactive recipients are ones. ' },
        { ErrorCode: 300, Message: "Invalid 'From' address: 'x'." },
      ],
    });
    const [first, second, third, fourth] = await transport.sendBatch(
      messages(4, (n) => (n === 3 ? { provider: { postmark: { nonsense: 1 } } } : {})),
      sendContext(),
    );
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.path).toBe('/email/batch');
    expect(server.requests[0]!.json().map(({ To }: { To: string }) => To)).toEqual([
      'u0@x.test',
      'u1@x.test',
      'u2@x.test',
    ]);
    expect(first).toEqual({ providerMessageId: MESSAGE_ID, response: 'OK' });
    expect(second).toMatchObject({ recipients: [{ state: 'bounced', error: { reason: 'suppressed' } }] });
    expect(third).toMatchObject({ scope: 'message', permanent: true, code: '300' });
    expect(fourth).toBeInstanceOf(MailMessageError);
  });

  it('makes as many calls as Postmark’s 500 messages need', async () => {
    const { server, transport } = await postmark((request) => ({
      json: request.json().map(({ To }: { To: string }) => ({ ...OK, MessageID: `id-${To}` })),
    }));
    const results = await transport.sendBatch(messages(1001), sendContext());
    expect(server.requests.map((request) => request.json().length)).toEqual([500, 500, 1]);
    expect(results.map((result) => (result as { providerMessageId: string }).providerMessageId)).toEqual(
      Array.from({ length: 1001 }, (_, n) => `id-u${n}@x.test`),
    );
  });

  it('makes as many calls as Postmark’s 50 MB need', async () => {
    const { server, transport } = await postmark((request) => ({ json: request.json().map(() => OK) }));
    const text = 'x'.repeat(20 * 1024 * 1024);
    await transport.sendBatch(
      messages(3, () => ({ text })),
      sendContext(),
    );
    expect(server.requests.map((request) => request.json().length)).toEqual([2, 1]);
    for (const { body } of server.requests) expect(body.length).toBeLessThanOrEqual(50 * 1024 * 1024);
  });

  it.each<[string, HttpReply, object]>([
    ['a wrong token', refusal(10, 'No', 401), { scope: 'transport', reason: 'credentials', ambiguous: false }],
    ['too few answers', { json: [OK] }, { scope: 'transport', ambiguous: true, code: 'EBADANSWER' }],
    ['a page', { text: '<html>' }, { scope: 'transport', ambiguous: true, code: 'EBADANSWER' }],
    ['a broken connection', { do: 'reset' }, { scope: 'transport', ambiguous: true }],
  ])('answers for every message when the whole call fails: %s', async (_, script, expected) => {
    const { transport } = await postmark(script);
    const results = await transport.sendBatch(messages(2), sendContext());
    expect(results).toMatchObject([expected, expected]);
    for (const result of results) expect(result).toBeInstanceOf(MailError);
  });

  it('takes an answer without sense for that message alone', async () => {
    const { transport } = await postmark({ json: [OK, null] });
    const [first, second] = await transport.sendBatch(messages(2), sendContext());
    expect(first).toMatchObject({ providerMessageId: MESSAGE_ID });
    expect(second).toMatchObject({ scope: 'transport', ambiguous: true });
  });
});

describe('verify()', () => {
  it('asks for the server of the token', async () => {
    const { server, transport } = await postmark({ json: { ID: 1, Name: 'Acme', ApiTokens: [TOKEN] } });
    await transport.verify();
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/server' });
    expect(server.requests[0]!.headers).toMatchObject({ 'x-postmark-server-token': TOKEN });
  });

  it('says what is wrong with it', async () => {
    const { server, transport } = await postmark(refusal(10, 'No such token', 401));
    expect(await failureOf(transport.verify())).toMatchObject({ scope: 'transport', reason: 'credentials' });
    server.script = { text: '<html>' };
    expect(await failureOf(transport.verify())).toMatchObject({ scope: 'transport', ambiguous: false });
  });
});

describe('the options', () => {
  it.each([
    [{}, 'postmark.token'],
    [{ token: '' }, 'postmark.token'],
    [{ token: 'hunter2\n' }, 'postmark.token'],
    [{ token: TOKEN, messageStream: 'a b' }, 'postmark.messageStream'],
    [{ token: TOKEN, messageStream: { broadcast: 5 } }, 'postmark.messageStream'],
    [{ token: TOKEN, baseUrl: 'http://api.postmarkapp.com' }, 'postmark.baseUrl'],
    [{ token: TOKEN, apiKey: 'x' }, 'postmark.apiKey'],
  ])('%o are refused by name', (options, name) => {
    const create = () => new PostmarkTransport(options as PostmarkTransportOptions);
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(name);
    expect(create).not.toThrow(/hunter2/);
  });

  it('can be said as a URL', async () => {
    const { server } = await postmark({ json: OK });
    const url = `postmark+api://hun%2Fter2@default?messageStream=news&baseUrl=${encodeURIComponent(server.url)}&timeout=5s`;
    const transport = transportFromUrl(url, 'transport');
    await transport.send(testMessage(), sendContext());
    expect(server.requests[0]!.headers['x-postmark-server-token']).toBe('hun/ter2');
    expect(server.requests[0]!.json().MessageStream).toBe('news');
    await transport.close!();
  });

  it.each([
    ['postmark+api://default', /token/],
    ['postmark+api://hunter2@api.postmarkapp.com', /default/],
    ['postmark+api://hunter2@default:80', /default/],
    ['postmark+api://hunter2:hunter2@default', /token/],
    ['postmark+api://hunter2@default?stream=x', /parameter/],
    ['postmark+api://hunter2@default?baseUrl=ftp://x', /baseUrl/],
  ])('a wrong URL says what part is wrong: %s', (url, words) => {
    const create = () => transportFromUrl(url, 'transports.postmark');
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(words);
    expect(create).not.toThrow(/hunter2/);
  });
});
