import { describe, expect, it, onTestFinished } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { UnsupportedFeatureError } from '../../lib/errors/unsupported-feature.error.js';
import type { MailMessage } from '../../lib/mail/mail-message.interface.js';
import { SENDSTREAK_SCHEMES } from '../../lib/providers/sendstreak/sendstreak-schemes.js';
import { SendStreakClient } from '../../lib/providers/sendstreak/sendstreak.client.js';
import type { SendStreakTransportOptions } from '../../lib/providers/sendstreak/sendstreak-options.interface.js';
import { SendStreakTransport } from '../../lib/providers/sendstreak/sendstreak.transport.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import { type HttpReply, type HttpScript, startHttpServer } from '../support/http/start-http-server.js';
import { registerSchemes } from '../support/register-schemes.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { fullMessage } from '../transport/full-message.js';
import { failureOf, providerServer, shown } from './http-provider.js';

registerSchemes(SENDSTREAK_SCHEMES);

const KEY = 'hunter2-1234567890';

const sendStreak = (script: HttpScript = { json: {} }, options: Partial<SendStreakTransportOptions> = {}) =>
  providerServer(script, (baseUrl) => new SendStreakTransport({ key: KEY, template: 'relay', baseUrl, ...options }));

const own = (extras: object, given: Partial<MailMessage> = {}): MailMessage => ({
  ...testMessage(),
  provider: { sendstreak: extras },
  ...given,
});

describe('a mail through SendStreak', () => {
  it('goes through the pass-through template when it was rendered here', async () => {
    const { server, transport } = await sendStreak();
    const message = {
      ...testMessage(),
      subject: 'Grüße',
      html: '<p>Hi</p>',
      attachments: [fullMessage().attachments[0]!],
    };
    expect(await transport.send(message, sendContext())).toEqual({});
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/messages' });
    expect(request!.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'content-type': 'application/json' });
    expect(request!.json()).toEqual({
      rcpt: 'bob@x.test',
      templateSlug: 'relay',
      variables: { subject: 'Grüße', html: '<p>Hi</p>', text: 'Hello there.' },
      attachments: [{ filename: 'terms.pdf', content: 'JVBERi0xLjc=' }],
    });
  });

  it('shows a text as the HTML that it is not', async () => {
    const { server, transport } = await sendStreak();
    await transport.send({ ...testMessage(), text: 'a < b\n& c' }, sendContext());
    expect(server.requests[0]!.json().variables.html).toBe(
      '<div style="white-space: pre-wrap">a &#60; b\n&#38; c</div>',
    );
  });

  it('goes through a template stored there, with its variables and nothing else', async () => {
    const { server, transport } = await sendStreak();
    const variables = { name: 'Ada', items: [{ n: 1 }] };
    await transport.send(own({ template: 'welcome', variables }), sendContext());
    await transport.send(own({ template: 'bare' }), sendContext());
    expect(server.requests.map((request) => request.json())).toEqual([
      { rcpt: 'bob@x.test', templateSlug: 'welcome', variables },
      { rcpt: 'bob@x.test', templateSlug: 'bare', variables: {} },
    ]);
  });

  it('takes further variables for the pass-through template', async () => {
    const { server, transport } = await sendStreak();
    await transport.send(own({ variables: { footer: 'F', subject: 'never' } }), sendContext());
    expect(server.requests[0]!.json().variables).toMatchObject({ footer: 'F', subject: 'Hello' });
  });

  it('needs a template', async () => {
    const { server, transport } = await sendStreak({ json: {} }, { template: undefined });
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error).toBeInstanceOf(MailMessageError);
    expect(error).toMatchObject({ field: 'provider.sendstreak.template', permanent: true });
    expect(server.requests).toHaveLength(0);
  });

  it('has the id that SendStreak may give it', async () => {
    const { server, transport } = await sendStreak({ status: 201, json: { id: 'm1' } });
    expect(await transport.send(testMessage(), sendContext())).toEqual({ providerMessageId: 'm1' });
    server.script = { status: 204, text: '' };
    expect(await transport.send(testMessage(), sendContext())).toEqual({});
  });

  it('is a call for each recipient, and each has an outcome of its own', async () => {
    const { server, transport } = await sendStreak((request) =>
      request.json().rcpt === 'b@x.test'
        ? { status: 422, json: { message: 'Not a contact' } }
        : { json: { id: request.json().rcpt } },
    );
    const result = await transport.send(testMessage({ to: ['a@x.test', 'b@x.test', 'c@x.test'] }), sendContext());
    expect(server.requests.map((request) => request.json().rcpt)).toEqual(['a@x.test', 'b@x.test', 'c@x.test']);
    expect(result).toMatchObject({
      providerMessageId: 'a@x.test c@x.test',
      recipients: [
        { address: 'a@x.test', state: 'sent' },
        {
          address: 'b@x.test',
          state: 'bounced',
          error: { permanent: true, message: expect.stringContaining('Not a contact') },
        },
        { address: 'c@x.test', state: 'sent' },
      ],
    });
  });

  it('stops asking when SendStreak itself is in trouble', async () => {
    const { server, transport } = await sendStreak((_, count) => (count === 1 ? { json: {} } : { do: 'reset' }));
    const { recipients } = await transport.send(
      testMessage({ to: ['a@x.test', 'b@x.test', 'c@x.test'] }),
      sendContext(),
    );
    expect(server.requests).toHaveLength(2);
    expect(recipients).toMatchObject([
      { state: 'sent' },
      { state: 'deferred', error: { scope: 'transport', ambiguous: true } },
      { state: 'deferred', error: { scope: 'transport', ambiguous: false } },
    ]);
  });

  it('fails as a whole when the first call shows that nothing goes', async () => {
    const { server, transport } = await sendStreak({ status: 401, json: { message: 'Unauthorized' } });
    const error = await failureOf(transport.send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', reason: 'credentials', ambiguous: false });
    expect(server.requests).toHaveLength(1);
  });

  it('takes no more recipients once it is aborted', async () => {
    const stop = new AbortController();
    const { server, transport } = await sendStreak(() => {
      stop.abort();
      return { json: {} };
    });
    const { recipients } = await transport.send(
      testMessage({ to: ['a@x.test', 'b@x.test'] }),
      sendContext({ signal: stop.signal }),
    );
    expect(server.requests).toHaveLength(1);
    expect(recipients).toMatchObject([
      { state: 'sent' },
      { state: 'deferred', error: { code: 'ABORT_ERR', ambiguous: false } },
    ]);
  });
});

