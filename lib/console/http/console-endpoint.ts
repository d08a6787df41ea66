import type { IncomingMessage, ServerResponse } from 'node:http';
import { frameworkRequestOf } from '../../http/mount-handler.js';
import type { RelayAccess } from '../relay-access.js';
import { type ConsoleAnswer, writeAnswer } from './console-answer.js';
import type { ConsoleGuard } from './console-guard.js';
import { problemOf } from './console-problem.js';
import { ConsoleRejectedError } from './console-rejected.error.js';
import { type ConsoleRoutes, routeOf } from './console-routes.js';
import { checkOrigin, checkToken } from './same-origin.js';

export interface ConsoleEndpointParts {
  readonly guard: ConsoleGuard;
  readonly routes: ConsoleRoutes;
  /** The files of the page. */
  readonly page: (request: IncomingMessage, rest: string) => Promise<ConsoleAnswer>;
  readonly readonly: boolean;
  /** @throws ConsoleRejectedError for a relay that is not there */
  readonly relay: (name: string | null) => RelayAccess;
}

/** Answers the console's path: the page, and its API beneath `api/`. */
export class ConsoleEndpoint {
  readonly #parts: ConsoleEndpointParts;

  constructor(parts: ConsoleEndpointParts) {
    this.#parts = parts;
  }

  /** Never throws. @param rest of the path */
  async handle(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    try {
      const answer = await this.#answer(request, response, rest);
      if (answer) await writeAnswer(request, response, answer);
    } catch (error) {
      const problem = problemOf(error);
      const { status } = problem;
      await writeAnswer(request, response, { status, json: problem }).catch(() => response.destroy());
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, rest: string): Promise<ConsoleAnswer | undefined> {
    const framework = frameworkRequestOf(request) ?? { request, response };
    await this.#parts.guard.check(request, framework);
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const isApi = rest === 'api' || rest.startsWith('api/');
    if (!isApi) {
      if (method !== 'GET') throw new ConsoleRejectedError(405, 'The page is only for reading');
      return this.#parts.page(request, rest);
    }
    checkOrigin(request);
    if (method !== 'GET') this.#checkChange(request);
    const found = routeOf(this.#parts.routes, method, rest.slice('api/'.length));
    if (found === undefined) throw new ConsoleRejectedError(404, 'There is nothing of that name');
    if (found === 'method') throw new ConsoleRejectedError(405, `It takes no ${method}`);
    const query = queryOf(request);
    const { handler, parts } = found;
    const relay = this.#parts.relay(query.get('relay'));
    return handler(relay, { raw: request, parts, query, framework }, response);
  }

  #checkChange(request: IncomingMessage): void {
    checkToken(request);
    if (this.#parts.readonly) throw new ConsoleRejectedError(403, 'This console is only for reading (readonly: true)');
  }
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at));
}
