import type { LoggerService } from '@nestjs/common';

export type RelayLogger = Pick<LoggerService, 'log' | 'warn' | 'error'>;

/**
 * Says once that the queue's backend is gone, however many connections notice it and however often, and once that it is back. What the
 * backend itself says (a wrong password, a missing right) is said as well, once each.
 */
export class OutageLog {
  readonly #logger: RelayLogger;
  readonly #backend: string;
  readonly #said = new Set<string>();

  constructor(logger: RelayLogger, backend: string) {
    this.#logger = logger;
    this.#backend = backend;
  }

  down(error: Error): void {
    const kind = isAnswer(error) ? error.message : 'no connection';
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    this.#logger.warn(
      `The queue's ${this.#backend} is not there (${reason(error)}). Trying again until it is; mails already queued wait.`,
    );
  }

  up(): void {
    if (this.#said.size === 0) return;
    this.#said.clear();
    this.#logger.log(`The queue's ${this.#backend} is back.`);
  }
}

/** From Redis, or from Postgres with a SQLSTATE code; not from the network. */
function isAnswer(error: Error): boolean {
  return error.name === 'ReplyError' || /^[0-9][0-9A-Z]{4}$/.test((error as NodeJS.ErrnoException).code ?? '');
}

/** An AggregateError (a name with several addresses) has no message of its own. */
function reason(error: Error): string {
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
