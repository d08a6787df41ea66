import { type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { DiscoveryService, ModuleRef } from '@nestjs/core';
import { storedAttachments } from './compose/create-message.js';
import { MailComposer } from './compose/mail-composer.js';
import { MailRenderer } from './compose/mail-renderer.js';
import { AttemptLog } from './delivery/attempt-log.js';
import type { MailInterceptor } from './delivery/attempt.js';
import { Delivery } from './delivery/delivery.js';
import { DirectDelivery } from './delivery/direct-delivery.js';
import { Dispatcher } from './delivery/dispatcher.js';
import type { JobOutcome, MailJob } from './delivery/mail-job.interface.js';
import { MailWords } from './delivery/mail-words.js';
import { StreamSlots } from './delivery/stream-slots.js';
import type { TransportSet } from './delivery/transport-set.js';
import { RelayFeedback } from './feedback/relay-feedback.js';
import { MailError } from './errors/mail.error.js';
import { HistoryWriter } from './history/history-writer.js';
import { MailContents } from './history/mail-contents.js';
import { instanceOf } from './instance-of.js';
import type { MailMessage } from './mail/mail-message.interface.js';
import type { MailBody } from './mail/mail-snapshot.interface.js';
import { decodeValue } from './mail/snapshot-value.js';
import { MailService } from './mail.service.js';
import type { MailRegistry } from './mail-registry.js';
import { SenderNotices } from './notification/sender-notices.js';
import { refuseForeignProcessors } from './refuse-foreign-processors.js';
import type { FoundMail, MailQueue, MailWorker } from './queue/mail-queue.interface.js';
import { within } from './queue/within.js';
import type { RelayConfiguration } from './relay-configuration.js';
import type { HostedWorker } from './relay-worker.host.js';
import type { OpenedTemplates } from './template/open-templates.js';
import { TRACKING_TASK } from './tracking/tracked-hit.js';
import { Tracking } from './tracking/tracking.js';
import type { RecipientResult, SendContext, TransportResult } from './transport/mail-transport.js';
import type { TransportRoot } from './transport/root.transport.js';

export interface RelayRuntimeParts {
  name: string;
  configuration: RelayConfiguration;
  /** Milliseconds since the epoch. */
  clock: () => number;
  queue: MailQueue;
  queueName: string;
  templates: OpenedTemplates;
  transports: TransportSet;
  mails: MailRegistry;
  modules: ModuleRef;
  discovery: DiscoveryService;
}

/** How long each part may take to close, in milliseconds. */
const CLOSE = 5_000;

/** One relay, put together: its service, its worker, and their life with the application's. */
export class RelayRuntime implements OnModuleInit, OnApplicationShutdown, HostedWorker, TransportRoot {
  readonly service: MailService;
  readonly feedback: RelayFeedback;
  readonly tracking: Tracking;
  /** Where there is a history. */
  readonly history?: HistoryWriter;
  readonly contents: MailContents;
  readonly #parts: RelayRuntimeParts;
  readonly #words: MailWords;
  readonly #dispatcher: Dispatcher;
  readonly #direct: DirectDelivery;
  #interceptors: readonly MailInterceptor[] = [];
  #worker?: MailWorker;

  constructor(parts: RelayRuntimeParts) {
    this.#parts = parts;
    const { configuration, queue, clock, templates, transports, mails, name, discovery, modules } = parts;
    const renderer = new MailRenderer(templates);
    this.#words = new MailWords(renderer, mails);
    const { redirect } = configuration;
    this.#dispatcher = new Dispatcher(transports, () => ({
      interceptors: this.#interceptors,
      ...(redirect && { redirect }),
      now: clock,
    }));
    const { history } = configuration;
    if (history) this.history = new HistoryWriter(queue.history, { words: !configuration.queue.encryption });
    this.contents = new MailContents(queue.blobs, history && history.content);
    const { returnPath, from } = configuration.defaults;
    const domain = returnPath?.domain ?? from?.address.split('@').at(-1);
    this.feedback = new RelayFeedback({
      queue,
      notices: new SenderNotices({
        settings: configuration.notifications,
        ...(domain !== undefined && { domain }),
        find: (id) => queue.find(id),
        send: (raw, options) => this.service.sendRaw(raw, options),
        now: clock,
      }),
      ...(this.history && { history: this.history }),
      discovery,
      modules,
      now: clock,
      suppressions: configuration.suppression,
      ...(configuration.tracking && { client: configuration.tracking }),
      ...(returnPath && { returnPath }),
      ...(configuration.defaults.unsubscribe && { links: configuration.defaults.unsubscribe.links }),
      ...(configuration.reputation && { reputation: configuration.reputation }),
    });
    const { gate, reputation, recorder } = this.feedback;
    const { unsubscribe } = configuration.defaults;
    this.tracking = new Tracking({
      settings: configuration.tracking,
      ...(unsubscribe && { unsubscribe: unsubscribe.links.page }),
      queue,
      recorder,
      now: clock,
    });
    const { tracker } = this.tracking;
    this.#direct = new DirectDelivery({
      router: transports.router,
      dispatcher: this.#dispatcher,
      words: this.#words,
      gate,
      pauses: reputation,
      tracker,
    });
    const sends = configuration.worker !== false || configuration.transports.size > 0;
    this.service = new MailService({
      composer: new MailComposer(configuration.defaults, name, clock),
      renderer,
      queue,
      publisher: this.feedback.publisher,
      reporter: this.feedback.reports,
      gate,
      isListed: this.history !== undefined,
      now: clock,
      ...(sends && {
        transports,
        direct: this.#direct,
      }),
    });
  }

  async onModuleInit(): Promise<void> {
    const { configuration, transports, mails, modules, discovery, queueName, queue, clock } = this.#parts;
    refuseForeignProcessors(discovery, queueName);
    mails.discover();
    this.feedback.discover();
    await transports.open(modules, queue.shared, clock);
    this.#interceptors = await Promise.all(configuration.interceptors.map((type) => instanceOf(type, modules)));
  }

  start(): void {
    const { configuration, queue, transports, clock } = this.#parts;
    if (configuration.worker === false) return;
    const slots = new StreamSlots(configuration.worker.concurrency, configuration.worker.streams);
    const delivery = new Delivery({
      store: queue.store,
      router: transports.router,
      dispatcher: this.#dispatcher,
      words: this.#words,
      log: new AttemptLog(),
      reporter: this.feedback.reports,
      gate: this.feedback.gate,
      pauses: this.feedback.reputation,
      tracker: this.tracking.tracker,
      contents: this.contents,
      isListed: this.history !== undefined,
      onAmbiguous: configuration.onAmbiguous,
      now: clock,
    });
    const handle = async (job: MailJob): Promise<JobOutcome> => {
      const outcome = await slots.run(job.snapshot.stream, () => delivery.handle(job));
      return 'wait' in outcome ? { type: 'later', at: clock() + outcome.wait } : outcome;
    };
    this.#worker = queue.work(handle, { concurrency: slots.total });
    this.feedback.start({ [TRACKING_TASK]: (task) => this.tracking.recorder.record(task, clock()) });
  }

  /**
   * A mail of the queue as it would go out now, for who looks at it.
   *
   * @throws MailError, MailTemplateError, what a Mailable's `render()` throws
   */
  async rendered({ snapshot }: FoundMail): Promise<MailMessage> {
    const { queue } = this.#parts;
    const [whole, record] = await Promise.all([queue.whole(snapshot), queue.store.load(snapshot.id)]);
    const mail = {
      snapshot: whole,
      body: decodeValue(whole.body) as MailBody,
      attachments: storedAttachments(whole.attachments),
    };
    return this.#direct.render(mail, record?.content);
  }

  /** For who injects `MailTransport`. */
  async hand(message: MailMessage, context: SendContext): Promise<TransportResult> {
    const outcomes = await this.#direct.hand(message, context);
    return {
      ...(outcomes[0]?.providerMessageId !== undefined && { providerMessageId: outcomes[0].providerMessageId }),
      recipients: outcomes.map(({ address, state, error }) => ({
        address,
        state: state as RecipientResult['state'],
        ...(error && { error: new MailError(error.message, { ...error, permanent: state === 'bounced' }) }),
      })),
    };
  }

  verify(): Promise<void> {
    return this.#parts.transports.verify();
  }

  async drain(deadline: number): Promise<void> {
    const end = performance.now() + deadline;
    // Mails first: what comes of them is told by tasks.
    await this.#worker?.close(deadline);
    await this.feedback.drain(Math.max(0, end - performance.now()));
  }

  async onApplicationShutdown(): Promise<void> {
    // A server that never answers must not hold the application up.
    await within(CLOSE, this.#parts.transports.close());
    await within(CLOSE, Promise.all([this.tracking.hits.close(), this.contents.flush(), this.feedback.close()]));
    await this.#parts.queue.close();
    this.#parts.templates.close();
  }
}
