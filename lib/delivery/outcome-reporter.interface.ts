import type { MailFacts } from './outcome-events.js';
import type { MailAbout, RecipientOutcome } from './outcome-store.interface.js';

/** Who waits, and the last that is known of why. */
export type WaitingRecipient = Pick<RecipientOutcome, 'address' | 'error'>;

/** Whom a delivery tells what came of a mail. */
export interface OutcomeReporter {
  /**
   * After it is saved. After a crash the same may be told twice.
   *
   * @param took milliseconds from when the mail was to go to the provider's answer, where it has given one just now
   * @throws QueueUnavailableError when it could not be passed on; then it is told again
   */
  report(
    facts: MailFacts & { about: MailAbout },
    outcomes: readonly RecipientOutcome[],
    transport?: string,
    took?: number,
  ): Promise<void>;

  /**
   * A mail that somebody still waits for.
   *
   * @param since from when its age counts @param deadline when it is given up; milliseconds since the epoch
   * @throws QueueUnavailableError as `report()`
   */
  waits(
    facts: MailFacts & { about: MailAbout },
    waiting: readonly WaitingRecipient[],
    since: number,
    deadline: number,
  ): Promise<void>;
}
