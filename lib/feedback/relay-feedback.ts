import type { DiscoveryService, ModuleRef } from '@nestjs/core';
import { DailyCounts } from '../events/daily-counts.js';
import { EventHandlers } from '../events/event-handlers.js';
import { EventPublisher, HANDLER_TASK } from '../events/event-publisher.js';
import { EventSubscriptions } from '../events/event-subscriptions.js';
import { MailEvents } from '../events/mail-events.js';
import { MailStatistics } from '../events/mail-statistics.js';
import type { ReturnPath } from '../mail/return-path.js';
import type { UnsubscribeLinks } from '../mail/unsubscribe-links.js';
import type { MailQueue } from '../queue/mail-queue.interface.js';
import type { HistoryWriter } from '../history/history-writer.js';
import type { SenderNotices } from '../notification/sender-notices.js';
import { SuppressionGate } from '../suppression/suppression-gate.js';
import { SuppressionKeeper } from '../suppression/suppression-keeper.js';
import { SuppressionList } from '../suppression/suppression-list.js';
import type { SuppressionSettings } from '../suppression/suppression-options.js';
import { SuppressionPolicy } from '../suppression/suppression-policy.js';
import { MailReputation } from '../reputation/mail-reputation.js';
import type { ReputationRules } from '../reputation/reputation-options.js';
import type { TaskHandler, TaskWorker } from '../task-queue.interface.js';
import { parseBounce } from './bounce/parse-bounce.js';
import { FEEDBACK_TASK, FeedbackQueue, recordTask } from './feedback-queue.js';
import { FeedbackRecorder, type StoredClient } from './feedback-recorder.js';
import { RecordedSubscriptions } from './recorded-subscriptions.js';
import { ReportIngest } from './report-ingest.js';
import { OutcomeReports } from './outcome-reports.js';

export interface RelayFeedbackParts {
  queue: MailQueue;
  suppressions: SuppressionSettings;
  discovery: DiscoveryService;
  modules: ModuleRef;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Where return paths are signed. */
  returnPath?: ReturnPath;
  /** Where mails have links to unsubscribe. */
  links?: UnsubscribeLinks;
  /** Without them, streams are paused by hand only. */
  reputation?: ReputationRules;
  notices: SenderNotices;
  /** Where there is a history. */
  history?: HistoryWriter;
  /** What is stored of whoever opens or clicks. */
  client?: StoredClient;
}

/** All that follows from a mail: events and their handlers, what comes back, the counters. */
export class RelayFeedback {
  readonly events = new MailEvents();
  readonly intake: FeedbackQueue;
  readonly recorder: FeedbackRecorder;
  readonly reports: OutcomeReports;
  readonly publisher: EventPublisher;
  readonly statistics: MailStatistics;
  readonly mailFeedback: ReportIngest;
  readonly reputation: MailReputation;
  readonly suppressions: SuppressionList;
  readonly subscriptions: RecordedSubscriptions;
  /** For mails about to be queued or sent. */
  readonly gate: SuppressionGate;
  readonly #parts: RelayFeedbackParts;
  readonly #subscriptions: EventSubscriptions;
  readonly #handlers: EventHandlers;
  readonly #counts: DailyCounts;
  #worker?: TaskWorker;

  constructor(parts: RelayFeedbackParts) {
    this.#parts = parts;
    const { queue, discovery, modules, now, returnPath, links, reputation: rules, notices, history } = parts;
    const suppression = new SuppressionKeeper(queue.suppressions, new SuppressionPolicy(parts.suppressions));
    this.suppressions = new SuppressionList(queue.suppressions, now);
    this.gate = new SuppressionGate(this.suppressions);
    this.statistics = new MailStatistics(queue.counts, now);
    this.#subscriptions = new EventSubscriptions(queue.shared, now);
    this.#handlers = new EventHandlers(discovery, modules);
    this.reputation = new MailReputation({ counts: queue.counts, shared: queue.shared, now, ...(rules && { rules }) });
    this.#counts = new DailyCounts(queue.counts, () => this.reputation.counted());
    const { events } = this;
    const publisher = new EventPublisher({
      tasks: queue.tasks,
      events,
      subscriptions: this.#subscriptions,
      handlers: this.#handlers,
    });
    this.publisher = publisher;
    this.intake = new FeedbackQueue(queue.tasks);
    const mails = { store: queue.store, find: (id: string) => queue.find(id) };
    const { timeline } = queue;
    const recording = { publisher, counts: this.#counts, suppression, notices, ...(history && { history }) };
    this.recorder = new FeedbackRecorder({
      mails,
      timeline,
      ...recording,
      ...(parts.client && { client: parts.client }),
    });
    const { recorder } = this;
    const { suppressions } = this;
    this.subscriptions = new RecordedSubscriptions({ suppressions, keeper: suppression, recorder, now });
    this.mailFeedback = new ReportIngest({
      mails,
      recorder,
      parse: parseBounce,
      now,
      ...(returnPath && { returnPath }),
      ...(links && { unsubscribe: { links, subscriptions: this.subscriptions } }),
    });
    this.reports = new OutcomeReports(recording);
  }

  /** @throws RelayConfigurationError for handlers that cannot be told apart */
  discover(): void {
    this.#subscriptions.own(this.#handlers.discover());
  }

  /** @param others who does further kinds of tasks */
  start(others: Readonly<Record<string, TaskHandler>> = {}): void {
    const { queue, now } = this.#parts;
    const handlers: Readonly<Record<string, TaskHandler>> = {
      [HANDLER_TASK]: (task) => this.publisher.handle(task, now()),
      [FEEDBACK_TASK]: (task) => recordTask(task, this.recorder, now()),
      ...others,
    };
    void this.#subscriptions.announce();
    this.#worker = queue.tasks.work(
      async (task) => (await handlers[task.kind]?.(task)) ?? { type: 'later', wait: ELSEWHERE },
      { concurrency: CONCURRENCY },
    );
  }

  /** @param deadline milliseconds */
  async drain(deadline: number): Promise<void> {
    await this.#worker?.close(deadline);
  }

  async close(): Promise<void> {
    this.reputation.close();
    await this.#counts.flush();
    await this.#parts.history?.flush();
  }
}

/** Tasks at once; most of them wait for a database, or for what a handler calls. */
const CONCURRENCY = 10;

/** A rolling deployment: a newer process may know what to do. Milliseconds. */
const ELSEWHERE = 10_000;
