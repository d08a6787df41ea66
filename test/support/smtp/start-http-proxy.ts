import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

export interface RunningProxy {
  readonly port: number;
  /** Where it was asked to connect to: `127.0.0.1:2525`. */
  readonly targets: readonly string[];
  close(): Promise<void>;
}

/** An HTTP proxy that does CONNECT, RFC 9110 section 9.3.6. With `auth` (`user:pass`) it wants Basic authentication. */
export async function startHttpProxy({ auth }: { auth?: string } = {}): Promise<RunningProxy> {
  const targets: string[] = [];
  const expected = auth && `Basic ${Buffer.from(auth).toString('base64')}`;
  const server = createServer();
  server.on('connect', (request, client, head) => {
    client.on('error', () => client.destroy());
    if (expected && request.headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    targets.push(request.url!);
    const { hostname, port } = new URL(`tcp://${request.url}`);
    const upstream = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
