/** Where a mail is in the queue. `deferred` is all that was put off: for its own sake, for a rate, or for a transport that is down. */
export type QueuePlace = 'waiting' | 'scheduled' | 'deferred' | 'sending' | 'dead';

export type QueueCounts = Readonly<Record<QueuePlace, number>>;

export interface QueuePage {
  /** Of mails, in the order in which they come; dead letters newest first. Some may be gone by the time they are asked for. */
  readonly ids: readonly string[];
  /** Where to go on; left out at the end. */
  readonly cursor?: string;
}

/** A look into a queue, which changes nothing in it; however many mails there are, a page costs the same. */
export interface QueueInspection {
  counts(): Promise<QueueCounts>;
  /** @param cursor of an earlier page; one of another making begins anew */
  page(place: QueuePlace, cursor: string | undefined, limit: number): Promise<QueuePage>;
}
