import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RelayConsoleModule, type RelayConsoleOptions } from '../../lib/console.js';
import { MailService, RelayModule, type RelayOptions } from '../../lib/index.js';
import { redisUrl } from '../support/servers.js';

export const ADAPTERS = [
  { name: 'Express', adapter: () => new ExpressAdapter() },
  { name: 'Fastify', adapter: () => new FastifyAdapter() },
] as const;

export interface ConsoleApplication {
  readonly app: INestApplication;
  readonly mail: MailService;
  /** Of the console, without a slash at its end. */
  readonly url: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** As the page does it: with the token of the session. */
  change(method: 'POST' | 'DELETE', path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  json<T = any>(path: string): Promise<T>;
  close(): Promise<void>;
}

export interface ConsoleSetting {
  readonly relay?: RelayOptions;
  readonly console?: RelayConsoleOptions;
  readonly metadata?: ModuleMetadata;
  readonly adapter?: () => unknown;
  /** Before the application starts. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  readonly base?: string;
}

/** A Nest application with a relay and its console, as a user would write it. */
export async function startConsole(setting: ConsoleSetting = {}): Promise<ConsoleApplication> {
  const { relay = {}, metadata = {}, adapter = ADAPTERS[0].adapter, prepare, base = '/relay' } = setting;
  const queue = relay.queue ?? { redis: await redisUrl(), name: `console-${randomUUID()}` };
  @Module({
    ...metadata,
    imports: [
      RelayModule.forRoot({ from: 'Acme <hello@acme.test>', ...relay, queue }),
      RelayConsoleModule.forRoot(setting.console),
      ...(metadata.imports ?? []),
    ],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter() as ExpressAdapter, { logger: false, abortOnError: false });
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}${base}`;
  let session: { cookie: string; token: string } | undefined;
  const begin = async (): Promise<{ cookie: string; token: string }> => {
    const response = await fetch(`${url}/api/session`);
    const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
    return { cookie, token: ((await response.json()) as { csrf: string }).csrf };
  };
  return {
    app,
    mail: app.get(MailService),
    url,
    get: (path, headers = {}) => fetch(`${url}/${path}`, { headers, redirect: 'manual' }),
    async change(method, path, body, headers = {}) {
      session ??= await begin();
      const type = { 'content-type': 'application/json' };
      return fetch(`${url}/${path}`, {
        method,
        headers: { cookie: session.cookie, 'x-relay-csrf': session.token, ...(body !== undefined && type), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    },
    async json(path) {
      const response = await fetch(`${url}/${path}`);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as never;
    },
    close: () => app.close(),
  };
}

/** Asks until there is an answer. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let look = 0; look < 400; look++) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('It never came');
}
