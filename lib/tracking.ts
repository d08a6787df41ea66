/** `nestjs-mail-relay/tracking`: where the links and images of tracked mails are answered. */
export type { RelayTrackingAsyncOptions, RelayTrackingOptions } from './tracking/relay-tracking-options.interface.js';
export { RelayTrackingModule } from './tracking/relay-tracking.module.js';
