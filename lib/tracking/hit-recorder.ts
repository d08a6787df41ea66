import { createHash } from 'node:crypto';
import { isByMachine } from '../events/machines.js';
import type { MailEvent, MailEventBase } from '../events/mail-event.interface.js';
import { LEFT_BY_HITS, MOST_EVENTS, MOST_HITS, type TimelineStore } from '../events/timeline-store.interface.js';
import { type KnownMail, knownMail, type MailSource } from '../feedback/feedback-match.js';
import { completed, type FeedbackRecorder } from '../feedback/feedback-recorder.js';
import type { TaskEnd, TaskInHand } from '../task-queue.interface.js';
import { groupBy } from './group-by.js';
import { isUnderWay, machineByTime, sentAtOf } from './time-rules.js';
import { hitKey, type TrackedHit, type TrackingTask } from './tracked-hit.js';

export interface HitRecorderParts {
  mails: MailSource;
  timeline: TimelineStore;
  recorder: FeedbackRecorder;
}

/** Makes hits events of their mails, in the worker: there the mail is known, and when it was sent. */
export class HitRecorder {
  readonly #parts: HitRecorderParts;

  constructor(parts: HitRecorderParts) {
    this.#parts = parts;
  }

  async record(task: TaskInHand, now: number): Promise<TaskEnd> {
    const { hits, of } = task.data as TrackingTask;
    const byMail = groupBy(hits, ({ mailId }) => mailId);
    const mails = await Promise.all([...byMail.keys()].map((id) => knownMail(this.#parts.mails, id)));
    // A mail is read before `sendNow()` has written it down, and its links are followed before it is handed over. Of one that is forgotten, there is nothing to tell.
    const open = mails.some((mail) => !mail || byMail.get(mail.id)!.some((hit) => waitsForAnswer(hit, mail)));
    if (open && now - task.addedAt < PATIENCE) return { type: 'later', wait: PATIENCE / 3 };
    for (const mail of mails) if (mail) await this.#recordFor(mail, byMail.get(mail.id)!);
    const left: TrackingTask = { hits: [], of };
    return { type: 'done', left };
  }

  async #recordFor(mail: KnownMail, hits: readonly TrackedHit[]): Promise<void> {
    const kept = await this.#parts.timeline.read(mail.id);
    const known = new Set(kept.map(({ id }) => id));
    const room = new Room(kept, mail.about.to.length);
    const events: MailEvent[] = [];
    let more = 0;
    for (const [index, own] of groupBy(hits, ({ recipient }) => recipient)) {
      const recipient = mail.about.to[index];
      if (recipient === undefined) continue;
      const sentAt = sentAtOf(mail, recipient);
      for (const hit of own) {
        const machine = hit.machine ?? machineByTime(hit, own, sentAt);
        const event = eventOf(hit, recipient, machine);
        if (known.has(event.id)) continue;
        if (room.takes(event)) events.push(completed(event, mail));
        else more++;
      }
    }
    if (events.length > 0) await this.#parts.recorder.recordFor(mail, events);
    if (more > 0) await this.#parts.timeline.countMore(mail.id, more);
  }
}

/** Who follows a link is told by when the mail was handed over. */
function waitsForAnswer({ url, machine, recipient }: TrackedHit, mail: KnownMail): boolean {
  const address = mail.about.to[recipient];
  return url !== undefined && machine === undefined && address !== undefined && isUnderWay(mail, address);
}

/**
 * A mail's timeline has room for what becomes of it, however often it is opened: machines use up none of a person's, and there is always
 * some for the first open and the first click of each.
 */
class Room {
  readonly #taken = new Map<string, number>();
  readonly #firsts = new Set<string>();
  readonly #mostFirsts: number;
  #left: number;

  constructor(kept: readonly MailEvent[], recipients: number) {
    this.#left = MOST_EVENTS - LEFT_BY_HITS - kept.length;
    this.#mostFirsts = 2 * recipients;
    for (const event of kept) this.#take(event);
  }

  takes(event: MailEvent): boolean {
    const first = !isByMachine(event) && !this.#firsts.has(`${event.type} ${event.recipient}`);
    const held = first ? 0 : this.#mostFirsts - this.#firsts.size;
    if (this.#left <= held || (this.#taken.get(holderOf(event)) ?? 0) >= MOST_HITS) return false;
    this.#left--;
    this.#take(event);
    return true;
  }

  #take(event: MailEvent): void {
    const { type, recipient } = event;
    if (type !== 'opened' && type !== 'clicked') return;
    const holder = holderOf(event);
    this.#taken.set(holder, (this.#taken.get(holder) ?? 0) + 1);
    if (!isByMachine(event)) this.#firsts.add(`${type} ${recipient}`);
  }
}

function holderOf(event: MailEvent): string {
  return `${isByMachine(event) ? 'machines' : 'person'} ${event.recipient}`;
}

function eventOf(hit: TrackedHit, recipient: string, machine: string | undefined): MailEvent {
  const { mailId, url, at, userAgent, ip } = hit;
  const id = createHash('sha256')
    .update(hitKey({ ...hit, ...(machine !== undefined && { machine }) }))
    .digest('base64url');
  const base: MailEventBase = {
    id: `tracking:${id.slice(0, 22)}`,
    recipient,
    timestamp: new Date(at),
    provider: 'relay',
    mailId,
    tags: [],
    metadata: {},
  };
  const client = {
    ...(userAgent !== undefined && { userAgent }),
    ...(ip !== undefined && { ip }),
    ...(machine !== undefined && { machine }),
  };
  return url === undefined ? { ...base, type: 'opened', ...client } : { ...base, type: 'clicked', url, ...client };
}

/** In milliseconds. */
const PATIENCE = 30_000;
