import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MailgunTransport, PostmarkTransport, SesTransport, SuppressionList } from '../../lib/index.js';
import type { ProviderSuppression } from '../../lib/index.js';
import { startRelay } from '../support/relay-application.js';
import { failureOf, providerServer } from './http-provider.js';
import { json, KEY, SECRET, SesServer, sesError } from './ses-server.js';

const SES_KEYS = { accessKeyId: KEY, secretAccessKey: SECRET };

async function all(list: AsyncIterable<ProviderSuppression>): Promise<ProviderSuppression[]> {
  const found: ProviderSuppression[] = [];
  for await (const one of list) found.push(one);
  return found;
}

describe('the suppression list of Amazon SES', () => {
  const row = (address: string, Reason: string) => ({ EmailAddress: address, Reason, LastUpdateTime: 1_793_000_000 });

  it('comes page by page, signed', async () => {
    const server = await SesServer.start();
    server.answer = (response, { path }) =>
      json(
        response,
        200,
        path.includes('NextToken=more')
          ? { SuppressedDestinationSummaries: [row('bob@x.test', 'COMPLAINT')] }
          : { SuppressedDestinationSummaries: [row('ada@x.test', 'BOUNCE')], NextToken: 'more' },
      );
    const transport = new SesTransport({ region: 'eu-west-1', credentials: SES_KEYS, baseUrl: server.url });
    const at = new Date(1_793_000_000_000);
    expect(await all(transport.suppressions({ stream: 'broadcast' }))).toEqual([
      { address: 'ada@x.test', reason: 'bounced', source: 'ses', at },
      { address: 'bob@x.test', reason: 'complained', source: 'ses', at, stream: 'broadcast' },
    ]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v2/email/suppression/addresses?PageSize=1000',
      'GET /v2/email/suppression/addresses?PageSize=1000&NextToken=more',
    ]);
    expect(server.requests.every(({ signed }) => signed)).toBe(true);
    await transport.close();
  });

  it('says why it is not given', async () => {
    const server = await SesServer.start();
    server.answer = sesError(403, 'AccessDeniedException', 'not authorized to perform: ses:ListSuppressedDestinations');
    const transport = new SesTransport({ region: 'eu-west-1', credentials: SES_KEYS, baseUrl: server.url });
    const failure = await failureOf(all(transport.suppressions()));
    expect(failure.message).toContain('ses:ListSuppressedDestinations');
    await transport.close();
  });
});

describe('the suppression list of Postmark', () => {
  const Suppressions = [
    {
      EmailAddress: 'ada@x.test',
      SuppressionReason: 'HardBounce',
      Origin: 'Recipient',
      CreatedAt: '2026-11-01T10:00:00-05:00',
    },
    {
      EmailAddress: 'bob@x.test',
      SuppressionReason: 'ManualSuppression',
      Origin: 'Recipient',
      CreatedAt: '2026-11-01T10:00:00-05:00',
    },
  ];

  it('is that of a message stream', async () => {
    const { server, transport } = await providerServer(
      { json: { Suppressions } },
      (baseUrl) => new PostmarkTransport({ token: 'secret-token', baseUrl }),
    );
    expect(
      await all(transport.suppressions({ messageStream: 'broadcasts', stream: 'broadcast', tenant: 'acme' })),
    ).toEqual([
      {
        address: 'ada@x.test',
        reason: 'bounced',
        source: 'postmark',
        at: new Date('2026-11-01T15:00:00Z'),
        tenant: 'acme',
      },
      {
        address: 'bob@x.test',
        reason: 'unsubscribed',
        source: 'postmark',
        at: new Date('2026-11-01T15:00:00Z'),
        stream: 'broadcast',
        tenant: 'acme',
      },
    ]);
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/message-streams/broadcasts/suppressions/dump' });
    expect(server.requests[0]!.headers['x-postmark-server-token']).toBe('secret-token');
  });

  it('may be long', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ ...Suppressions[0], EmailAddress: `user-${at}@x.test` }));
    const { transport } = await providerServer(
      { json: { Suppressions: many } },
      (baseUrl) => new PostmarkTransport({ token: 'secret-token', baseUrl }),
    );
    expect(await all(transport.suppressions())).toHaveLength(20_000);
  });

  it('says why it is not given', async () => {
    const { transport } = await providerServer(
      { status: 401, json: { ErrorCode: 10, Message: 'No Account or Server API tokens were supplied.' } },
      (baseUrl) => new PostmarkTransport({ token: 'secret-token', baseUrl }),
    );
    expect((await failureOf(all(transport.suppressions()))).message).toContain('API tokens');
  });
});

describe('the suppression lists of Mailgun', () => {
  const at = 'Sun, 01 Nov 2026 10:00:00 UTC';
  const lists: Record<string, object[]> = {
    bounces: [
      { address: 'ada@x.test', code: '550', error: 'No such user', created_at: at },
      { address: 'bob@x.test', code: '550', error: 'No such user', created_at: at },
    ],
    complaints: [{ address: 'eve@x.test', created_at: at }],
    unsubscribes: [{ address: 'fay@x.test', tags: ['*'], created_at: at }],
  };

  it('are all three, page by page, with the key for nobody but Mailgun', async () => {
    const { server, transport } = await providerServer(
      ({ path }) => {
        const { pathname, searchParams } = new URL(path, 'http://any.test');
        const rows = lists[pathname.split('/').at(-1)!]!;
        const after = searchParams.get('address');
        const place = after === null ? 0 : rows.findIndex((one) => (one as { address: string }).address === after) + 1;
        const items = rows.slice(place, place + 1);
        const last = (items.at(-1) as { address: string } | undefined)?.address ?? after;
        const next = `https://evil.test/v3/x?page=next&address=${last}&limit=1`;
        return { json: { items, paging: { next } } };
      },
      (baseUrl) => new MailgunTransport({ key: 'key-secret', domain: 'mg.acme.test', baseUrl }),
    );
    expect((await all(transport.suppressions())).map(({ address, reason }) => [address, reason])).toEqual([
      ['ada@x.test', 'bounced'],
      ['bob@x.test', 'bounced'],
      ['eve@x.test', 'complained'],
      ['fay@x.test', 'unsubscribed'],
    ]);
    expect(server.requests[0]!.path).toBe('/v3/mg.acme.test/bounces?limit=1000');
    expect(server.requests).toHaveLength(7);
  });

  it('say why they are not given', async () => {
    const { transport } = await providerServer(
      { status: 401, text: 'Forbidden' },
      (baseUrl) => new MailgunTransport({ key: 'key-secret', domain: 'mg.acme.test', baseUrl }),
    );
    expect((await failureOf(all(transport.suppressions()))).message).toContain('Forbidden');
  });

  it('can be taken over as they are', async () => {
    const { transport } = await providerServer(
      ({ path }) => ({
        json: {
          items: path.includes('address=') ? [] : [{ address: 'gus@x.test', created_at: at }],
          paging: { next: 'https://api.test/?address=gus' },
        },
      }),
      (baseUrl) => new MailgunTransport({ key: 'key-secret', domain: 'mg.acme.test', baseUrl }),
    );
    const relay = await startRelay({ transports: { mailgun: transport }, worker: false });
    const list = relay.app.get(SuppressionList);
    expect(await list.import(transport.suppressions({ tenant: randomUUID() }))).toEqual({ added: 3, invalid: 0 });
    expect((await list.list({ search: 'gus' })).entries).toHaveLength(1);
    await relay.close();
  });
});
