import { isIP, isIPv4, type Socket } from 'node:net';

/**
 * Asks a SOCKS 5 proxy, over a connection to it, for a tunnel: RFC 1928, and RFC 1929 for user and password.
 * A host name is resolved by the proxy.
 *
 * @throws Error with code `EPROXY` when the proxy refuses
 */
export async function requestSocks5(
  socket: Socket,
  target: { readonly host: string; readonly port: number },
  credentials?: { readonly user: string; readonly pass: string },
): Promise<Socket> {
  socket.write(Buffer.from(credentials ? [5, 2, NO_AUTH, USER_PASS] : [5, 1, NO_AUTH]));
  const [, method] = await read(socket, 2);
  if (method === USER_PASS && credentials) await logIn(socket, credentials);
  else if (method !== NO_AUTH) throw proxyError('wants a user and a password');

  const port = Buffer.from([target.port >> 8, target.port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([5, CONNECT, 0]), addressOf(target.host), port]));
  const [, status, , type] = await read(socket, 4);
  if (status !== 0) throw proxyError(REFUSALS[status!] ?? `answered ${status}`);
  const length = type === DOMAIN ? (await read(socket, 1))[0]! : type === IPV4 ? 4 : 16;
  await read(socket, length + 2);
  return socket;
}

const NO_AUTH = 0;
const USER_PASS = 2;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;

/** RFC 1928 section 6. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'failed',
  2: 'does not allow this connection',
  3: 'says that the network is unreachable',
  4: 'says that the host is unreachable',
  5: 'says that the connection was refused',
  6: 'says that the connection timed out',
  7: 'does not know CONNECT',
  8: 'does not know this kind of address',
};

async function logIn(socket: Socket, { user, pass }: { user: string; pass: string }): Promise<void> {
  socket.write(Buffer.concat([Buffer.from([1]), counted(user), counted(pass)]));
  const [, status] = await read(socket, 2);
  if (status !== 0) throw proxyError('refused the user or the password');
}

function addressOf(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([IPV4, ...host.split('.').map(Number)]);
  if (isIP(host) === 6) return Buffer.concat([Buffer.from([IPV6]), ipv6Bytes(host)]);
  return Buffer.concat([Buffer.from([DOMAIN]), counted(host)]);
}

function ipv6Bytes(host: string): Buffer {
  // The URL parser writes any form of an address in hexadecimal groups.
  const [head, tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  const all = tail === undefined ? groups(head) : [...groups(head), ...zeros, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw proxyError('takes 255 bytes at most for a host, a user or a password');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

async function read(socket: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(size) as Buffer | null;
    if (bytes?.length === size) return bytes;
    if (bytes) throw proxyError('closed the connection');
    await moreBytes(socket);
  }
}

function moreBytes(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => socket.off('readable', more).off('end', end).off('error', fail);
    const more = () => (stop(), resolve());
    const end = () => (stop(), reject(proxyError('closed the connection')));
    const fail = (error: Error) => (stop(), reject(error));
    socket.once('readable', more).once('end', end).once('error', fail);
  });
}

function proxyError(message: string): Error {
  return Object.assign(new Error(`the proxy ${message}`), { code: 'EPROXY' });
}
