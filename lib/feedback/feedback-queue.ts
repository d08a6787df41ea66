import { createHash } from 'node:crypto';
import { reviveEvent } from '../events/event-codec.js';
import { withMachine } from '../events/machines.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import type { Task, TaskEnd, TaskInHand, TaskQueue } from '../task-queue.interface.js';
import { FeedbackIntake } from './feedback-intake.js';
import type { FeedbackRecorder } from './feedback-recorder.js';

/** The kind of task that records feedback. */
export const FEEDBACK_TASK = 'feedback';

/** Feedback by way of the task queue. */
export class FeedbackQueue extends FeedbackIntake {
  readonly #tasks: TaskQueue;

  constructor(tasks: TaskQueue) {
    super();
    this.#tasks = tasks;
  }

  async accept(events: readonly MailEvent[]): Promise<void> {
    const tasks: Task[] = [];
    for (let start = 0; start < events.length; start += CHUNK) tasks.push(taskOf(events.slice(start, start + CHUNK)));
    await this.#tasks.add(tasks);
  }
}

/** Records a task's events. A provider may tell of a mail before its own answer to it was read: such an event waits for a while. */
export async function recordTask(task: TaskInHand, recorder: FeedbackRecorder, now: number): Promise<TaskEnd> {
  const { events: told, of } = task.data as FeedbackTask;
  const events = told.map(reviveEvent).map(withMachine);
  const left: FeedbackTask = { events: [], of };
  const unknown = await recorder.record(events);
  if (unknown.length === 0) return { type: 'done', left };
  const age = now - task.addedAt;
  if (age < PATIENCE && unknown.some(mayBecomeKnown)) return { type: 'later', wait: Math.max(FIRST_WAIT, age) };
  await recorder.recordForeign(unknown);
  return { type: 'done', left };
}

interface FeedbackTask {
  events: readonly unknown[];
  /** For the log. */
  of: string;
}

function taskOf(events: readonly MailEvent[]): Task {
  const ids = events.map(({ id }) => id);
  const id = createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 40);
  const data: FeedbackTask = { events, of: `${events.length} events of ${events[0]!.provider}` };
  return { id, kind: FEEDBACK_TASK, data };
}

function mayBecomeKnown({ mailId, messageId, providerMessageId }: MailEvent): boolean {
  return mailId !== undefined || messageId !== undefined || providerMessageId !== undefined;
}

/** Events in one task. */
const CHUNK = 200;

/** In milliseconds. Waits double, from a second on; no attempt takes longer than this. */
const FIRST_WAIT = 1_000;
const PATIENCE = 10 * 60_000;
