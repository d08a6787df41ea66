import type { IncomingMessage } from 'node:http';
import { MailError } from '../../errors/mail.error.js';
import type { MailService } from '../../mail.service.js';
import { ENDED, type MailStatus, type SendResult } from '../../mail-status.js';
import { type ApiItem, statusJson } from './api-json.js';
import type { ApiRate } from './api-rate.js';
import { ApiRejectedError } from './api-rejected.error.js';
import { idempotencyKeyOf, jsonBodyOf, type JsonBodyLimits, waitOf } from './api-request.js';
import type { MessageIntake, Submitted } from './message-intake.js';
import { problemOf } from './problem-details.js';
import type { CheckedClient } from './read-api-client.js';

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MessageActionsParts {
  mail: MailService;
  intake: MessageIntake;
  rate: ApiRate;
  limits: JsonBodyLimits & {
    /** Begins with a slash, ends without. */
    readonly path: string;
    readonly maxMessages: number;
    /** Milliseconds. */
    readonly maxWait: number;
  };
  /** Ends all waiting. */
  closing: AbortSignal;
}

/** What the API does with messages, once the client is known. */
export class MessageActions {
  readonly #parts: MessageActionsParts;

  constructor(parts: MessageActionsParts) {
    this.#parts = parts;
  }

  /** One message or an array. */
  async submit(request: IncomingMessage, client: CheckedClient): Promise<ApiAnswer> {
    const { intake, rate, limits } = this.#parts;
    const wait = waitOf(request, limits.maxWait);
    const idempotencyKey = idempotencyKeyOf(request);
    const json = await jsonBodyOf(request, limits);
    if (Array.isArray(json)) {
      this.#checkCount(json.length, wait);
      await rate.take(client, json.length);
      const submitted = await intake.many(json, { client, idempotencyKey });
      return { status: 207, body: await Promise.all(submitted.map((one) => this.#item(one, wait))) };
    }
    await rate.take(client, 1);
    const sent = await intake.one(json, { client, idempotencyKey });
    const headers = { Location: `${limits.path}/messages/${sent.id}` };
    return { ...(await this.#sent(sent, wait)), headers };
  }

  async status(request: IncomingMessage, client: CheckedClient, id: string): Promise<ApiAnswer> {
    const wait = waitOf(request, this.#parts.limits.maxWait);
    const status = await this.#known(client, id);
    if (wait === undefined || hasEnded(status)) return { status: 200, body: statusJson(status) };
    return { status: 200, body: statusJson(await this.#waited(status, wait)) };
  }

  async cancel(request: IncomingMessage, client: CheckedClient, id: string): Promise<ApiAnswer> {
    waitOf(request, 0);
    const { mail } = this.#parts;
    const known = await this.#known(client, id);
    const isHeldBack = await mail.cancel(known.id);
    const status = (await mail.status(known.id)) ?? known;
    // Asked twice, it is answered as the first time.
    if (!isHeldBack && !status.recipients.some(({ state }) => state === 'cancelled'))
      throw new ApiRejectedError(409, 'too-late', 'It is too late: nobody’s copy could be held back');
    return { status: 200, body: statusJson(status) };
  }

  #checkCount(count: number, wait: number | undefined): void {
    const { maxMessages } = this.#parts.limits;
    if (count === 0) throw new ApiRejectedError(422, 'invalid-message', 'The array holds no message');
    if (count > maxMessages)
      throw new ApiRejectedError(413, 'too-large', `The array holds more than ${maxMessages} messages`);
    if (wait !== undefined && count > MOST_WAITED_FOR)
      throw new ApiRejectedError(400, 'invalid-query', `wait is for ${MOST_WAITED_FOR} messages at most`, {
        field: 'wait',
      });
  }

  async #item(submitted: Submitted, wait: number | undefined): Promise<ApiItem> {
    try {
      if ('error' in submitted) throw submitted.error;
      const { status, body } = await this.#sent(submitted.result, wait);
      return { status, result: body as object };
    } catch (error) {
      const { details } = problemOf(error);
      return { status: details.status, error: details };
    }
  }

  /** 202: it is queued, and what becomes of it is still open. */
  async #sent(result: SendResult, wait: number | undefined): Promise<ApiAnswer> {
    if (wait === undefined) return { status: 202, body: result };
    const status = await this.#waited(result, wait);
    return { status: hasEnded(status) ? 200 : 202, body: { ...statusJson(status), duplicate: result.duplicate } };
  }

  async #waited(known: SendResult, timeout: number): Promise<MailStatus> {
    const { mail, closing } = this.#parts;
    const { promise: closed, stop } = aborted(closing);
    try {
      await Promise.race([mail.wait(known.id, { timeout }), closed]);
    } catch (error) {
      if (!(error instanceof MailError && ['ETIMEOUT', 'ENOTFOUND'].includes(error.code ?? ''))) throw error;
    } finally {
      stop();
    }
    return (await mail.status(known.id)) ?? { attempts: [], events: [], ...known };
  }

  /** @throws ApiRejectedError 404, also for a mail of another tenant's */
  async #known({ tenant }: CheckedClient, id: string): Promise<MailStatus> {
    const status = await this.#parts.mail.status(id);
    if (status && (tenant === undefined || status.tenant === tenant)) return status;
    throw new ApiRejectedError(404, 'not-found', 'Nothing is known of such a message');
  }
}

/** Each asks for its state a few times a second. */
const MOST_WAITED_FOR = 100;

function hasEnded({ recipients }: SendResult): boolean {
  return recipients.every(({ state }) => ENDED.has(state));
}

function aborted(signal: AbortSignal): { promise: Promise<void>; stop: () => void } {
  let stop = () => {};
  const promise = new Promise<void>((resolve) => {
    const done = () => resolve();
    if (signal.aborted) done();
    signal.addEventListener('abort', done, { once: true });
    stop = () => signal.removeEventListener('abort', done);
  });
  return { promise, stop };
}
