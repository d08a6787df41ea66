import { describe, expect, it } from 'vitest';
import { simpleParser } from 'mailparser';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import type { MailMessage } from '../../lib/mail/mail-message.interface.js';
import { MAILGUN_SCHEMES } from '../../lib/providers/mailgun/mailgun-schemes.js';
import { MailgunTransport } from '../../lib/providers/mailgun/mailgun.transport.js';
import type { MailgunTransportOptions } from '../../lib/providers/mailgun/mailgun-options.interface.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import type { HttpReply, HttpScript, ReceivedRequest } from '../support/http/start-http-server.js';
import { registerSchemes } from '../support/register-schemes.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { fullMessage } from '../transport/full-message.js';
import { failureOf, providerServer, shown } from './http-provider.js';

registerSchemes(MAILGUN_SCHEMES);

const KEY = 'key-hunter2-1234567890';
const OK = { id: '<20261123.1@mg.acme.test>', message: 'Queued. Thank you.' };
const SENT = { providerMessageId: OK.id, response: OK.message };
const NOT_VALID = 'to parameter is not a valid address. please check documentation';
const refusal = (status: number, message: string): HttpReply => ({ status, json: { message } });

const mailgun = (script: HttpScript, options: Partial<MailgunTransportOptions> = {}) =>
  providerServer(script, (baseUrl) => new MailgunTransport({ key: KEY, domain: 'mg.acme.test', baseUrl, ...options }));

/** The fields of a form; one that stands there once is a text, a file is its name, type and content. */
async function fieldsOf(request: ReceivedRequest): Promise<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  const form = await request.form();
  for (const name of new Set(form.keys())) {
    const values = await Promise.all(
      form.getAll(name).map(async (value) => {
        if (typeof value === 'string') return value;
        return { name: value.name, type: value.type, text: Buffer.from(await value.arrayBuffer()).toString('latin1') };
      }),
    );
    fields[name] = values.length === 1 ? values[0] : values;
  }
  return fields;
}

/** Takes every call, but for those that name one of the bad recipients. */
const refusing =
  (...bad: string[]): HttpScript =>
  ({ body }) =>
    bad.some((address) => body.includes(`\r\n\r\n${address}\r\n`) || body.includes(`<${address}>`))
      ? refusal(400, NOT_VALID)
      : { json: OK };

