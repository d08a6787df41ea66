import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { onAbort } from '../smtp/on-abort.js';
import { type HttpAnswer, readAnswer } from './http-answer.js';
import { closed, givenUp, lost, redirected, timedOut } from './http-failures.js';
import type { HttpSettings } from './http-settings.js';
import { HttpError } from './http.error.js';

export interface HttpRequest {
  /** Default `POST`. */
  method?: 'GET' | 'POST' | 'DELETE';
  /** Behind the base URL, with its leading slash. */
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  /** Bytes of the answer that are read. Default 1 MB. */
  longest?: number;
  /** In pieces, where one piece would mean a copy. */
  body?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Obeyed until the request is out; from then on only the answer says what became of it. */
  signal?: AbortSignal;
}

/**
 * The HTTP that a mail API needs, on `node:http`, which says when a request is out: before, a failure has sent nothing; after, it is
 * `ambiguous`. Connections are kept and used again, redirections are not followed, an answer is read up to 1 MB unless it is
 * asked for more, and secrets are `***` in
 * what is read of it.
 */
export class HttpClient {
  /** Of the server, for messages: `api.acme.test`. */
  readonly host: string;
  readonly #settings: HttpSettings;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #send: (url: URL, options: object) => ClientRequest;
  readonly #redact: (text: string) => string;
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  /** @param secrets what must not be shown, should a server repeat it */
  constructor(settings: HttpSettings, secrets: readonly string[] = []) {
    this.#settings = settings;
    this.host = settings.baseUrl.host;
    const secure = settings.baseUrl.protocol === 'https:';
    // Servers close what is idle, and a request that meets that moment is ambiguous: be the first to close.
    const kept = { keepAlive: true, timeout: IDLE };
    this.#agent = secure ? new HttpsAgent(kept) : new HttpAgent(kept);
    this.#send = secure ? httpsRequest : httpRequest;
    this.#redact = (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
  }

  /**
   * The answer, whatever its status, but for a redirection.
   *
   * @throws HttpError scope `transport`
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    if (this.#closed) throw closed(this.host);
    if (request.signal?.aborted) throw givenUp(this.host, request.signal.reason);
    const exchange = this.#exchange(request);
    this.#inFlight.add(exchange);
    const answer = await exchange.finally(() => this.#inFlight.delete(exchange));
    if (answer.status >= 300 && answer.status < 400) throw redirected(answer);
    return answer;
  }

  /** Waits for requests in flight, then closes the connections. Nothing can be requested afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#inFlight);
    this.#agent.destroy();
  }

  #exchange({
    method = 'POST',
    path,
    query = {},
    headers,
    longest,
    body = [],
    signal,
  }: HttpRequest): Promise<HttpAnswer> {
    const { baseUrl, timeout } = this.#settings;
    const pieces = Array.isArray(body) ? (body as readonly (string | Uint8Array)[]) : [body as string | Uint8Array];
    const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
    const url = new URL(baseUrl);
    url.pathname = baseUrl.pathname.replace(/\/$/, '') + path;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const outgoing = this.#send(url, {
      method,
      agent: this.#agent,
      headers: { ...headers, accept: 'application/json', ...(length > 0 && { 'content-length': length }) },
    });
    return new Promise<HttpAnswer>((resolve, reject) => {
      let sent = false;
      let answered = false;
      let abandon = (): void => void outgoing.destroy(timedOut(this.host, sent, timeout));
      const timer = setTimeout(() => abandon(), timeout);
      const forget =
        signal &&
        onAbort(signal, () => {
          if (!sent && !answered) outgoing.destroy(givenUp(this.host, signal.reason));
        });
      // Every byte has been given to the operating system.
      outgoing.once('finish', () => (sent = true));
      outgoing.on('error', (error) => {
        // What comes after the answer, to a request that was cut short by it, changes nothing.
        if (!answered) reject(error instanceof HttpError ? error : lost(this.host, sent, error));
      });
      outgoing.once('response', (response) => {
        answered = true;
        abandon = () => response.destroy();
        void readAnswer(response, this.host, this.#redact, longest).then(resolve);
      });
      outgoing.once('close', () => {
        clearTimeout(timer);
        forget?.();
      });
      for (const piece of pieces) outgoing.write(piece);
      outgoing.end();
    });
  }
}

/** How long an unused connection is kept, in milliseconds. */
const IDLE = 10_000;
