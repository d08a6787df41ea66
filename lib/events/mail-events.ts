import { channel } from 'node:diagnostics_channel';
import { filter, Observable, Subject } from 'rxjs';
import type { MailEvent, MailEventType } from './mail-event.interface.js';

/**
 * The events that this process has had a part in, as they happen: those of the mails that it queues and sends, and of the feedback that its
 * worker records. For something to be done about each event exactly where and once, over all processes, see {@link OnMailEvent}.
 *
 * The same events go to Node's diagnostics_channel `nestjs-mail-relay:event`.
 *
 * @example
 * this.events.of('bounced', 'complained').subscribe((event) => this.gauge.inc({ reason: event.type }));
 */
export class MailEvents extends Observable<MailEvent> {
  readonly #subject: Subject<MailEvent>;

  constructor() {
    const subject = new Subject<MailEvent>();
    super((subscriber) => subject.subscribe(subscriber));
    this.#subject = subject;
  }

  /** Only events of these types. */
  of<const T extends MailEventType>(...types: [T, ...T[]]): Observable<MailEvent<T>> {
    const wanted: ReadonlySet<MailEventType> = new Set(types);
    return this.pipe(filter((event) => wanted.has(event.type))) as Observable<MailEvent> as never;
  }

  /** Whether anybody is there to hear. @internal */
  get heard(): boolean {
    return this.#subject.observed || CHANNEL.hasSubscribers;
  }

  /** @internal */
  tell(event: MailEvent): void {
    this.#subject.next(event);
    CHANNEL.publish(event);
  }
}

const CHANNEL = channel('nestjs-mail-relay:event');