describe('what SendStreak cannot carry', () => {
  it.each<[string, Partial<MailMessage>, Partial<SendStreakTransportOptions>]>([
    ['cc', { cc: [{ address: 'c@x.test' }] }, {}],
    ['bcc', { bcc: [{ address: 'c@x.test' }] }, {}],
    ['replyTo', { replyTo: [{ address: 'c@x.test' }] }, {}],
    ['headers', { headers: { 'X-Tag': 'a' } }, {}],
    ['tags', { tags: ['a'] }, {}],
    ['metadata', { metadata: { a: 'b' } }, {}],
    ['attachments', { html: '<img src="cid:logo">', attachments: [fullMessage().attachments[1]!] }, {}],
    ['from', {}, { from: 'Acme <hello@acme.test>' }],
  ])('is refused: %s', async (feature, given, options) => {
    const { server, transport } = await sendStreak({ json: {} }, options);
    const error = await failureOf(transport.send({ ...testMessage(), ...given }, sendContext()));
    expect(error).toBeInstanceOf(UnsupportedFeatureError);
    expect(error).toMatchObject({ feature, transport: 'sendstreak', permanent: true, scope: 'message' });
    expect(server.requests).toHaveLength(0);
  });

  it('is known to send() as far as it can be said beforehand', () => {
    expect(new SendStreakTransport({ key: KEY }).capabilities).toEqual({
      cc: false,
      bcc: false,
      replyTo: false,
      inline: false,
      tags: false,
      metadata: false,
      headers: false,
    });
  });

  it('is not the sender that is set there', async () => {
    const { server, transport } = await sendStreak({ json: {} }, { from: { address: 'ada@ACME.test' } });
    await transport.send(testMessage(), sendContext());
    expect(server.requests).toHaveLength(1);
  });
});

describe('a refusal of SendStreak', () => {
  it.each<[number, object]>([
    [400, { scope: 'message', permanent: true }],
    [401, { scope: 'transport', reason: 'credentials' }],
    [403, { scope: 'transport', reason: 'credentials' }],
    [404, { scope: 'transport', reason: 'template' }],
    [413, { scope: 'message', permanent: true, reason: 'too-large' }],
    [422, { scope: 'message', permanent: true }],
    [429, { scope: 'transport', reason: 'rate', retryAfter: 7_000 }],
    [500, { scope: 'transport' }],
    [503, { scope: 'transport' }],
    [504, { scope: 'transport', ambiguous: true }],
  ])('with %i', async (status, expected) => {
    const headers: Record<string, string> = status === 429 ? { 'retry-after': '7' } : {};
    for (const reply of [
      { status, headers, json: { error: 'Nay' } },
      { status, headers, text: 'Nay' },
    ]) {
      const { transport } = await sendStreak(reply);
      const error = await failureOf(transport.send(testMessage(), sendContext()));
      expect(error).toMatchObject({ permanent: false, ambiguous: false, status, ...expected });
      expect(error.message).toContain(`answered ${status}: Nay`);
    }
  });

  it('of a template that is not there is the fault of who named it', async () => {
    const { transport } = await sendStreak({ status: 404, json: { message: 'No template' } });
    expect(await failureOf(transport.send(own({ template: 'gone' }), sendContext()))).toMatchObject({
      scope: 'message',
      permanent: true,
    });
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      scope: 'transport',
      permanent: false,
    });
  });
});

