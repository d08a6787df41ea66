import type { MailErrorDetails } from '../errors/mail.error.js';
import type { TransportCapabilities } from './mail-transport.js';

/** What only you can know of a transport that was written for another mailer. */
export interface AdapterOptions {
  /** What its provider can carry. Default no limits. */
  capabilities?: TransportCapabilities;
  /** What an error of its means, where the adapter cannot tell; what is left out stays as the adapter has it. */
  classify?(error: unknown): MailErrorDetails | undefined;
}
