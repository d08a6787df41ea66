/** `nestjs-mail-relay/health`: the relay and its domain for `@nestjs/terminus`, which must be installed. */
export { RelayHealthIndicator } from './observability/relay.health-indicator.js';
export {
  SenderDomainHealthIndicator,
  type SenderDomainHealthOptions,
} from './observability/sender-domain.health-indicator.js';
