/** Streams whose mails wait for now. */
export interface StreamPauses {
  /** When a mail of the stream is to come again, in milliseconds since the epoch; `undefined` when it may go. */
  heldUntil(stream: string): Promise<number | undefined>;
}
