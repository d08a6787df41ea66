import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { localhost } from '../tls/localhost.js';

/** A request as it came. */
export interface ReceivedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The connection it came over, counted from 1. */
  readonly connection: number;
  /** The body read as JSON. */
  json(): any;
  /** The body read as `multipart/form-data`. */
  form(): Promise<FormData>;
}

/**
 * What the server does with a request:
 *
 * - `json` or `text` is its answer, with `status` (default 200) and `headers`;
 * - `cut` says that there is more to come, and breaks the connection after its text;
 * - `endless` is an answer without end, until the client has enough;
 * - `reset` breaks the connection, `hang` says nothing, once the request is there;
 * - `refuse` breaks the connection at the request's head, `stall` reads no more than that;
 * - `after` does `next` when the promise has settled.
 */
export type HttpReply =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly json: unknown }
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly cut: string }
  | { readonly status?: number; readonly endless: true }
  | { readonly do: 'reset' | 'hang' | 'refuse' | 'stall' }
  | { readonly after: Promise<unknown>; readonly next: HttpReply };

/** A reply, or a function that picks one for each request; `count` is counted from 1. */
export type HttpScript = HttpReply | ((request: ReceivedRequest, count: number) => HttpReply);

export interface RunningHttpServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** `127.0.0.1:8080`. */
  readonly host: string;
  /** May be changed at any time. */
  script: HttpScript;
  /** All requests whose body has come, in the order they came. */
  readonly requests: readonly ReceivedRequest[];
  /** Connections made so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Bytes of `endless` answers written so far. */
  readonly written: number;
  /** Resolves when so many heads of requests have come since the start. */
  reached(count?: number): Promise<void>;
  /** Resolves when a condition holds; looked at whenever anything happens here. */
  until(condition: () => boolean): Promise<void>;
  /** Breaks what is open. */
  close(): Promise<void>;
}

/** An HTTP server on loopback that keeps what it is asked and answers what it is told to. */
export async function startHttpServer(
  script: HttpScript = { json: {} },
  options: { tls?: boolean } = {},
): Promise<RunningHttpServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Map<Socket, number>();
  const waiting = new Set<() => void>();
  const counts = { connections: 0, heads: 0, written: 0 };
  const notify = (): void => waiting.forEach((check) => check());

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    counts.heads++;
    notify();
    const current = running.script;
    if ('do' in current && current.do === 'refuse') return reset(request);
    if ('do' in current && current.do === 'stall') return void request.pause();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received = receivedRequest(request, Buffer.concat(chunks), sockets.get(request.socket) ?? 0);
    requests.push(received);
    notify();
    await reply(typeof current === 'function' ? current(received, requests.length) : current, request, response);
  };

  const reply = async (told: HttpReply, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if ('after' in told) {
      await told.after;
      return reply(told.next, request, response);
    }
    if ('do' in told) return told.do === 'reset' ? reset(request) : undefined;
    response.statusCode = told.status ?? 200;
    if ('endless' in told) return pipeline(endless(), response);
    for (const [name, value] of Object.entries(told.headers ?? {})) response.setHeader(name, value);
    if ('cut' in told) {
      response.setHeader('content-length', Buffer.byteLength(told.cut) + 100);
      response.write(told.cut, () => request.socket.destroy());
    } else if ('json' in told) {
      if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(told.json));
    } else response.end(told.text);
  };

  const endless = function* (): Generator<Buffer> {
    const piece = Buffer.alloc(64 * 1024, '[');
    for (;;) {
      counts.written += piece.length;
      yield piece;
    }
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    // A client that hangs up is part of many tests.
    void handle(request, response).catch(() => undefined);
  const server = options.tls ? createSecureServer(localhost, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, ++counts.connections);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      notify();
    });
    notify();
  });
  server.on('secureConnection', (socket: Socket) => sockets.set(socket, counts.connections));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const until = async (condition: () => boolean): Promise<void> => {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (condition() && waiting.delete(check)) resolve();
      };
      waiting.add(check);
    });
  };

  const running = {
    url: `${options.tls ? 'https' : 'http'}://${host}`,
    host,
    script,
    requests,
    get connections() {
      return counts.connections;
    },
    get open() {
      return sockets.size;
    },
    get written() {
      return counts.written;
    },
    reached: (count = 1) => until(() => counts.heads >= count),
    until,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of sockets.keys()) socket.destroy();
      await closed;
    },
  };
  return running;
}

function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function receivedRequest(request: IncomingMessage, body: Buffer, connection: number): ReceivedRequest {
  const { method = '', url: path = '', headers } = request;
  return {
    method,
    path,
    headers,
    body,
    connection,
    json: () => JSON.parse(body.toString('utf8')) as unknown,
    form: () =>
      new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type'] ?? '' } }).formData(),
  };
}
