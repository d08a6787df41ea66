import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import type { MailTransport } from '../../lib/transport/mail-transport.js';
import { type HttpScript, type RunningHttpServer, startHttpServer } from '../support/http/start-http-server.js';

/** A server that answers as a provider, and a transport that sends to it. */
export async function providerServer<T extends MailTransport>(
  script: HttpScript,
  create: (baseUrl: string) => T,
): Promise<{ server: RunningHttpServer; transport: T }> {
  const server = await startHttpServer(script);
  const transport = create(server.url);
  onTestFinished(async () => {
    await server.close();
    await transport.close?.();
  });
  return { server, transport };
}

/** What was thrown. */
export async function failureOf(promise: Promise<unknown>): Promise<MailError> {
  const thrown = await promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(MailError);
  return thrown as MailError;
}

/** All that can be seen of something from outside. */
export function shown(...values: unknown[]): string {
  const texts = values.map((value) => (value instanceof Error ? `${value.message} ${value.stack}` : String(value)));
  return inspect(values, { depth: 12, showHidden: true, getters: true }) + JSON.stringify(values) + texts.join();
}
