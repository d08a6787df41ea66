import { Inject, type InjectionToken } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bullmq';
import { MailEvents } from './events/mail-events.js';
import { MailStatistics } from './events/mail-statistics.js';
import { FeedbackIntake } from './feedback/feedback-intake.js';
import { MailFeedback } from './feedback/mail-feedback.js';
import { MailService } from './mail.service.js';
import { RelayHealth } from './observability/relay-health.js';
import { queueNameOf } from './queue/queue-options.interface.js';
import { MailReputation } from './reputation/mail-reputation.js';
import { SenderDomains } from './sender-domain/sender-domains.js';
import { SuppressionList } from './suppression/suppression-list.js';
import { MailTransport } from './transport/mail-transport.js';

/** Injects the service of a relay: `@InjectMailService('marketing')`. The default relay's is injected by its class. */
export function InjectMailService(name?: string): ParameterDecorator {
  return Inject(getMailServiceToken(name)) as ParameterDecorator;
}

export function getMailServiceToken(name?: string): InjectionToken {
  return isDefault(name) ? MailService : `MailService(${name})`;
}

/** Token of a relay's BullMQ queue. */
export function getRelayQueueToken(name?: string): InjectionToken {
  return getQueueToken(queueNameOf({}, isDefault(name) ? undefined : name));
}

/** The root transport of a relay; the class `MailTransport` is the default relay's token. */
export function getMailTransportToken(name?: string): InjectionToken {
  return isDefault(name) ? MailTransport : `MailTransport(${name})`;
}

/** The events of a relay; the class `MailEvents` is the default relay's token. */
export function getMailEventsToken(name?: string): InjectionToken {
  return isDefault(name) ? MailEvents : `MailEvents(${name})`;
}

/** The daily counts of a relay; the class `MailStatistics` is the default relay's token. */
export function getMailStatisticsToken(name?: string): InjectionToken {
  return isDefault(name) ? MailStatistics : `MailStatistics(${name})`;
}

/** The reputation of a relay's streams; the class `MailReputation` is the default relay's token. */
export function getMailReputationToken(name?: string): InjectionToken {
  return isDefault(name) ? MailReputation : `MailReputation(${name})`;
}

/** Where feedback of a relay's mails is handed in; the class `FeedbackIntake` is the default relay's token. */
export function getFeedbackIntakeToken(name?: string): InjectionToken {
  return isDefault(name) ? FeedbackIntake : `FeedbackIntake(${name})`;
}

/** Takes raw bounces and complaints; the class `MailFeedback` is the default relay's token. */
export function getMailFeedbackToken(name?: string): InjectionToken {
  return isDefault(name) ? MailFeedback : `MailFeedback(${name})`;
}

/** The suppression list of a relay; the class `SuppressionList` is the default relay's token. */
export function getSuppressionListToken(name?: string): InjectionToken {
  return isDefault(name) ? SuppressionList : `SuppressionList(${name})`;
}

/** The health of a relay; the class `RelayHealth` is the default relay's token. */
export function getRelayHealthToken(name?: string): InjectionToken {
  return isDefault(name) ? RelayHealth : `RelayHealth(${name})`;
}

/** The checks of a relay's domain; the class `SenderDomains` is the default relay's token. */
export function getSenderDomainsToken(name?: string): InjectionToken {
  return isDefault(name) ? SenderDomains : `SenderDomains(${name})`;
}

/** Name of the relay that has none. */
export const DEFAULT_RELAY = 'default';

/** What the application gave, unchecked. */
export const RELAY_OPTIONS = Symbol('RELAY_OPTIONS');

/** The parts of a relay, each replaceable in a test. */
export const PARTS = [
  'configuration',
  'clock',
  'queue',
  'templates',
  'transports',
  'mails',
  'worker',
  'runtime',
  'tracking',
] as const;

/** Token of one part of one relay. */
export function relayPart(part: (typeof PARTS)[number], name?: string): InjectionToken {
  return `MailRelay(${name ?? DEFAULT_RELAY}).${part}`;
}

function isDefault(name: string | undefined): boolean {
  return name === undefined || name === DEFAULT_RELAY;
}
