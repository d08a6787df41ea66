import { STATUS_CODES } from 'node:http';
import { HttpException, Logger } from '@nestjs/common';
import { MailError } from '../../errors/mail.error.js';
import { MailMessageError } from '../../errors/mail-message.error.js';
import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { ConsoleRejectedError } from './console-rejected.error.js';

/** RFC 9457; its type is the status itself (section 4.2.1). */
export interface ConsoleProblem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly field?: string;
}

/** What is told of an error; of one that nobody foresaw, that it is in the log. */
export function problemOf(error: unknown): ConsoleProblem {
  if (error instanceof ConsoleRejectedError) return problem(error.status, error.message, error.field);
  // The guard's.
  if (error instanceof HttpException) return problem(error.getStatus(), error.message);
  if (error instanceof MailMessageError) return problem(422, error.message, error.field);
  if (error instanceof RelayConfigurationError) return problem(422, error.message);
  if (error instanceof QueueUnavailableError) return problem(503, 'The queue cannot be reached just now');
  if (error instanceof MailError) return problem(error.reason === 'encryption' ? 409 : 422, error.message);
  new Logger('MailRelay').error('The console', error instanceof Error ? error.stack : String(error));
  return problem(500, "The request could not be handled; the application's log says why");
}

function problem(status: number, detail: string, field?: string): ConsoleProblem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    ...(field !== undefined && { field }),
  };
}
