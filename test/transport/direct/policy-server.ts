import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { acme } from '../../support/tls/acme.js';

export interface RunningPolicyServer {
  readonly port: number;
  /** Paths asked for so far, with the host they were asked of. */
  readonly requests: readonly string[];
  /** What it answers; may be changed at any time. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** An HTTPS server on 127.0.0.5 with the certificate of mta-sts.acme.test, that ends with the test. */
export async function policyServer(policy: string): Promise<RunningPolicyServer> {
  const requests: string[] = [];
  const server = createServer({ key: acme.key, cert: acme.cert }, (request, response) => {
    requests.push(`${request.headers.host}${request.url}`);
    running.answer(request, response);
  });
  // A client that does not trust it hangs up.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.5');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const running: RunningPolicyServer = {
    port: (server.address() as AddressInfo).port,
    requests,
    answer: answering(policy),
  };
  return running;
}

export function answering(policy: string): RunningPolicyServer['answer'] {
  return (_request, response) => response.setHeader('content-type', 'text/plain').end(policy);
}

export function policyOf(mode: string, ...mx: string[]): string {
  return ['version: STSv1', `mode: ${mode}`, ...mx.map((pattern) => `mx: ${pattern}`), 'max_age: 86400', ''].join(
    '\r\n',
  );
}
