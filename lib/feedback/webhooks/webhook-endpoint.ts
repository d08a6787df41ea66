import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import { readBody } from '../../http/read-body.js';
import { LogPace } from '../../log-pace.js';
import type { FeedbackIntake } from '../feedback-intake.js';
import type { WebhookParser } from './webhook-parser.interface.js';

/** How long a provider may take to send a body, in milliseconds. */
const BODY_TIME = 15_000;

/** Answers `POST <path>/<provider>`: reads the body as it came, lets the provider's parser verify it, and queues what it says. */
export class WebhookEndpoint {
  readonly #logger = new Logger('MailRelay');
  readonly #maxBody: number;
  readonly #parsers: ReadonlyMap<string, WebhookParser>;
  readonly #intake: FeedbackIntake;
  readonly #pace = new LogPace(1_000);

  /** @param maxBody bytes */
  constructor(parsers: ReadonlyMap<string, WebhookParser>, intake: FeedbackIntake, maxBody: number) {
    this.#parsers = parsers;
    this.#intake = intake;
    this.#maxBody = maxBody;
  }

  /** @param provider the part of the path behind the endpoint's own */
  async handle(request: IncomingMessage, response: ServerResponse, provider: string): Promise<void> {
    const status = await this.#answer(request, provider).catch((error: unknown) => this.#failed(error, provider));
    if (response.headersSent || response.destroyed) return;
    response.statusCode = status;
    if (status === 405) response.setHeader('Allow', 'POST');
    if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="webhooks", charset="UTF-8"');
    if (status === 503) response.setHeader('Retry-After', '30');
    // What was not read is not waited for.
    if (!request.complete) response.setHeader('Connection', 'close');
    response.end();
  }

  async #answer(request: IncomingMessage, provider: string): Promise<number> {
    const parser = this.#parsers.get(provider);
    if (!parser) throw new WebhookRejectedError(404, 'no such provider is configured');
    if (request.method !== 'POST') throw new WebhookRejectedError(405, `it is a ${request.method}`);
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new WebhookRejectedError(415, 'its body is compressed');
    const body = await readBody(request, {
      most: this.#maxBody,
      time: BODY_TIME,
      reject: (status, why) => new WebhookRejectedError(status, why),
    });
    const events = await parser.parse({ headers: headersOf(request), body, url: request.url ?? '' });
    if (events.length > 0) await this.#intake.accept(events);
    return 200;
  }

  #failed(error: unknown, provider: string): number {
    if (error instanceof WebhookRejectedError) {
      this.#warn(
        `${provider} ${error.status}`,
        `Refused a webhook for ${JSON.stringify(provider.slice(0, 40))} with ${error.status}: ${error.message}`,
      );
      return error.status;
    }
    const unavailable = error instanceof QueueUnavailableError;
    const why = error instanceof Error ? error.message : String(error);
    this.#warn(`${provider} failed`, `A webhook of ${provider} could not be taken: ${why}`);
    return unavailable ? 503 : 500;
  }

  #warn(kind: string, words: string): void {
    if (this.#pace.isDue(kind)) this.#logger.warn(words);
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
