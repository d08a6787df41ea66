import type { IncomingMessage, ServerResponse } from 'node:http';
import { machineOf } from '../events/machines.js';
import type { TrackedHit } from './tracked-hit.js';
import type { TrackingSettings } from './tracking-options.js';
import { TrackingTokens } from './tracking-tokens.js';

export interface TrackingEndpointParts {
  readonly settings: TrackingSettings;
  /** Takes it without waiting for anything. */
  readonly hit: (hit: TrackedHit) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Answers `GET <path>/o/<token>` with an image and `GET <path>/c/<token>` with where the link leads. Nothing is waited for, and nothing is
 * looked up: what a token says is in it.
 */
export class TrackingEndpoint {
  readonly #parts: TrackingEndpointParts;
  readonly #tokens: TrackingTokens;

  constructor(parts: TrackingEndpointParts) {
    this.#parts = parts;
    this.#tokens = new TrackingTokens(parts.settings.secrets);
  }

  /** @param rest `o/<token>` or `c/<token>` */
  handle(request: IncomingMessage, response: ServerResponse, rest: string): void {
    response.setHeaders(HEADERS);
    // What was sent along is not read.
    if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
      response.setHeader('Connection', 'close');
    const { method = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return empty(response, 405);
    }
    const kind = rest.slice(0, 2);
    const link = kind === 'c/';
    const thing = link || kind === 'o/' ? this.#tokens.read(rest.slice(2), link) : undefined;
    if (!thing) return empty(response, 404);
    // HEAD asks what is there without going there.
    if (method === 'GET' && !this.#declines(request)) this.#parts.hit({ ...thing, ...this.#client(request) });
    if (thing.url !== undefined) {
      response.setHeader('Location', thing.url);
      return empty(response, 302);
    }
    response.setHeader('Content-Type', 'image/gif');
    response.setHeader('Content-Length', GIF.length);
    response.end(method === 'HEAD' ? undefined : GIF);
  }

  /** https://www.w3.org/TR/tracking-dnt/#dnt-header-field and https://www.w3.org/TR/gpc/#the-sec-gpc-header-field-for-http-requests */
  #declines({ headers }: IncomingMessage): boolean {
    return this.#parts.settings.respectDoNotTrack && (headers['dnt'] === '1' || headers['sec-gpc'] === '1');
  }

  #client(request: IncomingMessage): Pick<TrackedHit, 'at' | 'machine' | 'userAgent' | 'ip'> {
    const { settings, now } = this.#parts;
    const agent = request.headers['user-agent']?.slice(0, LONGEST_AGENT);
    const machine = isPrefetch(request) ? 'prefetch' : agent ? machineOf(agent) : 'no-user-agent';
    const ip = settings.storeIp ? addressOf(request, settings.proxies) : undefined;
    return {
      at: now(),
      ...(machine !== undefined && { machine }),
      ...(settings.storeUserAgent && agent && { userAgent: agent }),
      ...(ip !== undefined && { ip }),
    };
  }
}

/** Nobody keeps what was answered, no search engine lists it, and the page gone to learns nothing of the mail. */
const HEADERS = new Map([
  ['Cache-Control', 'no-store, private, max-age=0'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Robots-Tag', 'noindex, nofollow'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cross-Origin-Resource-Policy', 'cross-origin'],
]);

/** One transparent pixel. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

const LONGEST_AGENT = 512;

function empty(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.setHeader('Content-Length', 0);
  response.end();
}

/** https://html.spec.whatwg.org/multipage/speculative-loading.html#the-sec-purpose-header, and what came before it. */
function isPrefetch({ headers }: IncomingMessage): boolean {
  return [headers['sec-purpose'], headers['purpose'], headers['x-moz']].some((purpose) =>
    String(purpose).startsWith('prefetch'),
  );
}

/** Each proxy adds whom it was asked by: behind so many of them, the client stands so far from the end. */
function addressOf({ headers, socket }: IncomingMessage, proxies: number): string | undefined {
  const told =
    proxies === 0
      ? undefined
      : String(headers['x-forwarded-for'] ?? '')
          .split(',')
          .at(-proxies)
          ?.trim();
  return (told || socket.remoteAddress)?.replace(/^::ffff:/, '').slice(0, LONGEST_ADDRESS);
}

/** Of IPv6 with a zone. */
const LONGEST_ADDRESS = 64;
