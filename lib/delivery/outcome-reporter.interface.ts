import type { MailFacts } from './outcome-events.js';
import type { MailAbout, RecipientOutcome } from './outcome-store.interface.js';

/** Whom a delivery tells what came of a mail. */
export interface OutcomeReporter {
  /**
   * After it is saved. After a crash the same may be told twice.
   *
   * @throws QueueUnavailableError when it could not be passed on; then it is told again
   */
  report(
    facts: MailFacts & { about: MailAbout },
    outcomes: readonly RecipientOutcome[],
    transport?: string,
  ): Promise<void>;
}
