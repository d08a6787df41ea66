import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP, isIPv6, type Socket } from 'node:net';
import { onAbort } from './on-abort.js';
import { requestSocks5 } from './socks5.js';

/** Where to connect to, and how. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
  /** `http:`, `https:` or `socks5:`. */
  readonly proxy?: URL;
}

/**
 * Opens a TCP connection, directly or through a proxy. IPv6 and IPv4 addresses of a host are tried in turn (RFC 8305).
 *
 * @param timeout milliseconds for all of it
 * @throws Error with a `code`: the system's, `EPROXY`, `ETIMEDOUT`, or `ABORT_ERR` when the signal was aborted
 */
export async function dial(target: DialTarget, timeout: number, signal: AbortSignal): Promise<Socket> {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(coded('ETIMEDOUT', `no connection within ${timeout / 1000} s`)),
    timeout,
  );
  const stopListening = onAbort(signal, () => controller.abort(coded('ABORT_ERR', 'aborted')));
  try {
    if (signal.aborted) throw coded('ABORT_ERR', 'aborted');
    return await open(target, controller.signal);
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

/** Node's 250 ms are too short for a server that is far away: RFC 8305 section 5 allows up to 2 seconds. */
const NEXT_ADDRESS_AFTER = 1_000;

async function open({ proxy, ...target }: DialTarget, signal: AbortSignal): Promise<Socket> {
  if (!proxy) return await openTcp(target, signal);
  if (proxy.protocol !== 'socks5:') return await openHttpTunnel(proxy, target, signal);
  const hop = {
    host: unbracketed(proxy.hostname),
    port: Number(proxy.port) || 1080,
    localAddress: target.localAddress,
  };
  const socket = await openTcp(hop, signal);
  return await abortable(signal, socket, () => requestSocks5(socket, target, credentials(proxy)));
}

function openTcp({ host, port, localAddress }: DialTarget, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, localAddress, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER });
  ignoreErrors(socket);
  const connected = () =>
    new Promise<Socket>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(socket);
      });
    });
  return abortable(signal, socket, connected);
}

/** RFC 9110 section 9.3.6. */
function openHttpTunnel(proxy: URL, { host, port, localAddress }: DialTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const { user, pass } = credentials(proxy) ?? {};
    const proxyHost = unbracketed(proxy.hostname);
    const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const tunnel = request({
      method: 'CONNECT',
      host: proxyHost,
      // Else Node would take the host header for the proxy's name.
      servername: isIP(proxyHost) === 0 ? proxyHost : '',
      port: proxy.port || undefined,
      path: authority,
      headers: {
        host: authority,
        ...(user !== undefined && {
          'proxy-authorization': `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`,
        }),
      },
      agent: false,
      localAddress,
      signal,
    });
    tunnel.once('connect', ({ statusCode }, socket, head) => {
      if (Math.floor((statusCode ?? 0) / 100) !== 2) {
        socket.destroy();
        reject(coded('EPROXY', `the proxy ${proxy.host} answered ${statusCode}`));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      ignoreErrors(socket as Socket);
      resolve(socket as Socket);
    });
    tunnel.once('error', (error) => reject(signal.aborted ? signal.reason : error));
    tunnel.end();
  });
}

/** Runs a step on a socket that is destroyed when the step fails or is aborted. */
async function abortable(signal: AbortSignal, socket: Socket, step: () => Promise<Socket>): Promise<Socket> {
  const abort = () => socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) throw signal.reason;
    return await step();
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

// The socket beneath a TLS connection has nobody else to listen, and an 'error' without a listener ends the process.
function ignoreErrors(socket: Socket): void {
  socket.on('error', () => undefined);
}

function credentials({ username, password }: URL): { user: string; pass: string } | undefined {
  if (username === '') return undefined;
  return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}

// A URL keeps the brackets around an IPv6 address, a socket takes it without.
function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
