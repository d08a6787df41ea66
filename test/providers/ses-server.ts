import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const KEY = 'AKIATESTTESTTESTTEST';
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYTESTSECRET';

/** A request to SendEmail, as it came. */
export interface SesRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** What was signed, checked against {@link SECRET}. */
  readonly signed: boolean;
  /** The parsed body. */
  readonly body: {
    Content: { Raw: { Data: string } };
    Destination: { ToAddresses: string[] };
    EmailTags: { Name: string; Value: string }[];
    [field: string]: unknown;
  };
  /** The message that is to be sent. */
  readonly raw: Buffer;
}

export type SesAnswer = (response: ServerResponse, request: SesRequest) => void;

/** An HTTP server that answers as API v2 of SES does: https://docs.aws.amazon.com/ses/latest/APIReference-V2/ */
export class SesServer {
  /** Requests that came whole. */
  readonly requests: SesRequest[] = [];
  /** Requests of which the head came. */
  begun = 0;
  account: object = { SendingEnabled: true, SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14 } };
  /** What SendEmail answers. */
  answer: SesAnswer = (response) => json(response, 200, { MessageId: `0102018f-${this.requests.length}-000000` });
  /** What is done as soon as a request begins; returning `true` leaves it without an answer. */
  onBegin: (request: IncomingMessage) => boolean | void = () => undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #waiting = new Set<() => void>();

  /** One that ends with the test. */
  static async start(): Promise<SesServer> {
    const server = await SesServer.open();
    onTestFinished(() => server.close());
    return server;
  }

  /** One that you close. */
  static async open(): Promise<SesServer> {
    const server = new SesServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many requests have come whole. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.begun++;
    request.on('error', () => undefined);
    if (this.onBegin(request)) return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = bytes.length > 0 ? (JSON.parse(bytes.toString()) as SesRequest['body']) : ({} as SesRequest['body']);
    const seen: SesRequest = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      signed: isSigned(request, bytes),
      body,
      raw: Buffer.from(body.Content?.Raw?.Data ?? '', 'base64'),
    };
    this.requests.push(seen);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    if (request.url === '/v2/email/account' && this.account) json(response, 200, this.account);
    else this.answer(response, seen);
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** An error as the API words it. */
export function sesError(status: number, type: string, message: string, headers: object = {}): SesAnswer {
  return (response) => json(response, status, { message }, { 'x-amzn-errortype': type, ...headers });
}

/** Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function isSigned({ method, url, headers }: IncomingMessage, body: Buffer): boolean {
  const authorization = headers.authorization ?? '';
  const [, scope, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(authorization) ?? [];
  if (!scope || !names || !names.split(';').includes('host')) return false;
  const hash = createHash('sha256').update(body).digest('hex');
  const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const [path, query = ''] = url!.split('?');
  const sorted = query.split('&').toSorted().join('&');
  const canonical = [method, path, sorted, signed.join(''), names, hash].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  const key = scope.split('/').reduce((last: string | Buffer, part) => hmac(last, part), `AWS4${SECRET}`);
  return hmac(key, text).toString('hex') === signature;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
