import type { ServerResponse } from 'node:http';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';

/** The browsers that follow a relay by server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class LiveClients {
  readonly #clients = new Map<ServerResponse, NodeJS.Timeout[]>();
  readonly #changed: (count: number) => void;
  #closed = false;

  /** @param changed told how many there are */
  constructor(changed: (count: number) => void) {
    this.#changed = changed;
  }

  /** Gives whether the browser is still there. @throws ConsoleRejectedError 503 when there are too many, or after the end */
  add(response: ServerResponse): boolean {
    if (response.destroyed) return false;
    // A browser comes back at once, and a server does not close while somebody is with it.
    if (this.#closed) throw new ConsoleRejectedError(503, 'The application is being closed');
    if (this.#clients.size >= MOST_CLIENTS)
      throw new ConsoleRejectedError(503, `More than ${MOST_CLIENTS} browsers follow this relay already`);
    response.removeHeader('X-Powered-By');
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      // nginx would hold it back.
      'X-Accel-Buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    const beat = setInterval(() => this.#write(response, ': alive\n\n'), HEARTBEAT).unref();
    // Whoever may see the console is asked again now and then; the browser comes back by itself.
    const end = setTimeout(() => this.#drop(response), LONGEST).unref();
    this.#clients.set(response, [beat, end]);
    response.on('close', () => this.#drop(response));
    response.on('error', () => this.#drop(response));
    this.#changed(this.#clients.size);
    return true;
  }

  /** @param to default all of them */
  send(event: string, data: unknown, id?: string, to?: ServerResponse): void {
    const text = `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const client of to ? [to] : this.#clients.keys()) this.#write(client, text);
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients.keys()) this.#drop(client);
  }

  /** Who does not read comes again, and goes on from where he was. */
  #write(client: ServerResponse, text: string): void {
    if (client.writableLength > MOST_UNREAD) this.#drop(client);
    else if (!client.writableEnded) client.write(text);
  }

  #drop(client: ServerResponse): void {
    const timers = this.#clients.get(client);
    if (!timers) return;
    for (const timer of timers) clearInterval(timer);
    this.#clients.delete(client);
    if (client.writableLength > MOST_UNREAD) client.destroy();
    else if (!client.destroyed) end(client);
    this.#changed(this.#clients.size);
  }
}

/** Who reads nothing would hold what he was told last for good. */
function end(client: ServerResponse): void {
  client.end();
  const late = setTimeout(() => client.destroy(), LAST_READ).unref();
  client.on('close', () => clearTimeout(late));
}

const MOST_CLIENTS = 50;
/** Milliseconds. */
const HEARTBEAT = 15_000;
const LONGEST = 10 * 60_000;
const LAST_READ = 2_000;
/** Bytes. */
const MOST_UNREAD = 1024 * 1024;
