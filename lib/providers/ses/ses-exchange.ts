import { isIPv6 } from 'node:net';
import type { HttpAnswer } from '../../transport/http/http-answer.js';
import { givenUp } from '../../transport/http/http-failures.js';

/** A request of the SDK, signed. */
export interface SignedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What the SDK would do with a request. */
export type Forward = () => Promise<{ response: unknown }>;

/** Sends a request. @throws HttpError */
export type SendSigned = (request: SignedRequest, host: string, forward: Forward) => Promise<HttpAnswer>;

/**
 * One call of the API. The SDK finds credentials and signs; sending the request and understanding the answer are ours, since the SDK does
 * not say whether a request had left when it fails, reads answers of any size, and tries again by itself.
 */
export class SesExchange {
  /** Set once there is one. */
  answer?: HttpAnswer;
  /** Why there is no answer, once the request was to be sent. */
  failure?: unknown;
  readonly #send: SendSigned;
  readonly #signal: AbortSignal | undefined;
  #secrets: readonly string[] = [];

  constructor(send: SendSigned, signal: AbortSignal | undefined) {
    this.#send = send;
    this.#signal = signal;
  }

  /** To be the innermost middleware of a command. */
  readonly middleware =
    (next: (args: never) => Promise<{ response: unknown }>) => async (args: { request: unknown }) => {
      // Whatever the client's own idea of retries is: a second request could be a second mail.
      if (this.answer ?? this.failure) throw new Error('Once only');
      await this.#perform(args.request as SignedRequest, () => next(args as never));
      if (!this.answer) throw new Error('No answer');
      const { status, headers, text, json } = this.answer;
      const response = { statusCode: status, headers, body: Buffer.from(text) };
      if (status < 300 && typeof json === 'object') return { response, output: undefined as never };
      // By its date the SDK sets its clock right; in others it would see a reason to try again.
      throw Object.assign(new Error('Refused'), (status === 400 || status === 403) && { $response: response });
    };

  /** A server's words without what was secret in the request: SES repeats the headers when a signature does not match. */
  redact(words: string): string {
    return this.#secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), words);
  }

  async #perform(request: SignedRequest, forward: Forward): Promise<void> {
    const host = hostOf(request);
    this.#secrets = secretsOf(request.headers);
    try {
      if (this.#signal?.aborted) throw givenUp(host, this.#signal.reason);
      this.answer = await this.#send(request, host, forward);
    } catch (error) {
      this.failure = error;
    }
  }
}

/** Host and port. */
function hostOf({ protocol, hostname, port }: SignedRequest): string {
  const host = isIPv6(hostname) ? `[${hostname}]` : hostname;
  return new URL(`${protocol}//${host}${port === undefined ? '' : `:${port}`}`).host;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html */
function secretsOf(headers: SignedRequest['headers']): string[] {
  const authorization = headers['authorization'];
  const [, key, signature] = /Credential=([^/]+)\/.*Signature=(\w+)/s.exec(authorization ?? '') ?? [];
  return [authorization, headers['x-amz-security-token'], signature, key].filter((secret) => secret !== undefined);
}
