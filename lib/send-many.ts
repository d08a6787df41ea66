import { setImmediate } from 'node:timers/promises';
import { MailError } from './errors/mail.error.js';
import { MailMessageError } from './errors/mail-message.error.js';
import { toMailError } from './delivery/attempt.js';
import type { MailStream, Priority } from './mail/mail-message.interface.js';
import type { SendResult } from './mail-status.js';
import type { AdmittedMail } from './mail-admission.js';
import type { NewMail } from './queue/mail-queue.interface.js';

export interface SendManyOptions {
  /** Mails in one round trip to the queue. Default 500. */
  chunk?: number;
  /** Ends the run before the next chunk. */
  signal?: AbortSignal;
  /** Of the mails that name none. Default `transactional`. */
  stream?: MailStream;
  /** Of the mails that name none. Default `low`. */
  priority?: Priority;
}

export interface SendSummary {
  queued: number;
  duplicates: number;
  suppressed: number;
  rejected: number;
}

/** `index` is the row's place, from 0. */
export type SendManyItem = (SendResult & { index: number }) | { index: number; error: MailError };

/** Await it for the summary, or iterate it for a result per mail; once. */
export interface SendRun extends PromiseLike<SendSummary>, AsyncIterable<SendManyItem> {}

/** What a run does with its rows. */
export interface SendManySteps {
  prepare(row: unknown): Promise<NewMail>;
  add(mails: readonly NewMail[]): Promise<AdmittedMail[]>;
  result(mail: NewMail, added: AdmittedMail): Promise<SendResult>;
}

/** A run that begins when it is awaited or iterated. */
export function runSendMany(rows: unknown, options: SendManyOptions, steps: SendManySteps): SendRun {
  const { chunk = 500, signal } = options;
  if (!Number.isInteger(chunk) || chunk < 1) throw new MailMessageError('chunk', 'is a whole number of 1 or more');
  if (!isIterable(rows)) throw new MailMessageError('mails', 'is an array, an iterable or an async iterable of mails');
  let summary: Promise<SendSummary> | undefined;
  let started = false;
  const start = (ahead: boolean) => {
    if (started)
      throw new MailError('A run of sendMany() can be awaited or iterated once', { permanent: true, scope: 'message' });
    started = true;
    return items(rows, { chunk, ahead, signal }, steps);
  };
  return {
    [Symbol.asyncIterator]: () => start(false),
    // oxlint-disable-next-line unicorn/no-thenable -- to be awaited is what a SendRun is for
    then: (resolve, reject) => (summary ??= summarise(() => start(true))).then(resolve, reject),
  };
}

interface Pace {
  readonly chunk: number;
  /** The next chunk is made while one is on its way to the queue; who iterates gets results before more rows are read. */
  readonly ahead: boolean;
  readonly signal?: AbortSignal | undefined;
}

async function* items(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  { chunk, ahead, signal }: Pace,
  steps: SendManySteps,
): AsyncGenerator<SendManyItem> {
  let index = 0;
  let prepared: Prepared[] = [];
  let queueing: Queueing | undefined;
  try {
    for await (const row of rows) {
      signal?.throwIfAborted();
      prepared.push(await steps.prepare(row).catch(toMailError));
      // Whatever else the process does has its turn, the chunk before this one among it.
      if (prepared.length % ROWS_A_TURN === 0) await setImmediate();
      if (prepared.length < chunk) continue;
      if (queueing) yield* results(queueing, steps);
      const next = queueChunk(prepared, index, steps);
      if (ahead) queueing = next;
      else yield* results(next, steps);
      index += prepared.length;
      prepared = [];
    }
  } finally {
    // Those are queued, whatever ended the rows.
    if (queueing) yield* results(queueing, steps);
  }
  signal?.throwIfAborted();
  yield* results(queueChunk(prepared, index, steps), steps);
}

type Prepared = NewMail | MailError;

/** A chunk on its way. */
interface Queueing {
  readonly prepared: readonly Prepared[];
  /** The place of its first row. */
  readonly start: number;
  readonly added: Promise<readonly AdmittedMail[]>;
}

function queueChunk(prepared: readonly Prepared[], start: number, steps: SendManySteps): Queueing {
  const mails = prepared.filter((one): one is NewMail => !(one instanceof MailError));
  const added = mails.length === 0 ? Promise.resolve([]) : steps.add(mails);
  // Whoever takes the results is told; until then nobody listens.
  added.catch(() => {});
  return { prepared, start, added };
}

async function* results({ prepared, start, added }: Queueing, steps: SendManySteps): AsyncGenerator<SendManyItem> {
  const admitted = await added;
  let next = 0;
  for (const [offset, one] of prepared.entries()) {
    const index = start + offset;
    yield one instanceof MailError ? { index, error: one } : { index, ...(await steps.result(one, admitted[next++]!)) };
  }
}

const ROWS_A_TURN = 50;

async function summarise(start: () => AsyncGenerator<SendManyItem>): Promise<SendSummary> {
  const summary: SendSummary = { queued: 0, duplicates: 0, suppressed: 0, rejected: 0 };
  for await (const item of start()) {
    if ('error' in item) summary.rejected++;
    else if (item.duplicate) summary.duplicates++;
    else if (item.recipients.every(({ state }) => state === 'suppressed')) summary.suppressed++;
    else summary.queued++;
  }
  return summary;
}

function isIterable(rows: unknown): rows is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof rows === 'object' && rows !== null && (Symbol.iterator in rows || Symbol.asyncIterator in rows);
}
