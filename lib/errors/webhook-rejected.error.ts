/** What a {@link WebhookParser} throws for a request that cannot be trusted, or read: nothing of it is recorded. */
export class WebhookRejectedError extends Error {
  /** The HTTP status to answer with, 400 to 499. */
  readonly status: number;

  /** @param message goes to the log, never to the sender */
  constructor(status: number, message: string) {
    super(message);
    this.name = new.target.name;
    this.status = status;
  }
}
