/** `nestjs-mail-relay/bounce-mailbox`: bounces and complaints that arrive in an IMAP folder. */
export { BounceMailbox } from './feedback/mailbox/bounce-mailbox.js';
export { BounceMailboxModule, type BounceMailboxAsyncOptions } from './feedback/mailbox/bounce-mailbox.module.js';
export type { BounceMailboxOptions } from './feedback/mailbox/bounce-mailbox-options.js';
