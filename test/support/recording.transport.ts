import { MailError, type MailMessage, MailTransport, type SendContext, type TransportResult } from '../../lib/index.js';

/** What a {@link RecordingTransport} answers: nothing for "all taken". */
export type Answer = (
  message: MailMessage,
  context: SendContext,
) => TransportResult | void | Promise<TransportResult | void>;

/** A transport that keeps what it is given, and answers as it is told. */
export class RecordingTransport extends MailTransport {
  readonly messages: MailMessage[] = [];
  readonly contexts: SendContext[] = [];
  #answers: Answer[] = [];
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(private readonly otherwise: Answer = () => {}) {
    super();
  }

  /** The next messages get these answers, one each. */
  answer(...answers: Answer[]): this {
    this.#answers.push(...answers);
    return this;
  }

  async send(message: MailMessage, context: SendContext): Promise<TransportResult | void> {
    this.messages.push(message);
    this.contexts.push(context);
    for (const waiting of this.#waiting) if (this.messages.length >= waiting.count) waiting.resolve();
    return (this.#answers.shift() ?? this.otherwise)(message, context);
  }

  /** Resolves when so many messages have been given to it. */
  received(count: number): Promise<void> {
    if (this.messages.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/** An answer that refuses. */
export function refuse(details: ConstructorParameters<typeof MailError>[1], message = 'refused'): Answer {
  return () => {
    throw new MailError(message, details);
  };
}