describe('a mail through the API of Mailgun', () => {
  it('goes as its own bytes, with what Mailgun wants to know beside it', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const message = fullMessage({
      tags: ['welcome', 'new customer'],
      metadata: { plan: 'pro', city: 'Zürich' },
      provider: { mailgun: { tracking: false, trackingClicks: 'htmlonly', testMode: true, sendingIpPool: 'p1' } },
    });
    expect(await transport.send(message, sendContext())).toEqual(SENT);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v3/mg.acme.test/messages.mime' });
    expect(request!.headers.authorization).toBe(`Basic ${Buffer.from(`api:${KEY}`).toString('base64')}`);
    const { message: file, ...fields } = await fieldsOf(request!);
    expect(fields).toEqual({
      to: ['ada@x.test', 'bob@x.test', 'cy@x.test', 'dee@x.test'],
      'o:tag': ['welcome', 'new customer'],
      'o:tracking': 'no',
      'o:tracking-clicks': 'htmlonly',
      'o:testmode': 'yes',
      'o:sending-ip-pool': 'p1',
      'v:plan': 'pro',
      'v:city': 'Zürich',
    });
    expect(file).toMatchObject({ text: Buffer.from(await message.raw()).toString('latin1') });
  });

  it('shows everybody in To and Cc when it is only for those who have it not yet', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const message = fullMessage({ envelope: { from: '', to: ['cy@x.test'] } });
    await transport.send(message, sendContext());
    const { to, message: file } = (await fieldsOf(server.requests[0]!)) as { to: string; message: { text: string } };
    expect(to).toBe('cy@x.test');
    const { to: shownTo, cc, bcc, messageId } = await simpleParser(Buffer.from(file.text, 'latin1'));
    expect(JSON.stringify([shownTo, cc, bcc])).toContain('ada@x.test');
    expect(JSON.stringify([shownTo, cc, bcc])).not.toContain('dee@x.test');
    expect(messageId).toBe(message.messageId);
  });

  it('goes in parts where that is wished', async () => {
    const { server, transport } = await mailgun({ json: OK }, { format: 'fields' });
    const message = fullMessage({
      from: { name: 'Acme, Ltd', address: 'hello@acme.test' },
      tags: ['welcome'],
      metadata: { plan: 'pro' },
      attachments: [
        ...fullMessage().attachments,
        { ...fullMessage().attachments[0]!, filename: 'Übersicht "März".pdf' },
      ],
    });
    expect(await transport.send(message, sendContext())).toEqual(SENT);
    expect(server.requests[0]!.path).toBe('/v3/mg.acme.test/messages');
    expect(await fieldsOf(server.requests[0]!)).toEqual({
      from: '"Acme, Ltd" <hello@acme.test>',
      to: ['"Ada" <ada@x.test>', 'bob@x.test'],
      cc: 'cy@x.test',
      bcc: 'dee@x.test',
      subject: 'Grüße',
      text: 'Hello there.',
      html: '<p>Hello <img src="cid:logo"></p>',
      'h:Reply-To': '"Help" <help@acme.test>',
      'h:X-Tag': 'welcome',
      'h:Message-Id': message.messageId,
      'o:tag': 'welcome',
      'v:plan': 'pro',
      attachment: [
        { name: 'terms.pdf', type: 'application/pdf', text: '%PDF-1.7' },
        { name: 'Übersicht "März".pdf', type: 'application/pdf', text: '%PDF-1.7' },
      ],
      inline: { name: 'logo', type: 'image/png', text: '\x01\x02\x03' },
    });
  });

  it.each<[string, Partial<MailMessage>, object]>([
    [
      'some have it',
      { envelope: { from: '', to: ['bob@x.test', 'cy@x.test'] } },
      { to: 'bob@x.test', cc: 'cy@x.test' },
    ],
    [
      'nobody in To is left',
      {
        to: [],
        cc: [{ address: 'a@x.test' }, { address: 'b@x.test' }],
        bcc: [{ address: 'c@x.test' }],
        envelope: { from: '', to: ['a@x.test', 'b@x.test', 'c@x.test'] },
      },
      { to: ['a@x.test', 'b@x.test'], bcc: 'c@x.test' },
    ],
    [
      'all are in Bcc, who do not see each other',
      {
        to: [],
        cc: [],
        bcc: [{ address: 'a@x.test' }, { address: 'b@x.test' }],
        envelope: { from: '', to: ['a@x.test', 'b@x.test'] },
      },
      { to: ['a@x.test', 'b@x.test'], 'recipient-variables': '{"a@x.test":{},"b@x.test":{}}' },
    ],
  ])('in parts goes to nobody but the recipients of the attempt when %s', async (_, given, expected) => {
    const { server, transport } = await mailgun({ json: OK }, { format: 'fields' });
    await transport.send(fullMessage(given), sendContext());
    const { to, cc, bcc, 'recipient-variables': variables } = await fieldsOf(server.requests[0]!);
    expect({ to, cc, bcc, 'recipient-variables': variables }).toEqual({
      cc: undefined,
      bcc: undefined,
      'recipient-variables': undefined,
      ...expected,
    });
  });

  it('with recipient variables goes in parts, to each alone', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const provider = { mailgun: { recipientVariables: { first: 'Ada', n: 1 } } };
    await transport.send({ ...testMessage({ to: ['a@x.test', 'b@x.test'] }), provider }, sendContext());
    expect(server.requests[0]!.path).toBe('/v3/mg.acme.test/messages');
    const fields = await fieldsOf(server.requests[0]!);
    expect(fields['to']).toEqual(['a@x.test', 'b@x.test']);
    expect(JSON.parse(fields['recipient-variables'] as string)).toEqual({
      'a@x.test': { first: 'Ada', n: 1 },
      'b@x.test': { first: 'Ada', n: 1 },
    });
  });

  it('can name a template of Mailgun’s', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const provider = {
      mailgun: { template: 'welcome', templateVersion: 'v2', templateVariables: { städte: ['Zürich'] } },
    };
    await transport.send({ ...testMessage(), provider }, sendContext());
    const fields = await fieldsOf(server.requests[0]!);
    expect(fields).toMatchObject({ template: 'welcome', 't:version': 'v2' });
    expect(JSON.parse(fields['t:variables'] as string)).toEqual({ städte: ['Zürich'] });
  });

  it.each([
    [{ tags: ['grüße'] }, 'tags[0]'],
    [{ tags: ['ok', 'x'.repeat(129)] }, 'tags[1]'],
    [{ provider: { mailgun: { tracking: 'no' } } }, 'provider.mailgun.tracking'],
    [{ provider: { mailgun: { deliveryTime: 'later' } } }, 'provider.mailgun.deliveryTime'],
  ])('is refused before it is sent for what Mailgun would not take: %o', async (given, field) => {
    const { server, transport } = await mailgun({ json: OK });
    const error = await failureOf(transport.send({ ...testMessage(), ...given }, sendContext()));
    expect(error).toBeInstanceOf(MailMessageError);
    expect(error).toMatchObject({ field, permanent: true });
    expect(server.requests).toHaveLength(0);
  });
});

