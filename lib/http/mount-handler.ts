import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';

/** @param rest the path behind the one that was mounted, still percent-encoded, without slashes at its ends and without the query */
export type RawHandler = (request: IncomingMessage, response: ServerResponse, rest: string) => void;

/** A request and its answer as Express or Fastify has them, for who calls what was written for those. */
export interface FrameworkRequest {
  readonly request: object;
  readonly response: object;
}

/** Of a request that {@link mountHandler} handed on. */
export function frameworkRequestOf(request: IncomingMessage): FrameworkRequest | undefined {
  return FRAMEWORK.get(request);
}

const FRAMEWORK = new WeakMap<IncomingMessage, FrameworkRequest>();

/**
 * Answers a path and everything beneath it from the bytes as they come: before the application's body parsers, guards and pipes, and
 * without touching them; whatever its global prefix is.
 *
 * @param path begins with a slash, ends without
 * @param option names in the error what cannot be mounted on an adapter of another making
 */
export function mountHandler(adapter: AbstractHttpAdapter, path: string, handle: RawHandler, option: string): void {
  const type = adapter.getType();
  const answer = (request: IncomingMessage, response: ServerResponse, url: string) =>
    handle(request, response, restOf(url.slice(path.length)));
  if (type === 'express') mountOnExpress(adapter.getInstance<ExpressApplication>(), path, answer);
  else if (type === 'fastify') mountOnFastify(adapter.getInstance<FastifyApplication>(), path, answer);
  else throw new RelayConfigurationError(option, `is for Express and Fastify; this application is on ${type}`);
}

/**
 * Mounts with the application, so that it comes before all other routes; in a module under test, which gets its server later, as it begins.
 *
 * @returns to be called in `onModuleInit()`: whether there is a server; a process without one, such as a worker, has nothing to mount it on
 */
export function mountWithServer(host: HttpAdapterHost, mount: (adapter: AbstractHttpAdapter) => void): () => boolean {
  let mounted = false;
  const attempt = (): boolean => {
    if (!mounted && host.httpAdapter) {
      mount(host.httpAdapter);
      mounted = true;
    }
    return mounted;
  };
  attempt();
  return attempt;
}

/** The option of a path that is mounted. @throws RelayConfigurationError */
export function readMountPath(path: unknown, option: string): string {
  if (typeof path === 'string' && path.length <= 200 && /^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/.test(path))
    return `/${path.replace(/^\/|\/$/g, '')}`;
  throw new RelayConfigurationError(option, "is a path such as 'relay' or 'mail/relay'");
}

interface ExpressApplication {
  use(path: string, handler: (request: ExpressRequest, response: ServerResponse) => void): void;
}

interface ExpressRequest extends IncomingMessage {
  baseUrl: string;
  path: string;
}

/** Nest adds its body parsers later, in `init()`. */
function mountOnExpress(app: ExpressApplication, path: string, handle: RawHandler): void {
  app.use(path, (request, response) => {
    FRAMEWORK.set(request, { request, response });
    handle(request, response, request.baseUrl + request.path);
  });
}

interface FastifyApplication {
  register(plugin: (scope: FastifyApplication) => Promise<void>): void;
  all(url: string, options: object, handler: () => void): void;
}

interface FastifyReply {
  raw: ServerResponse;
  hijack(): void;
}

/** A route's `onRequest` comes before its body is parsed. */
function mountOnFastify(app: FastifyApplication, path: string, handle: RawHandler): void {
  app.register(async (scope) => {
    const onRequest = (request: { raw: IncomingMessage }, reply: FastifyReply): void => {
      const { raw } = request;
      FRAMEWORK.set(raw, { request, response: reply });
      reply.hijack();
      handle(raw, reply.raw, raw.url ?? '');
    };
    for (const url of [path, `${path}/*`]) scope.all(url, { onRequest }, () => {});
  });
}

function restOf(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1);
  return path.replace(/^\//, '').replace(/\/$/, '');
}
