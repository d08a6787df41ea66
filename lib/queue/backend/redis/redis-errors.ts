import { QueueUnavailableError } from '../../../errors/queue-unavailable.error.js';

/**
 * Replies by which Redis refuses a command before it writes anything
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors, and the messages in server.c). Inside a script the word
 * may stand behind the script's name.
 */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['OOM', 'Redis is full (maxmemory)'],
  ['READONLY', 'this Redis is a read-only replica'],
  ['MISCONF', 'Redis cannot save its data to disk'],
  ['LOADING', 'Redis is still loading its data'],
  ['NOREPLICAS', 'Redis has too few replicas to write'],
  ['MASTERDOWN', 'this Redis is a replica that has lost its primary'],
  ['CLUSTERDOWN', 'the Redis Cluster is down'],
  ['BUSY', 'Redis is busy with a script'],
  ['NOAUTH', 'Redis asks for a password'],
  ['WRONGPASS', 'Redis refuses the password'],
  ['NOPERM', 'the Redis user lacks a permission'],
]);

/** Messages of ioredis for a command that it did not write to the socket. */
const UNSENT = [`Stream isn't writeable`, `Cluster isn't ready`];

/** Messages of ioredis for a command whose answer will not come. */
const UNANSWERED =
  /^(Connection is closed|Command timed out|Reached the max retries per request|Command aborted|Cluster is ended|Too many Cluster redirections|Failed to refresh slots|Socket timeout|Socket closed|None of startup nodes)/;

/** What an error of ioredis says of the queue; `undefined` when it is no failure of the backend's. */
export function redisUnavailable(error: unknown): QueueUnavailableError | undefined {
  if (error instanceof QueueUnavailableError) return error;
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const refusal = REFUSALS.get(/(?:^|[\s-])([A-Z]{3,}) /.exec(message)?.[1] ?? '');
  if (refusal) return new QueueUnavailableError(false, `Not queued: ${refusal}`, { cause: error });
  if (UNSENT.some((start) => message.startsWith(start))) return notThere(error);
  if (UNANSWERED.test(message) || 'syscall' in error) {
    return new QueueUnavailableError('unknown', `The queue's Redis did not answer; the mail may have been queued`, {
      cause: error,
    });
  }
  return undefined;
}

/** Nothing was sent to Redis, since there is no connection to it. */
export function notThere(cause?: unknown): QueueUnavailableError {
  return new QueueUnavailableError(false, `Not queued: the queue's Redis cannot be reached`, { cause });
}