describe('a refusal of Mailgun', () => {
  it.each<[number, string, object]>([
    [400, "Need at least one of 'text' or 'html' parameters specified", { scope: 'message', permanent: true }],
    [400, NOT_VALID, { scope: 'recipient', permanent: true, reason: 'bad-address' }],
    [400, "'to' parameter is not a valid address. please check documentation", { scope: 'recipient', permanent: true }],
    [400, "'from' parameter is not a valid address. please check documentation", { scope: 'message', permanent: true }],
    [400, 'Domain x.test is not allowed to send: recipient limit exceeded', { scope: 'transport', reason: 'quota' }],
    [400, 'Domain x.test is not allowed to send: You are sending too fast.', { scope: 'transport', reason: 'rate' }],
    [403, 'Domain x.test is not allowed to send: Account disabled', { scope: 'transport', reason: 'account' }],
    [
      403,
      'Domain x.test is not allowed to send: Sandbox subdomains are for test purposes only.',
      { scope: 'transport', reason: 'account' },
    ],
    [401, 'Invalid private key', { scope: 'transport', reason: 'credentials' }],
    [402, 'Payment required', { scope: 'transport', reason: 'account' }],
    [403, 'Access denied', { scope: 'transport', reason: 'credentials' }],
    [404, 'Domain not found: x.test', { scope: 'transport', reason: 'domain' }],
    [413, 'Too large', { scope: 'message', permanent: true, reason: 'too-large' }],
    [429, 'Too many requests', { scope: 'transport', reason: 'rate' }],
    [
      429,
      'Domain x.test is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds',
      { scope: 'transport', reason: 'rate', retryAfter: 120_000 },
    ],
    [500, 'Internal Server Error', { scope: 'transport', ambiguous: true }],
    [502, 'Bad Gateway', { scope: 'transport', ambiguous: true }],
    [503, 'Unavailable', { scope: 'transport', ambiguous: false }],
    [504, 'Timeout', { scope: 'transport', ambiguous: true }],
    [599, 'Odd', { scope: 'transport', ambiguous: true }],
  ])('%i "%s"', async (status, words, expected) => {
    const { transport } = await mailgun(refusal(status, words));
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ permanent: false, ambiguous: false, status, ...expected });
    expect(error.message).toContain(`answered ${status}: ${words}`);
  });

  it('may be one bare word', async () => {
    const { transport } = await mailgun({ status: 401, text: 'Forbidden' });
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', reason: 'credentials' });
    expect(error.message).toContain('Forbidden');
  });

  it.each(['mime', 'fields'] as const)('for one recipient of many spares the others (%s)', async (format) => {
    const { server, transport } = await mailgun(refusing('u3@x.test', 'u4@x.test'), { format });
    const to = Array.from({ length: 8 }, (_, n) => `u${n}@x.test`);
    const result = await transport.send(testMessage({ to }), sendContext());
    expect(result).toMatchObject(SENT);
    expect(result.recipients?.filter(({ state }) => state === 'bounced').map(({ address }) => address)).toEqual([
      'u3@x.test',
      'u4@x.test',
    ]);
    expect(result.recipients?.[3]!.error).toMatchObject({ scope: 'recipient', permanent: true, reason: 'bad-address' });
    // Nobody was sent to twice.
    const taken = await Promise.all(server.requests.map(async (request) => (await fieldsOf(request))['to']));
    const calls = taken
      .map((one) => [one].flat())
      .filter((some) => !some.includes('u3@x.test') && !some.includes('u4@x.test'));
    expect(calls.flat().sort()).toEqual(to.filter((address) => !['u3@x.test', 'u4@x.test'].includes(address)));
  });

  it('for all recipients bounces each', async () => {
    const { transport } = await mailgun(refusal(400, NOT_VALID));
    const { recipients } = await transport.send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext());
    expect(recipients?.map(({ state }) => state)).toEqual(['bounced', 'bounced']);
  });

  it('that comes between defers those whose call it was', async () => {
    const { transport } = await mailgun(({ body }, count) => {
      if (count === 1) return refusal(400, NOT_VALID);
      return body.includes('b@x.test') ? refusal(429, 'Slow down') : { json: OK };
    });
    const { recipients } = await transport.send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext());
    expect(recipients).toMatchObject([
      { address: 'a@x.test', state: 'sent' },
      { address: 'b@x.test', state: 'deferred', error: { scope: 'transport', reason: 'rate' } },
    ]);
  });
});

