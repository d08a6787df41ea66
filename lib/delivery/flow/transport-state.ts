/**
 * What all processes know of one transport, as the shared store keeps it. Times are milliseconds since the epoch on the store's clock.
 * Empty for a transport that is well and has no limits.
 */
export interface TransportState {
  breaker?: BreakerState;
  /** The provider asked to be left alone until then. */
  paused?: { until: number; why: string };
  /** A provider said "too fast": the pace from then on, which recovers by itself. */
  slow?: { perSecond: number; at: number };
  /** Sending in step with a rate, by lane: `''` is the transport's own, else a recipient's domain. */
  lanes?: Record<string, LaneState>;
  /** Recipients in each part of the quota's window, by the part's number. */
  used?: Record<string, number>;
  /** Attempts under way, by token, where concurrency is limited. */
  underWay?: Record<string, UnderWay>;
  /** By lane: how long attempts take there, and when the last of those who wait for a place comes again. */
  places?: Record<string, { stay: number; turn: number }>;
  /** Somebody holds it back, from `at` until it is released; `renewed` is when the store was last told to keep that. */
  held?: { at: number; renewed: number };
  /** When a tenant's transport was last to be forgotten. */
  forgotten?: number;
}

/** Open while `until` is set: closed by a success, half open once `until` has passed. */
export interface BreakerState {
  /** In a row. */
  failures: number;
  /** How often it opened in a row. */
  opens: number;
  until?: number;
  why?: string;
  /** The one attempt that is let through while it is half open, and until when it counts. */
  probe?: { token: string; until: number };
}

export interface UnderWay {
  since: number;
  /** When it counts no more unless it is renewed: its process may have died. */
  until: number;
  lanes: string[];
}

/** The generic cell rate algorithm, ITU-T I.371 annex A, with waiting lines. */
export interface LaneState {
  /** When the next may be sent. */
  next: number;
  /** What the last one took of the time to come: tells a clock that was set back from a busy lane. */
  span: number;
  /** When the last of those who wait comes again, by {@link Turn}. */
  turns: Partial<Record<Turn, number>>;
}

/** Who waits in which line: those of high priority, those who came before, the others. */
export type Turn = 'high' | 'again' | 'first';
