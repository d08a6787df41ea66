import { type MailFacts, outcomeEvent } from '../delivery/outcome-events.js';
import type { OutcomeReporter, WaitingRecipient } from '../delivery/outcome-reporter.interface.js';
import type { MailAbout, RecipientOutcome, RecipientState } from '../delivery/outcome-store.interface.js';
import type { CountedType } from '../events/count-store.interface.js';
import type { DailyCounts } from '../events/daily-counts.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { MailEventType } from '../events/mail-event.interface.js';
import type { HistoryWriter } from '../history/history-writer.js';
import type { SenderNotices } from '../notification/sender-notices.js';
import type { SuppressionKeeper } from '../suppression/suppression-keeper.js';

export interface OutcomeReportsParts {
  publisher: EventPublisher;
  counts: DailyCounts;
  suppression: SuppressionKeeper;
  notices: SenderNotices;
  history?: HistoryWriter;
}

/** What the relay itself does, as events: counted, acted upon, told. */
export class OutcomeReports implements OutcomeReporter {
  readonly #parts: OutcomeReportsParts;

  constructor(parts: OutcomeReportsParts) {
    this.#parts = parts;
  }

  async report(
    facts: MailFacts & { about: MailAbout },
    outcomes: readonly RecipientOutcome[],
    transport?: string,
    took?: number,
  ): Promise<void> {
    const { publisher, suppression, notices } = this.#parts;
    const acted = outcomes.filter(({ state }) => state === 'bounced' || state === 'deferred');
    if (acted.length > 0) await suppression.apply(acted.flatMap((one) => outcomeEvent(facts, one, transport) ?? []));
    if (await publisher.wants(outcomes.map(({ state }) => state as MailEventType)))
      await publisher.publish(outcomes.flatMap((one) => outcomeEvent(facts, one, transport) ?? []));
    if (facts.about.notify)
      await notices.apply(
        facts,
        outcomes.flatMap((one) => outcomeEvent(facts, one, transport) ?? []),
      );
    this.#count(facts.about, outcomes, transport, took);
    this.#parts.history?.noted(
      facts,
      outcomes.map(({ state }) => state),
      transport,
    );
  }

  async waits(
    facts: MailFacts & { about: MailAbout },
    waiting: readonly WaitingRecipient[],
    since: number,
    deadline: number,
  ): Promise<void> {
    if (facts.about.notify) await this.#parts.notices.late(facts, waiting, since, deadline);
  }

  #count(
    { stream, tags = [] }: MailAbout,
    outcomes: readonly RecipientOutcome[],
    transport: string | undefined,
    took: number | undefined,
  ): void {
    const { counts } = this.#parts;
    for (const { state, at } of outcomes) {
      const type = COUNTED[state];
      const counted = { provider: transport ?? 'relay', stream, tags };
      if (type) counts.count(type, counted, at);
      if (type === 'sent' && took !== undefined) counts.took(took, counted, at);
    }
  }
}

const COUNTED: Readonly<Partial<Record<RecipientState, CountedType>>> = {
  sent: 'sent',
  deferred: 'deferred',
  bounced: 'bounced',
};