describe('an answer that Mailgun would not give to a mail', () => {
  it.each<[string, HttpReply, object]>([
    ['its page for a wrong path', { text: 'Mailgun Magnificent API' }, { ambiguous: false, reason: 'configuration' }],
    ['HTML with 200', { text: '<html>Log in' }, { ambiguous: true, code: 'EBADANSWER' }],
    ['HTML with 400', { status: 400, text: '<html>' }, { ambiguous: false }],
    ['a bare word with 400', { status: 400, text: 'Bad Request' }, { ambiguous: false }],
    ['HTML with 500', { status: 500, text: '<html>' }, { ambiguous: true }],
    ['HTML with 503', { status: 503, text: '<html>' }, { ambiguous: false }],
    ['no id', { json: { message: 'Queued. Thank you.' } }, { ambiguous: true }],
    ['an id that is no text', { json: { id: 7 } }, { ambiguous: true }],
    ['half a JSON text', { text: '{"id": "<2026' }, { ambiguous: true }],
    ['a text that breaks off', { cut: JSON.stringify(OK) }, { ambiguous: true }],
    ['nothing', { text: '' }, { ambiguous: true }],
    ['more than anybody reads', { endless: true }, { ambiguous: true }],
    [
      'a redirection',
      { status: 302, headers: { location: 'https://evil.test' }, text: '' },
      { ambiguous: false, code: 'EREDIRECT' },
    ],
    ['a broken connection', { do: 'reset' }, { ambiguous: true, code: 'ECONNRESET' }],
  ])('%s is a failure of the transport', async (_, script, expected) => {
    const { transport } = await mailgun(script);
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', permanent: false, ...expected });
  });

  it('silence is one too', async () => {
    const { transport } = await mailgun({ do: 'hang' }, { timeout: 250 });
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      ambiguous: true,
      code: 'ETIMEDOUT',
    });
  });
});

