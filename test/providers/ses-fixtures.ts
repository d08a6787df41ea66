import { onTestFinished } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import type { SesTransportOptions } from '../../lib/providers/ses/ses-options.interface.js';
import { SesTransport } from '../../lib/providers/ses/ses.transport.js';
import { KEY, SECRET, SesServer } from './ses-server.js';

/** A transport with a server of its own behind it. */
export async function sesSetup(
  options: SesTransportOptions = {},
): Promise<{ server: SesServer; transport: SesTransport }> {
  const server = await SesServer.start();
  const transport = new SesTransport({
    region: 'eu-west-1',
    credentials: { accessKeyId: KEY, secretAccessKey: SECRET },
    baseUrl: server.url,
    ...options,
  });
  onTestFinished(() => transport.close());
  return { server, transport };
}

/** The MailError that something ends with. */
export async function mailFailure(attempt: Promise<unknown>): Promise<MailError> {
  const error = await attempt.then(
    (value) => new Error(`It went well: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof MailError) return error;
  throw error;
}
