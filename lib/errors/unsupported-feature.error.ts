import { MailError, type MailErrorDetails } from './mail.error.js';

/** The mail asks for something that its transport, or the queue's backend, cannot do. Thrown by `send()`, with nothing queued. */
export class UnsupportedFeatureError extends MailError {
  /** What was asked for: `tags`, `cc`, `withTransaction`. */
  readonly feature: string;
  /** Who cannot do it: a transport's name, or a backend's. */
  readonly transport: string;

  constructor(feature: string, transport: string, message: string, details: MailErrorDetails = {}) {
    super(message, { permanent: true, scope: 'message', ...details });
    this.feature = feature;
    this.transport = transport;
  }
}
