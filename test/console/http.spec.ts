import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { request as requestHttp } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RecordingTransport } from '../support/recording.transport.js';
import { ADAPTERS, type ConsoleApplication, startConsole } from './console-application.js';

@Controller('orders')
class OrdersController {
  @Get() all(): string {
    return 'orders';
  }
}

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; session?: { admin: boolean } }>();
    if (request.session) return request.session.admin;
    if (request.headers['x-key'] === undefined) throw new UnauthorizedException('Log in first');
    return request.headers['x-key'] === 'right';
  }
}

describe.each(ADAPTERS)('the console on $name', ({ adapter }) => {
  let application: ConsoleApplication;

  beforeAll(async () => {
    application = await startConsole({
      adapter,
      base: '/app/relay',
      relay: { transport: new RecordingTransport() },
      metadata: { controllers: [OrdersController] },
      prepare: (app) => void app.setGlobalPrefix('app'),
    });
  });
  afterAll(() => application?.close());

  it('is behind the global prefix, beside the application’s own routes', async () => {
    expect((await application.get('api/session')).status).toBe(200);
    const orders = await fetch(application.url.replace('/relay', '/orders'));
    expect(await orders.text()).toBe('orders');
    expect((await fetch(application.url.replace('/app', ''))).status).toBe(404);
    const bare = await fetch(application.url, { redirect: 'manual' });
    expect([bare.status, bare.headers.get('location')]).toEqual([308, 'relay/']);
  });

  it('tells no browser to keep, sniff or frame what it answers', async () => {
    const { headers } = await application.get('api/mails');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('changes nothing without the token of the session, in cookie and header', async () => {
    const session = await application.get('api/session');
    const [cookie = ''] = session.headers.get('set-cookie')!.split(';');
    // Without a path, a browser keeps it for the folder that it asked, by whatever name a proxy knows that.
    expect(session.headers.get('set-cookie')).toMatch(/^relay-console=[\w-]{43}; HttpOnly; SameSite=Strict$/);
    const { csrf } = (await session.json()) as { csrf: string };
    const pause = (headers: Record<string, string>): Promise<number> =>
      fetch(`${application.url}/api/streams/broadcast/pause`, { method: 'POST', headers }).then(({ status }) => status);
    expect(await pause({})).toBe(403);
    expect(await pause({ cookie })).toBe(403);
    expect(await pause({ 'x-relay-csrf': csrf })).toBe(403);
    expect(await pause({ cookie, 'x-relay-csrf': 'A'.repeat(43) })).toBe(403);
    expect(await pause({ cookie, 'x-relay-csrf': csrf })).toBe(204);
    // The token stays the same for the browser that has one.
    expect((await application.get('api/session', { cookie })).headers.get('set-cookie')).toBeNull();
  });

  it('answers no other site, whatever it sends', async () => {
    const from = async (headers: Record<string, string>): Promise<number> =>
      (await application.get('api/mails', headers)).status;
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await from({ origin: 'https://evil.test' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await from({ origin: new URL(application.url).origin })).toBe(200);
    const evil = { origin: 'https://evil.test' };
    expect((await application.change('POST', 'api/streams/broadcast/pause', undefined, evil)).status).toBe(403);
  });

  it('takes JSON only, and says what is wrong with it', async () => {
    const plain = await application.change('POST', 'api/mails/retry', '{"ids":[]}', { 'content-type': 'text/plain' });
    expect(plain.status).toBe(415);
    const wrong = await application.change('POST', 'api/mails/retry', { ids: 'all' });
    expect(wrong.status).toBe(422);
    expect(wrong.headers.get('content-type')).toBe('application/problem+json');
    expect(await wrong.json()).toMatchObject({ type: 'about:blank', status: 422, field: 'ids' });
    expect((await application.get('api/nothing')).status).toBe(404);
    expect((await application.change('DELETE', 'api/queue')).status).toBe(405);
    expect((await application.get('api/mails?limit=0')).status).toBe(422);
  });

  it('without a guard, answers this machine by its own name only', async () => {
    expect((await ask(`${application.url}/api/session`, { host: 'evil.test' })).status).toBe(403);
    expect((await ask(`${application.url}/api/session`, { host: 'localhost:3000' })).status).toBe(200);
    expect((await ask(`${application.url}/api/session`, { 'x-forwarded-for': '203.0.113.7' })).status).toBe(403);
  });
});

describe.each(ADAPTERS)('the guard on $name', ({ name, adapter }) => {
  let application: ConsoleApplication;
  afterEach(() => application?.close());

  it('decides on each request, with the application’s own request', async () => {
    application = await startConsole({
      adapter,
      relay: { transport: new RecordingTransport() },
      console: { authorize: KeyGuard },
    });
    expect((await application.get('api/mails')).status).toBe(401);
    expect(await (await application.get('api/mails')).json()).toMatchObject({ detail: 'Log in first' });
    expect((await application.get('', {})).status).toBe(401);
    expect((await application.get('api/mails', { 'x-key': 'wrong' })).status).toBe(403);
    expect((await application.get('api/mails', { 'x-key': 'right' })).status).toBe(200);
    // From anywhere.
    expect((await ask(`${application.url}/api/mails`, { host: 'mail.acme.test', 'x-key': 'right' })).status).toBe(200);
  });

  it.runIf(name === 'Express')('sees what the application’s middleware has done', async () => {
    application = await startConsole({
      adapter,
      relay: { transport: new RecordingTransport() },
      console: { authorize: KeyGuard },
      prepare: (app) =>
        void app.use((request: { session?: object; headers: object }, _response: unknown, next: () => void) => {
          request.session = { admin: 'x-admin' in request.headers };
          next();
        }),
    });
    expect((await application.get('api/mails')).status).toBe(403);
    expect((await application.get('api/mails', { 'x-admin': 'yes' })).status).toBe(200);
  });

  it.runIf(name === 'Fastify')('sees what the application’s hooks have done', async () => {
    application = await startConsole({
      adapter,
      relay: { transport: new RecordingTransport() },
      console: { authorize: KeyGuard },
      prepare: (app) => {
        const fastify = app.getHttpAdapter().getInstance() as {
          addHook(
            name: string,
            hook: (request: { session?: object; headers: object }, reply: unknown, done: () => void) => void,
          ): void;
        };
        fastify.addHook('onRequest', (request, _reply, done) => {
          request.session = { admin: 'x-admin' in request.headers };
          done();
        });
      },
    });
    expect((await application.get('api/mails')).status).toBe(403);
    expect((await application.get('api/mails', { 'x-admin': 'yes' })).status).toBe(200);
  });

  it('changes nothing where it is only for reading', async () => {
    application = await startConsole({
      adapter,
      relay: { transport: new RecordingTransport() },
      console: { readonly: true },
    });
    expect(await application.json('api/session')).toMatchObject({ readonly: true });
    expect((await application.change('POST', 'api/streams/broadcast/pause')).status).toBe(403);
  });
});

describe('in production', () => {
  const before = process.env.NODE_ENV;
  afterEach(() => void (process.env.NODE_ENV = before));

  it('does not start without a guard', async () => {
    process.env.NODE_ENV = 'production';
    await expect(startConsole({ relay: { transport: new RecordingTransport() } })).rejects.toThrow(
      /RelayConsoleModule: authorize: is missing, and NODE_ENV is production/,
    );
  });
});

describe('options', () => {
  it.each([
    [{ path: 'a b' }, /RelayConsoleModule: path/],
    [{ paths: 'x' } as object, /RelayConsoleModule: paths/],
    [{ relay: 'marketing' }, /RelayConsoleModule: relay: there is no relay "marketing"/],
    [{ readonly: 'yes' } as never, /RelayConsoleModule: readonly/],
  ])('%j is refused at the start', async (options, message) => {
    await expect(startConsole({ relay: { transport: new RecordingTransport() }, console: options })).rejects.toThrow(
      message,
    );
  });
});

/** With a header that fetch() sets itself. */
function ask(url: string, headers: Record<string, string>): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const request = requestHttp(url, { headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode! });
    });
    request.on('error', reject);
    request.end();
  });
}
