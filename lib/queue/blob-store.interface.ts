/** Contents that many mails share, kept once, in the queue's own Redis or Postgres. Each is forgotten when its time is over. */
export interface BlobStore {
  /** Keeps one that is there for at least so long, in milliseconds from now; `false` when it is not there. */
  keep(key: string, time: number): Promise<boolean>;
  /** Stores one, or keeps the one that is there. */
  put(key: string, content: string, time: number): Promise<void>;
  get(key: string): Promise<string | null>;
}
