export { fakeMail } from './fake-mail.js';
export type { Mailbox, MailQuery } from './mailbox.interface.js';
export { MailAssertionError } from './mail-assertion.error.js';
export type { SentMail } from './sent-mail.js';
