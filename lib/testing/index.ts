export { fakeMail } from './fake-mail.js';
export type { Mailbox, MailQuery } from './mailbox.interface.js';
export { MailAssertionError } from './mail-assertion.error.js';
export type { SentMail } from './sent-mail.js';
export {
  type ConformanceAnswer,
  type ConformanceCase,
  type ConformanceDelivery,
  transportConformance,
  type TransportConformanceOptions,
} from './conformance/transport-conformance.js';
