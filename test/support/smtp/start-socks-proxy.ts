import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { RunningProxy } from './start-http-proxy.js';

/** A SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929) when `auth` (`user:pass`) is given. `refuse` answers every request with that code. */
export async function startSocksProxy({
  auth,
  refuse,
}: { auth?: string; refuse?: number } = {}): Promise<RunningProxy> {
  const targets: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    serve(client).catch(() => client.destroy());
  });

  async function serve(client: Socket): Promise<void> {
    const [, count] = await read(client, 2);
    const offered = await read(client, count!);
    const method = auth ? 2 : 0;
    client.write(Buffer.from([5, offered.includes(method) ? method : 0xff]));
    if (auth) {
      const user = await counted(client, 1);
      const ok = `${user}:${await counted(client)}` === auth;
      client.write(Buffer.from([1, ok ? 0 : 1]));
      if (!ok) return void client.end();
    }
    const [, , , type] = await read(client, 4);
    const host = type === 3 ? await counted(client) : await address(client, type === 1 ? 4 : 16);
    const port = (await read(client, 2)).readUInt16BE();
    targets.push(`${host}:${port}`);
    if (refuse) return void client.end(Buffer.from([5, refuse, 0, 1, 0, 0, 0, 0, 0, 0]));
    const upstream = connect(port, host, () => {
      client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function counted(socket: Socket, skip = 0): Promise<string> {
  await read(socket, skip);
  const [length] = await read(socket, 1);
  return (await read(socket, length!)).toString();
}

async function address(socket: Socket, length: 4 | 16): Promise<string> {
  const bytes = await read(socket, length);
  if (length === 4) return bytes.join('.');
  return bytes.toString('hex').replace(/(.{4})(?=.)/g, '$1:');
}

async function read(socket: Socket, size: number): Promise<Buffer> {
  if (size === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes = socket.read(size) as Buffer | null;
    if (bytes) return bytes;
    await once(socket, 'readable');
  }
}
