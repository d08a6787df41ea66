import { createHash } from 'node:crypto';
import type { Task, TaskEnd, TaskInHand, TaskQueue } from '../task-queue.interface.js';
import { reviveEvent } from './event-codec.js';
import type { EventHandlers } from './event-handlers.js';
import type { EventSubscriptions } from './event-subscriptions.js';
import type { MailEvent, MailEventType } from './mail-event.interface.js';
import type { MailEvents } from './mail-events.js';

export interface EventPublisherParts {
  tasks: TaskQueue;
  events: MailEvents;
  subscriptions: EventSubscriptions;
  handlers: EventHandlers;
}

/** The kind of task that calls a handler. */
export const HANDLER_TASK = 'handler';

/** Brings an event to all that want it: handlers over the queue, the stream and the channel of this process at once. */
export class EventPublisher {
  readonly #parts: EventPublisherParts;

  constructor(parts: EventPublisherParts) {
    this.#parts = parts;
  }

  /** Whether an event of one of these types is worth being made. */
  async wants(types: readonly MailEventType[]): Promise<boolean> {
    if (this.#parts.events.heard) return true;
    for (const type of types) if ((await this.#parts.subscriptions.of(type)).length > 0) return true;
    return false;
  }

  /**
   * An event told twice is handled once, as long as the queue remembers.
   *
   * @throws QueueUnavailableError when its handlers could not be queued; then nobody was told
   */
  async publish(events: readonly MailEvent[]): Promise<void> {
    const tasks: Task[] = [];
    for (const event of events)
      for (const handler of await this.#parts.subscriptions.of(event.type)) tasks.push(taskOf(handler, event));
    if (tasks.length > 0) await this.#parts.tasks.add(tasks);
    for (const event of events) this.#parts.events.tell(event);
  }

  /** Calls a handler of this process. One that no process has had for a day is forgotten. */
  async handle({ data, addedAt }: TaskInHand, now: number): Promise<TaskEnd> {
    const { handler, event } = data as HandlerTask;
    if (!this.#parts.handlers.has(handler))
      return now - addedAt < FORGOTTEN ? { type: 'later', wait: ELSEWHERE * (0.5 + Math.random()) } : { type: 'done' };
    await this.#parts.handlers.call(handler, reviveEvent(event));
    return { type: 'done' };
  }
}

interface HandlerTask {
  handler: string;
  event: unknown;
  /** For the log. */
  of: string;
}

function taskOf(handler: string, event: MailEvent): Task {
  const id = createHash('sha256').update(`${handler}\n${event.id}`).digest('hex').slice(0, 40);
  const data: HandlerTask = { handler, event, of: `${handler} for ${event.type} event ${event.id}` };
  return { id, kind: HANDLER_TASK, data };
}

/** A rolling deployment: another process may have it. Milliseconds. */
const ELSEWHERE = 10_000;
const FORGOTTEN = 24 * 3_600_000;
