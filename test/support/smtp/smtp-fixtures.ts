import { onTestFinished } from 'vitest';
import { SmtpError } from '../../../lib/transport/smtp/smtp.error.js';
import type { SmtpTransportOptions } from '../../../lib/transport/smtp/smtp-transport-options.interface.js';
import { SmtpTransport } from '../../../lib/transport/smtp/smtp.transport.js';
import { FaultySmtpServer, type FaultyServerOptions } from './faulty-smtp-server.js';
import { startSmtpServer, type RunningSmtpServer, type SmtpServerOptions } from './start-smtp-server.js';

/** A well-behaved server that ends with the test. */
export async function smtpServer(options?: SmtpServerOptions): Promise<RunningSmtpServer> {
  const server = await startSmtpServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** A faulty server that ends with the test. */
export async function faultyServer(options?: FaultyServerOptions): Promise<FaultySmtpServer> {
  const server = await FaultySmtpServer.start(options);
  onTestFinished(() => server.close());
  return server;
}

/** A transport to a server, closed with the test. */
export function transportTo(
  { host, port }: { host: string; port: number },
  options: Partial<SmtpTransportOptions> = {},
): SmtpTransport {
  const transport = new SmtpTransport({ host, port, ...options });
  onTestFinished(() => transport.close());
  return transport;
}

/** The SmtpError that a promise is rejected with. */
export async function smtpFailure(promise: Promise<unknown>): Promise<SmtpError> {
  const error = await promise.then(
    (value) => new Error(`nothing failed: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof SmtpError) return error;
  throw error;
}
