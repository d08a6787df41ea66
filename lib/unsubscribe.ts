/** `nestjs-mail-relay/unsubscribe`: the page behind the unsubscribe links of a relay's mails. */
export type {
  RelayUnsubscribeAsyncOptions,
  RelayUnsubscribeOptions,
} from './suppression/unsubscribe/relay-unsubscribe-options.interface.js';
export { RelayUnsubscribeModule } from './suppression/unsubscribe/relay-unsubscribe.module.js';
export type { UnsubscribeTexts } from './suppression/unsubscribe/unsubscribe-texts.js';