describe('secrets', () => {
  it('are in nothing that can be seen', async () => {
    const { server, transport } = await mailgun(({ headers }) => ({
      status: 401,
      json: { message: `No: ${headers.authorization}, ${KEY}` },
    }));
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error.message).toContain('No: Basic ***, ***');
    const seen = shown(transport, error);
    expect(seen).not.toContain('hunter2');
    expect(seen).not.toContain(Buffer.from(`api:${KEY}`).toString('base64'));
    expect(String(transport)).toBe(`mailgun+api://mg.acme.test?baseUrl=${server.url}`);
  });
});

describe('an aborted attempt', () => {
  it('asks nothing of Mailgun', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const error = await failureOf(transport.send(testMessage(), sendContext({ signal: AbortSignal.abort() })));
    expect(error).toMatchObject({ scope: 'transport', ambiguous: false, code: 'ABORT_ERR' });
    expect(server.connections).toBe(0);
  });
});

describe('sendBatch()', () => {
  const news = (n: number, given: Partial<MailMessage> = {}): MailMessage => ({
    ...testMessage({ to: `u${n}@x.test` }),
    to: [{ name: `U ${n}`, address: `u${n}@x.test` }],
    subject: 'News, %recipient.first%',
    metadata: { n: String(n) },
    tags: ['news'],
    provider: { mailgun: { recipientVariables: { first: `F${n}` } } },
    ...given,
  });

  it('sends mails that are alike in one call, and each recipient sees himself only', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const mails = [news(0), news(1), news(2)];
    expect(await transport.sendBatch(mails, sendContext())).toEqual([SENT, SENT, SENT]);
    expect(server.requests).toHaveLength(1);
    const { 'recipient-variables': variables, ...fields } = await fieldsOf(server.requests[0]!);
    expect(fields).toEqual({
      to: ['"U 0" <u0@x.test>', '"U 1" <u1@x.test>', '"U 2" <u2@x.test>'],
      from: 'ada@acme.test',
      subject: 'News, %recipient.first%',
      text: 'Hello there.',
      'o:tag': 'news',
      'v:n': '%recipient.v:n%',
      'v:message-id': '%recipient.v:message-id%',
    });
    expect(JSON.parse(variables as string)).toEqual(
      Object.fromEntries(
        mails.map((mail, n) => [`u${n}@x.test`, { first: `F${n}`, 'v:n': String(n), 'v:message-id': mail.messageId }]),
      ),
    );
  });

  it('sends apart what is not alike, in the order of its answers', async () => {
    const { server, transport } = await mailgun(({ path, body }) => ({
      json: { ...OK, id: `${path.split('/').at(-1)} ${/u\d@x\.test/.exec(body.toString())?.[0]}` },
    }));
    const results = await transport.sendBatch(
      [
        news(0),
        news(1, { subject: 'Other', provider: {} }),
        news(2),
        news(3, { cc: [{ address: 'c@x.test' }] }),
        // The same recipient once more.
        { ...news(0), text: 'Hello there.' },
        news(5, { attachments: fullMessage().attachments }),
        news(6, { tags: ['ä'] }),
      ],
      sendContext(),
    );
    expect(results.slice(0, 6).map((result) => (result as { providerMessageId: string }).providerMessageId)).toEqual([
      'messages u0@x.test',
      'messages.mime u1@x.test',
      'messages u0@x.test',
      'messages u3@x.test',
      'messages u0@x.test',
      'messages u5@x.test',
    ]);
    expect(results[6]).toBeInstanceOf(MailMessageError);
    expect(server.requests).toHaveLength(5);
  });

  it('makes as many calls as Mailgun’s 1,000 recipients need', async () => {
    const { server, transport } = await mailgun({ json: OK });
    const results = await transport.sendBatch(
      Array.from({ length: 1001 }, (_, n) => news(n, { metadata: {} })),
      sendContext(),
    );
    expect(results).toHaveLength(1001);
    const sizes = await Promise.all(
      server.requests.map(async (request) => [(await fieldsOf(request))['to']].flat().length),
    );
    expect(sizes.sort((a, b) => b - a)).toEqual([1000, 1]);
  });

  it('spares the others when one address is refused', async () => {
    const { transport } = await mailgun(refusing('u2@x.test'));
    const results = await transport.sendBatch(
      [0, 1, 2, 3].map((n) => news(n)),
      sendContext(),
    );
    expect(results).toMatchObject([SENT, SENT, { scope: 'recipient', reason: 'bad-address' }, SENT]);
  });

  it('answers for every mail when the whole call fails', async () => {
    const { transport } = await mailgun({ do: 'reset' });
    const results = await transport.sendBatch([news(0), news(1)], sendContext());
    expect(results).toMatchObject([
      { scope: 'transport', ambiguous: true },
      { scope: 'transport', ambiguous: true },
    ]);
  });
});

