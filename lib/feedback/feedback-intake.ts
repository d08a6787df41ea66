import type { MailEvent } from '../events/mail-event.interface.js';

/**
 * Where what came from outside is handed in: durably queued first, then matched to its mail, recorded and acted upon by a worker.
 * An event is known by its `id`: the same one twice is as once.
 */
export abstract class FeedbackIntake {
  /**
   * Resolves once all are durably queued.
   *
   * @throws QueueUnavailableError when the backend cannot be reached: whoever brought them should bring them again
   */
  abstract accept(events: readonly MailEvent[]): Promise<void>;
}
