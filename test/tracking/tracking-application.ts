import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { expect } from 'vitest';
import { MailService, type MailEvent, RelayModule, type RelayOptions } from '../../lib/index.js';
import { RelayTrackingModule } from '../../lib/tracking.js';
import { redisUrl } from '../support/servers.js';

export const ADAPTERS = [
  { name: 'Express', adapter: () => new ExpressAdapter() },
  { name: 'Fastify', adapter: () => new FastifyAdapter() },
] as const;

export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** An application with tracked mails, and a clock of its own. */
export interface TrackingApplication {
  app: INestApplication;
  mail: MailService;
  /** `http://127.0.0.1:1234` */
  origin: string;
  /** Lets so much time go by. Milliseconds. */
  pass(milliseconds: number): void;
  /** Fetches as a browser would, unless the headers say otherwise; `url` as it stands in a mail. */
  get(url: string, headers?: Record<string, string | undefined>, method?: string): Promise<Answer>;
  /** What came back of a mail, once there are so many; later ones are noticed as well. */
  events(id: string, count: number): Promise<MailEvent[]>;
  close(): Promise<void>;
}

export const TRACKING_URL = 'https://mail.acme.test/t';

export async function startTracking(
  options: RelayOptions,
  { adapter = ADAPTERS[0].adapter, ...metadata }: ModuleMetadata & { adapter?: () => unknown } = {},
): Promise<TrackingApplication> {
  let ahead = 0;
  const queue = options.queue ?? { redis: await redisUrl(), name: `tracking-${randomUUID()}` };
  // The relay's own, and nobody else's.
  const now = Date.now;
  Date.now = () => now() + ahead;
  const relay = RelayModule.forRoot({
    from: 'Acme <hello@acme.test>',
    tracking: { url: TRACKING_URL, secret: 'a secret of this test' },
    ...options,
    queue,
  });
  Date.now = now;
  @Module({ ...metadata, imports: [relay, RelayTrackingModule.forRoot(), ...(metadata.imports ?? [])] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter() as ExpressAdapter, { logger: false, abortOnError: false });
  app.setGlobalPrefix('api');
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const mail = app.get(MailService);
  const came = async (id: string): Promise<MailEvent[]> =>
    ((await mail.status(id))?.events ?? []).filter(({ type }) => type === 'opened' || type === 'clicked');
  return {
    app,
    mail,
    origin: `http://127.0.0.1:${port}`,
    pass: (milliseconds) => void (ahead += milliseconds),
    get: (url, headers = {}, method = 'GET') =>
      fetchRaw(port, url.replace('https://mail.acme.test', ''), { 'User-Agent': BROWSER, ...headers }, method),
    events: async (id, count) => {
      // Those that wait to be looked at together have waited long enough.
      ahead += 10_000;
      await expect.poll(() => came(id).then(({ length }) => length), { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
      return came(id);
    },
    close: () => app.close(),
  };
}

function fetchRaw(
  port: number,
  path: string,
  headers: Record<string, string | undefined>,
  method: string,
): Promise<Answer> {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: given, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject).end();
  });
}

/** The tracked URLs in a text of HTML. */
export function trackedUrls(html: string): { opens: string[]; clicks: string[] } {
  const all = [...html.matchAll(/https:\/\/mail\.acme\.test\/t\/[oc]\/[\w-]+/g)].map(([url]) => url);
  return { opens: all.filter((url) => url.includes('/t/o/')), clicks: all.filter((url) => url.includes('/t/c/')) };
}
