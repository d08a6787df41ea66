import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { LogPace } from '../../log-pace.js';
import type { ApiKeyAuthenticator, ApiScope } from './api-key-authenticator.js';
import { ApiRejectedError } from './api-rejected.error.js';
import { bearerOf } from './api-request.js';
import type { ApiAnswer, MessageActions } from './message-actions.js';
import { type ProblemDetails, problemOf, RETRY } from './problem-details.js';
import { type CheckedClient, readApiClient } from './read-api-client.js';
import { writeAnswer } from './write-answer.js';

export interface ApiEndpointParts {
  actions: MessageActions;
  authenticator: ApiKeyAuthenticator;
}

interface Action {
  readonly scope: ApiScope;
  readonly run: (
    actions: MessageActions,
    request: IncomingMessage,
    client: CheckedClient,
    id: string,
  ) => Promise<ApiAnswer>;
}

/** By method; HEAD is GET. */
type Resource = Readonly<Record<string, Action>>;

const COLLECTION: Resource = {
  POST: { scope: 'send', run: (actions, request, client) => actions.submit(request, client) },
};
const ITEM: Resource = {
  GET: { scope: 'read', run: (actions, ...request) => actions.status(...request) },
  DELETE: { scope: 'cancel', run: (actions, ...request) => actions.cancel(...request) },
};

/** Answers `<path>/messages` and what is beneath it. */
export class ApiEndpoint {
  readonly #parts: () => Promise<ApiEndpointParts>;
  readonly #logger = new Logger('MailRelay');
  readonly #pace = new LogPace(1_000);
  readonly #description: object;

  /** @param parts asked for with each request: they are there once the application has started */
  constructor(parts: () => Promise<ApiEndpointParts>, description: object) {
    this.#parts = parts;
    this.#description = description;
  }

  /** @param rest what stands behind `/messages/` */
  messages(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    return this.#handle(request, response, () => this.#message(request, rest));
  }

  /** Without a key: it tells nothing but how to ask. @param rest what stands behind `/openapi.json/` */
  description(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    return this.#handle(request, response, async () => {
      if (rest !== '') throw notFound();
      checkMethod(['GET', 'HEAD'], request.method);
      return { status: 200, body: this.#description };
    });
  }

  async #handle(
    request: IncomingMessage,
    response: ServerResponse,
    answering: () => Promise<ApiAnswer>,
  ): Promise<void> {
    let answer: ApiAnswer;
    try {
      answer = await answering();
    } catch (error) {
      const { details, headers, isOurs } = problemOf(error);
      if (isOurs) this.#log(error, details);
      answer = { status: details.status, body: details, headers };
    }
    await writeAnswer(request, response, answer);
  }

  async #message(request: IncomingMessage, rest: string): Promise<ApiAnswer> {
    const id = idOf(rest);
    const resource = id === '' ? COLLECTION : ITEM;
    const action = actionOf(resource, request.method);
    const { actions, authenticator } = await this.#parts();
    const client = await this.#client(request, authenticator);
    if (!client.scopes.has(action.scope))
      // RFC 6750 section 3.1.
      throw new ApiRejectedError(403, 'missing-scope', `This key has not the scope ${action.scope}`, {
        headers: { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope", scope="${action.scope}"` },
      });
    return action.run(actions, request, client, id);
  }

  async #client(request: IncomingMessage, authenticator: ApiKeyAuthenticator): Promise<CheckedClient> {
    const key = bearerOf(request);
    if (key === undefined)
      throw new ApiRejectedError(401, 'missing-key', 'Give an API key: Authorization: Bearer <key>', {
        headers: { 'WWW-Authenticate': CHALLENGE },
      });
    const remoteAddress = request.socket.remoteAddress ?? '';
    const client = await authenticator.authenticate({ key, remoteAddress }).catch((cause: unknown) => {
      if (this.#pace.isDue('authenticator'))
        this.#logger.error(`The ApiKeyAuthenticator threw ${cause instanceof Error ? cause.name : 'what is no error'}`);
      throw new ApiRejectedError(503, 'authenticator', 'Keys cannot be checked now', { headers: RETRY });
    });
    if (client) return readApiClient(client, 'api.authenticator');
    throw new ApiRejectedError(401, 'invalid-key', 'This API key is not known', {
      headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
    });
  }

  #log(error: unknown, { status }: ProblemDetails): void {
    if (!this.#pace.isDue()) return;
    const [why, stack] = error instanceof Error ? [error.message, error.stack] : [String(error)];
    if (status === 503) this.#logger.warn(`A message could not be taken over HTTP: ${why}`);
    else this.#logger.error(`A request to the HTTP API failed: ${why}`, stack);
  }
}

/** RFC 6750 section 3. */
const CHALLENGE = 'Bearer realm="relay"';

/** @throws ApiRejectedError 404 */
function idOf(rest: string): string {
  try {
    if (!rest.includes('/') && rest.length <= LONGEST_ID) return decodeURIComponent(rest);
  } catch {
    // Not percent-encoded.
  }
  throw notFound();
}

function notFound(): ApiRejectedError {
  return new ApiRejectedError(404, 'not-found', 'There is nothing at this path');
}

/** Of a Message-ID, encoded. */
const LONGEST_ID = 3_000;

/** @throws ApiRejectedError 405 */
function actionOf(resource: Resource, method = ''): Action {
  const allowed = Object.keys(resource).flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]));
  checkMethod(allowed, method);
  return resource[method === 'HEAD' ? 'GET' : method]!;
}

/** @throws ApiRejectedError 405 */
function checkMethod(allowed: readonly string[], method = ''): void {
  if (allowed.includes(method)) return;
  throw new ApiRejectedError(405, 'method-not-allowed', `What goes here is ${allowed.join(', ')}`, {
    headers: { Allow: allowed.join(', ') },
  });
}