describe('verify()', () => {
  it('is content when Mailgun misses a recipient', async () => {
    const { server, transport } = await mailgun(refusal(400, 'to parameter is missing'));
    await transport.verify();
    expect(await fieldsOf(server.requests[0]!)).toEqual({ 'o:testmode': 'yes' });
  });

  it.each<[HttpReply, object]>([
    [{ status: 401, text: 'Forbidden' }, { reason: 'credentials' }],
    [refusal(404, 'Domain not found'), { reason: 'domain' }],
    [{ text: 'Mailgun Magnificent API' }, {}],
    [{ status: 400, text: '<html>' }, {}],
  ])('says what is wrong: %o', async (script, expected) => {
    const { transport } = await mailgun(script);
    expect(await failureOf(transport.verify())).toMatchObject({ scope: 'transport', ...expected });
  });
});

describe('the options', () => {
  it.each([
    [{ domain: 'mg.acme.test' }, 'mailgun.key'],
    [{ key: KEY }, 'mailgun.domain'],
    [{ key: KEY, domain: 'mg.acme.test/messages' }, 'mailgun.domain'],
    [{ key: KEY, domain: 'mg.acme.test', region: 'asia' }, 'mailgun.region'],
    [{ key: KEY, domain: 'mg.acme.test', format: 'raw' }, 'mailgun.format'],
    [{ key: KEY, domain: 'mg.acme.test', baseUrl: 'http://api.mailgun.net' }, 'mailgun.baseUrl'],
    [{ key: KEY, domain: 'mg.acme.test', apiKey: KEY }, 'mailgun.apiKey'],
  ])('%o are refused by name', (options, name) => {
    const create = () => new MailgunTransport(options as MailgunTransportOptions);
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(name);
    expect(create).not.toThrow(/hunter2/);
  });

  it('print without the key', () => {
    expect(String(new MailgunTransport({ key: KEY, domain: 'MG.acme.test' }))).toBe('mailgun+api://mg.acme.test');
    expect(String(new MailgunTransport({ key: KEY, domain: 'mg.acme.test', region: 'eu' }))).toBe(
      'mailgun+api://mg.acme.test?region=eu',
    );
  });

  it('can be said as a URL', async () => {
    const { server } = await mailgun({ json: OK });
    const base = encodeURIComponent(`${server.url}/gateway`);
    const transport = transportFromUrl(
      `mailgun+api://key%3A1@mg.acme.test?region=eu&format=fields&baseUrl=${base}`,
      't',
    );
    await transport.send(testMessage(), sendContext());
    expect(server.requests[0]!.path).toBe('/gateway/v3/mg.acme.test/messages');
    expect(server.requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('api:key:1').toString('base64')}`);
    await transport.close!();
  });

  it.each([
    ['mailgun+api://mg.acme.test', /unknown|key/],
    ['mailgun+api://hunter2:x@mg.acme.test', /key/],
    ['mailgun+api://hunter2@mg.acme.test:80', /port/],
    ['mailgun+api://hunter2@mg.acme.test?region=asia', /region/],
  ])('a wrong URL says what part is wrong: %s', (url, words) => {
    const create = () => transportFromUrl(url, 'transports.mailgun');
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(words);
    expect(create).not.toThrow(/hunter2/);
  });
});
