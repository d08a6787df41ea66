import { Inject, type InjectionToken } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bullmq';
import { MailService } from './mail.service.js';
import { queueNameOf } from './queue/queue-options.interface.js';
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
] as const;

/** Token of one part of one relay. */
export function relayPart(part: (typeof PARTS)[number], name?: string): InjectionToken {
  return `MailRelay(${name ?? DEFAULT_RELAY}).${part}`;
}

function isDefault(name: string | undefined): boolean {
  return name === undefined || name === DEFAULT_RELAY;
}
