import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** @param provider the part of the path behind the endpoint's own */
export type RawHandler = (request: IncomingMessage, response: ServerResponse, provider: string) => void;

/**
 * Answers everything beneath a path from the bytes as they come: before the application's body parsers, guards and pipes, and without
 * touching them.
 */
export function mountWebhooks(adapter: AbstractHttpAdapter, path: string, handle: RawHandler): void {
  const type = adapter.getType();
  if (type === 'express') mountOnExpress(adapter.getInstance<ExpressApplication>(), path, handle);
  else if (type === 'fastify') mountOnFastify(adapter.getInstance<FastifyApplication>(), path, handle);
  else throw new RelayConfigurationError('webhooks', `are for Express and Fastify; this application is on ${type}`);
}

interface ExpressApplication {
  use(path: string, handler: (request: IncomingMessage & { path: string }, response: ServerResponse) => void): void;
}

/** Nest adds its body parsers later, in `init()`. */
function mountOnExpress(app: ExpressApplication, path: string, handle: RawHandler): void {
  app.use(path, (request, response) => handle(request, response, nameOf(request.path)));
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
    const onRequest = (
      { raw, params }: { raw: IncomingMessage; params: { provider: string } },
      reply: FastifyReply,
    ): void => {
      reply.hijack();
      handle(raw, reply.raw, params.provider);
    };
    scope.all(`${path}/:provider`, { onRequest }, () => {});
  });
}

function nameOf(path: string): string {
  return path.replace(/^\/|\/$/g, '');
}
