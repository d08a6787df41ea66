import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { MailService, RelayModule, type RelayOptions } from '../../../lib/index.js';
import { RelayApiModule, type RelayApiOptions } from '../../../lib/submission.js';
import { RecordingTransport } from '../../support/recording.transport.js';
import { redisUrl } from '../../support/servers.js';

/** For `describe.each`. */
export const ADAPTERS = [
  { name: 'Express', adapter: () => new ExpressAdapter() },
  { name: 'Fastify', adapter: () => new FastifyAdapter() as unknown as ExpressAdapter },
];

/** Of the client `all`, which may do everything. */
export const KEY = 'a-key-that-opens-every-door';

export interface ApiCall {
  key?: string | null;
  json?: unknown;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
}

export interface ApiReply {
  status: number;
  headers: Headers;
  body: any;
}

export interface ApiApplication {
  app: INestApplication;
  mail: MailService;
  transport: RecordingTransport;
  url: string;
  /** The answer, which must be one that the OpenAPI description knows. */
  call(method: string, path: string, call?: ApiCall): Promise<ApiReply>;
  close(): Promise<void>;
}

/** A Nest application with a relay and its HTTP API, behind a global prefix, as a user would write it. */
export async function startApi({
  adapter = ADAPTERS[0]!.adapter,
  api = {},
  relay = {},
  metadata = {},
}: {
  adapter?: () => ExpressAdapter;
  api?: Partial<RelayApiOptions>;
  relay?: RelayOptions;
  metadata?: ModuleMetadata;
} = {}): Promise<ApiApplication> {
  const transport = new RecordingTransport();
  const options = {
    ...(!api.authenticator && { apiKeys: [{ id: 'all', key: KEY, scopes: ['send', 'read', 'cancel'] as const }] }),
    ...api,
  } as RelayApiOptions;
  const queue = relay.queue ?? { redis: await redisUrl(), name: `api-${randomUUID()}` };
  @Module({
    ...metadata,
    imports: [
      RelayModule.forRoot({ from: 'Acme <hello@acme.test>', transport, ...relay, queue }),
      RelayApiModule.forRoot(options),
      ...(metadata.imports ?? []),
    ],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false });
  app.setGlobalPrefix('prefix');
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const description = await (await fetch(`${url}/${options.path ?? 'relay'}/openapi.json`)).json();
  const check = answerCheck(description as Description);
  return {
    app,
    mail: app.get(MailService),
    transport,
    url,
    call: async (method, path, { key = KEY, json, body, headers = {} } = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(key !== null && { authorization: `Bearer ${key}` }),
          ...((json !== undefined || body !== undefined) && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...((json !== undefined || body !== undefined) && { body: (body as string) ?? JSON.stringify(json) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const reply = {
        status: response.status,
        headers: response.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      if (method !== 'HEAD') check(method, path, type, reply);
      return reply;
    },
    close: () => app.close(),
  };
}

interface Description {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
  components: { schemas: Record<string, object> };
}

/** Fails for an answer that is not described, or not as it is described. */
function answerCheck(description: Description): (method: string, path: string, type: string, reply: ApiReply) => void {
  const ajv = new Ajv2020({
    strict: false,
    formats: { 'date-time': (value: string) => !Number.isNaN(Date.parse(value)) },
  });
  ajv.addSchema(description, 'api');
  const checks = new Map<string, ValidateFunction>();
  return (method, path, type, { status, body }) => {
    const [bare = ''] = path.split('?');
    const known = Object.keys(description.paths).find((one) =>
      new RegExp(`^${one.replace(/[.]/g, '\\.').replace('{id}', '[^/]+')}$`).test(bare),
    );
    if (known === undefined) return;
    const operations = description.paths[known]!;
    // A method that there is not is answered as those that there are.
    const operation = operations[method.toLowerCase()] ?? operations['post'] ?? operations['get']!;
    const schema = operation.responses[String(status)]?.content?.[type]?.schema;
    if (!schema) throw new Error(`${method} ${path} answers ${status} ${type}, which is not described`);
    const pointer = ['paths', known, method.toLowerCase(), String(status), type].join(' ');
    let check = checks.get(pointer);
    if (!check)
      checks.set(pointer, (check = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')))));
    if (check(body)) return;
    throw new Error(
      `${method} ${path} ${status}: ${ajv.errorsText(check.errors)}: ${JSON.stringify(body).slice(0, 500)}`,
    );
  };
}
