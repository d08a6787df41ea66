import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import * as sample from './sample-data.js';

const PAGE = join(import.meta.dirname, '..', '..', '..', '..', 'dist', 'console', 'page');
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'";
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/**
 * Answers as the console's HTTP API does (docs/console.md), from data that is made up: for what a real relay cannot be brought to at will,
 * such as ten thousand mails, errors, and a thousand changes a second.
 */
export class ContractServer {
  mails: sample.SampleMail[] = [];
  previewError: object | undefined;
  session: Record<string, unknown> = {
    relay: 'default',
    relays: ['default'],
    readonly: false,
    csrf: 'token-1',
    version: '0.1.0',
    environment: 'development',
    features: { content: true, previews: true, tracking: true, clear: true },
  };
  /** The next requests whose path begins so are answered with this problem. */
  failing: { path: string; status: number; detail: string } | undefined;
  /** What was asked for, in order: `POST mails/retry`. */
  readonly asked: { what: string; body: string; csrf: string | undefined; query: URLSearchParams }[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #server: Server;
  #told = 0;

  constructor(readonly path = '/app/relay') {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
    });
  }

  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.path}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  tell(event: 'mail' | 'more' | 'queue' | 'preview', data: object): void {
    const text = `id: ${++this.#told}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.#streams) stream.write(text);
  }

  /** Ends the connections that events go over, as a restart does. */
  drop(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://localhost');
    const body = (await request.toArray()).join('');
    if (!url.pathname.startsWith(`${this.path}/`)) return void response.writeHead(404).end();
    const path = url.pathname.slice(this.path.length + 1);
    if (!path.startsWith('api/')) return this.#file(path || 'index.html', response);
    const what = `${request.method} ${decodeURIComponent(path.slice(4))}`;
    const csrf = request.headers['x-relay-csrf'] as string | undefined;
    this.asked.push({ what, body, csrf, query: url.searchParams });
    if (this.failing && what.includes(this.failing.path))
      return problem(response, this.failing.status, this.failing.detail);
    if (request.method !== 'GET' && csrf !== this.session['csrf'])
      return problem(response, 403, 'The token is not of this server.');
    if (what === 'GET events') return this.#stream(response);
    if (what.endsWith('/html')) return frame(response, this.#html(what), url.searchParams.get('images') === '1');
    if (what.endsWith('/source'))
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end('Subject: Hi\r\n\r\nHi\r\n');
    const answer = this.#json(what, url.searchParams, body);
    if (answer === undefined) return problem(response, 404, 'Nothing is known of it.');
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer === null ? '' : JSON.stringify(answer));
  }

  #json(what: string, query: URLSearchParams, body: string): object | null | undefined {
    const [method, ...rest] = what.split(' ');
    const [first, second, third] = rest.join(' ').split('/');
    const ids = () => (JSON.parse(body) as { ids: string[] }).ids;
    if (what === 'GET session') return this.session;
    if (what === 'GET mails') return this.#page(query);
    if (what === 'DELETE mails') return { removed: this.mails.splice(0).length };
    if (what === 'POST mails/retry' || what === 'POST mails/cancel')
      return { done: ids().slice(1), failed: [{ id: ids()[0]!, why: 'it was sent meanwhile' }] };
    if (what === 'POST links')
      return (JSON.parse(body) as { urls: string[] }).urls.map((one, index) => ({
        url: one,
        status: index ? 404 : 200,
        ok: index === 0,
      }));
    if (what === 'GET previews') return sample.PREVIEWS;
    if (first === 'previews')
      return {
        ...sample.contentOf('Welcome to Acme, Ada'),
        locale: query.get('locale') ?? 'en',
        ...(this.previewError && { error: this.previewError }),
      };
    if (what === 'GET queue') return sample.QUEUE;
    if (what === 'GET queue/mails') {
      const state = { dead: 'failed', waiting: 'queued' }[query.get('state')!] ?? query.get('state');
      return pageOf(
        this.mails.filter((mail) => mail.state === state),
        query,
      );
    }
    if (first === 'streams' || first === 'transports') return null;
    if (what === 'GET statistics') return sample.statistics(28, query.get('by') ?? 'none');
    if (what === 'POST suppressions/import') return { added: body.trim().split('\n').length - 1, invalid: 1 };
    if (what === 'GET suppressions')
      return { entries: sample.SUPPRESSIONS.filter(({ address }) => address.includes(query.get('search') ?? '')) };
    if (first === 'suppressions') return method === 'DELETE' ? { removed: true } : {};
    if (what === 'GET domains') return { domains: ['acme.test', 'news.acme.test'] };
    if (first === 'domains') return { ...sample.DOMAIN, domain: second };
    const mail = this.mails.find(({ id }) => id === second);
    if (!mail) return undefined;
    return third === 'content' ? sample.contentOf(mail.subject) : sample.detailOf(mail);
  }

  #page(query: URLSearchParams): object {
    const search = query.get('search')?.toLowerCase() ?? '';
    const found = this.mails.filter(
      (mail) =>
        (!query.get('state') || mail.state === query.get('state')) &&
        `${mail.subject} ${mail.to.join()}`.toLowerCase().includes(search),
    );
    return { ...pageOf(found, query), total: found.length };
  }

  #html(what: string): string {
    return what.includes('previews')
      ? sample.SAMPLE_HTML.replace('Ada', 'Ada Augusta King, Countess of Lovelace')
      : sample.SAMPLE_HTML;
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write(': here\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const content = await readFile(join(PAGE, path)).catch(() => undefined);
    if (!content) return void response.writeHead(404).end();
    response
      .writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain', 'content-security-policy': POLICY })
      .end(content);
  }
}

function pageOf(all: readonly sample.SampleMail[], query: URLSearchParams): object {
  const start = Number(query.get('cursor') ?? 0);
  const end = start + Number(query.get('limit') ?? 50);
  return { mails: all.slice(start, end), ...(end < all.length && { cursor: String(end) }) };
}

function problem(response: ServerResponse, status: number, detail: string): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ title: 'Refused', status, detail }));
}

function frame(response: ServerResponse, html: string, images: boolean): void {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:${images ? ' https: http:' : ''}; sandbox`;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy }).end(html);
}