describe('an answer that SendStreak would not give', () => {
  it.each<[string, HttpReply, object]>([
    ['HTML with 200', { text: ' <html>Log in' }, { ambiguous: true, code: 'EBADANSWER' }],
    ['HTML with 400', { status: 400, text: '<html>' }, { ambiguous: false }],
    ['HTML with 404', { status: 404, text: '<html>' }, { ambiguous: false }],
    ['half a JSON text', { text: '{"id": ' }, { ambiguous: true, code: 'EBADANSWER' }],
    ['a text that breaks off', { cut: '{"id": 1}' }, { ambiguous: true }],
    ['more than anybody reads', { endless: true }, { ambiguous: true }],
    [
      'a redirection',
      { status: 308, headers: { location: 'https://evil.test' }, text: '' },
      { ambiguous: false, code: 'EREDIRECT' },
    ],
    ['a broken connection', { do: 'reset' }, { ambiguous: true, code: 'ECONNRESET' }],
  ])('%s is a failure of the transport', async (_, script, expected) => {
    const { transport } = await sendStreak(script);
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', permanent: false, ...expected });
  });

  it('silence is one too', async () => {
    const { transport } = await sendStreak({ do: 'hang' }, { timeout: 250 });
    expect(await failureOf(transport.send(testMessage(), sendContext()))).toMatchObject({
      ambiguous: true,
      code: 'ETIMEDOUT',
    });
  });
});

describe('secrets', () => {
  it('are in nothing that can be seen', async () => {
    const { server, transport } = await sendStreak(({ headers }) => ({
      status: 401,
      text: `No: ${headers.authorization}`,
    }));
    const error = await failureOf(transport.send(testMessage(), sendContext()));
    expect(error.message).toContain('No: Bearer ***');
    expect(shown(transport, transport.client, error)).not.toContain('hunter2');
    expect(String(transport)).toBe(`sendstreak+api://default?baseUrl=${server.url}`);
  });
});

describe('the client', () => {
  async function client(script: HttpScript = { json: {} }) {
    const server = await startHttpServer(script);
    const created = new SendStreakClient({ key: KEY, baseUrl: server.url });
    onTestFinished(async () => {
      await server.close();
      await created.close();
    });
    return { server, client: created };
  }

  it('keeps contacts and tells of events', async () => {
    const { server, client: streak } = await client();
    await streak.saveContact({ email: 'ada@x.test', plan: 'pro', seats: 3, active: true, since: new Date(0) });
    await streak.sendEvent('ada@x.test', 'signed-up');
    await streak.deleteContact('a/d?a@x.test');
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/contacts',
      'POST /v1/events',
      'DELETE /v1/contacts/a%2Fd%3Fa%40x.test',
    ]);
    expect(server.requests[0]!.json()).toEqual({
      email: 'ada@x.test',
      plan: 'pro',
      seats: 3,
      active: true,
      since: '1970-01-01T00:00:00.000Z',
    });
    expect(server.requests[1]!.json()).toEqual({ email: 'ada@x.test', slug: 'signed-up' });
    for (const { headers } of server.requests) expect(headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('throws what SendStreak refuses', async () => {
    const { client: streak } = await client({ status: 401, json: { message: 'Unauthorized' } });
    expect(await failureOf(streak.sendEvent('ada@x.test', 'x'))).toMatchObject({
      scope: 'transport',
      reason: 'credentials',
    });
  });
});

describe('the options', () => {
  it.each([
    [{}, 'sendstreak.key'],
    [{ key: 'hunter2 x' }, 'sendstreak.key'],
    [{ key: KEY, template: 'a b' }, 'sendstreak.template'],
    [{ key: KEY, from: 'nobody' }, 'sendstreak.from'],
    [{ key: KEY, baseUrl: 'x' }, 'sendstreak.baseUrl'],
    [{ key: KEY, slug: 'x' }, 'sendstreak.slug'],
  ])('%o are refused by name', (options, name) => {
    const create = () => new SendStreakTransport(options as SendStreakTransportOptions);
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(name);
    expect(create).not.toThrow(/hunter2/);
  });

  it('can be said as a URL', async () => {
    const { server } = await sendStreak();
    const transport = transportFromUrl(
      `sendstreak+api://k%2B1@default?template=relay&from=ada@acme.test&baseUrl=${encodeURIComponent(server.url)}`.replace(
        'ada@',
        'ada%40',
      ),
      'transport',
    );
    await transport.send(testMessage(), sendContext());
    expect(server.requests[0]!.headers.authorization).toBe('Bearer k+1');
    await transport.close!();
    expect(String(transportFromUrl('sendstreak+api://KEY@default', 'transport'))).toBe('sendstreak+api://default');
  });

  it.each([
    ['sendstreak+api://default', /key/],
    ['sendstreak+api://hunter2@api.sendstreak.com', /default/],
    ['sendstreak+api://hunter2:x@default', /key/],
  ])('a wrong URL says what part is wrong: %s', (url, words) => {
    const create = () => transportFromUrl(url, 'transports.streak');
    expect(create).toThrow(RelayConfigurationError);
    expect(create).toThrow(words);
    expect(create).not.toThrow(/hunter2/);
  });
});
