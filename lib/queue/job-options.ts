import type { JobsOptions } from 'bullmq';
import type { MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { Priority } from '../mail/mail-message.interface.js';
import type { AddedMail, NewMail } from './mail-queue.interface.js';

/** How long a dead letter is kept for `retry`, in seconds: 30 days. */
const KEEP_FAILED = 30 * 24 * 60 * 60;

/** BullMQ runs jobs without a priority first, then those with a low number. */
const PRIORITY: Readonly<Record<Priority, number | undefined>> = { high: undefined, normal: 10, low: 20 };

/** A mail as a BullMQ job: one mail, one job, under the mail's own id. */
export function jobOf({ snapshot, delay, deduplication }: NewMail): {
  name: string;
  data: MailSnapshot;
  opts: JobsOptions;
} {
  const opts: JobsOptions = {
    jobId: snapshot.id,
    // The relay counts age, attempts and stalls itself.
    attempts: 1,
    removeOnComplete: true,
    removeOnFail: { age: KEEP_FAILED },
    stackTraceLimit: 0,
  };
  if (delay > 0) opts.delay = delay;
  const priority = PRIORITY[snapshot.priority];
  if (priority) opts.priority = priority;
  if (deduplication) opts.deduplication = deduplication;
  return { name: snapshot.mail ?? 'inline', data: snapshot, opts };
}

/** BullMQ answers a duplicate with the id of the job that holds the key. */
export function addedOf({ snapshot }: NewMail, jobId: string | undefined): AddedMail {
  return { id: jobId ?? snapshot.id, duplicate: jobId !== undefined && jobId !== snapshot.id };
}
