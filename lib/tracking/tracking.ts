import type { FeedbackRecorder } from '../feedback/feedback-recorder.js';
import type { MailQueue } from '../queue/mail-queue.interface.js';
import { HitBuffer } from './hit-buffer.js';
import { HitRecorder } from './hit-recorder.js';
import { MailTracker } from './mail-tracker.js';
import type { TrackingSettings } from './tracking-options.js';

export interface TrackingParts {
  /** None where nothing is tracked. */
  settings: TrackingSettings | undefined;
  /** Where the relay's own links for unsubscribing lead. */
  unsubscribe?: string;
  queue: MailQueue;
  recorder: FeedbackRecorder;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Opens and clicks of a relay's mails: what goes out with them, what comes in, and what becomes of that. */
export class Tracking {
  readonly settings: TrackingSettings | undefined;
  readonly tracker: MailTracker;
  readonly hits: HitBuffer;
  readonly recorder: HitRecorder;
  readonly now: () => number;

  constructor({ settings, unsubscribe, queue, recorder, now }: TrackingParts) {
    this.settings = settings;
    this.now = now;
    this.tracker = new MailTracker(settings, unsubscribe === undefined ? [] : [unsubscribe]);
    this.hits = new HitBuffer(queue.tasks, now);
    const mails = { store: queue.store, find: (id: string) => queue.find(id) };
    this.recorder = new HitRecorder({ mails, timeline: queue.timeline, recorder });
  }
}
