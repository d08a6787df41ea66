/** A small text that all processes of a relay share. */
export interface SharedDocument {
  /** 0 while there is none; grows with each change. */
  readonly version: number;
  /** Empty while there is none. */
  readonly text: string;
  /** The store's own time, in milliseconds since the epoch: one clock for all processes. */
  readonly now: number;
}

/**
 * What the processes of a relay must agree on, in the queue's own Redis or Postgres: a document a transport. A document is forgotten
 * {@link SHARED_RETENTION} after its last change.
 */
export interface SharedStore {
  read(key: string): Promise<SharedDocument>;
  /** Writes if the version is still this one. What is stored now comes back in either case. */
  swap(key: string, version: number, text: string): Promise<SharedDocument & { swapped: boolean }>;
}

/** In milliseconds: 7 days. */
export const SHARED_RETENTION = 7 * 24 * 60 * 60 * 1000;
