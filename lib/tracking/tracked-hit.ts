/** Somebody, or something, has fetched what a token stands for. */
export interface TrackedHit {
  readonly mailId: string;
  /** The recipient's place among the mail's own. */
  readonly recipient: number;
  /** Of a click. */
  readonly url?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What it is known for at first sight. */
  readonly machine?: string;
  /** Where they are stored. */
  readonly userAgent?: string;
  readonly ip?: string;
}

/** The kind of task that records hits. */
export const TRACKING_TASK = 'tracking';

/** Its data. */
export interface TrackingTask {
  readonly hits: readonly TrackedHit[];
  /** For the log. */
  readonly of: string;
}

/** How far apart two hits of one recipient on one thing must be to be two, in milliseconds. */
const ONE_HIT = 60_000;

/** The same for hits that are one. */
export function hitKey({ mailId, recipient, url = '', machine = '', at }: TrackedHit): string {
  return `${mailId} ${recipient} ${Math.floor(at / ONE_HIT)} ${machine} ${url}`;
}
