import { type Duration, toMilliseconds } from '../duration.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { refuseUnknown } from '../refuse-unknown.js';

/** Above which rates a stream is paused. */
export interface ReputationLimits {
  /** Bounces of the mails sent, 0 to 1. Default 0.05: Amazon SES pauses accounts from 10 % and reviews them from 5 %. */
  bounceRate?: number;
  /** Complaints of the mails sent, 0 to 1. Default 0.001: SES reviews accounts from 0.1 %. */
  complaintRate?: number;
  /** So many mails, by recipient, must have been sent before a rate says anything. Default 1000. */
  minimum?: number;
  /** How many days are counted, today included, in UTC; from the last time that the stream was resumed. Default 1. */
  days?: number;
  /** How long a pause lasts. Default `'until resumed'`, by {@link MailReputation.resume}. */
  pause?: Duration | 'until resumed';
}

/**
 * Pauses a stream whose bounces or complaints endanger the sender. Its mails wait, and lose no attempt by it; the other streams go on.
 * https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html
 */
export interface ReputationOptions extends ReputationLimits {
  /** Other limits for some streams; `false`: never paused. */
  streams?: Record<string, ReputationLimits | false>;
}

/** {@link ReputationLimits} checked. */
export interface ReputationSettings {
  readonly bounceRate: number;
  readonly complaintRate: number;
  readonly minimum: number;
  readonly days: number;
  /** Milliseconds; Infinity until resumed. */
  readonly pause: number;
}

/** {@link ReputationOptions} checked. */
export interface ReputationRules {
  /** The limits of a stream, `false` where it has none. */
  of(stream: string): ReputationSettings | false;
  /** The most days that any of them looks back. */
  readonly days: number;
}

/** @throws RelayConfigurationError that names the option */
export function readReputation(options: ReputationOptions | undefined): ReputationRules | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('reputation', 'is an object such as { bounceRate: 0.05, complaintRate: 0.001 }');
  const { streams = {}, ...limits } = options;
  refuseUnknown(options, [...NAMES, 'streams'], 'reputation.');
  const all = readLimits(limits, DEFAULTS, 'reputation.');
  const own = new Map(
    Object.entries(streams).map(([stream, one]) => [
      stream,
      one === false ? one : readLimits(one, all, `reputation.streams.${stream}.`),
    ]),
  );
  return {
    of: (stream) => own.get(stream) ?? all,
    days: Math.max(all.days, ...[...own.values()].map((one) => (one ? one.days : 1))),
  };
}

const NAMES = ['bounceRate', 'complaintRate', 'minimum', 'days', 'pause'] as const;

const DEFAULTS: ReputationSettings = {
  bounceRate: 0.05,
  complaintRate: 0.001,
  minimum: 1_000,
  days: 1,
  pause: Infinity,
};

function readLimits(limits: ReputationLimits, defaults: ReputationSettings, prefix: string): ReputationSettings {
  if (typeof limits !== 'object' || limits === null)
    throw new RelayConfigurationError(prefix.slice(0, -1), 'is an object of limits, or false');
  refuseUnknown(limits, NAMES, prefix);
  const { bounceRate, complaintRate, minimum, days, pause } = { ...defaults, ...limits };
  for (const [name, rate] of Object.entries({ bounceRate, complaintRate }))
    if (typeof rate !== 'number' || !(rate > 0 && rate <= 1))
      throw new RelayConfigurationError(`${prefix}${name}`, 'is a share above 0 and up to 1, such as 0.05 for 5 %');
  for (const [name, count, most] of [
    ['minimum', minimum, 1e9],
    ['days', days, 30],
  ] as const)
    if (!Number.isInteger(count) || count < 1 || count > most)
      throw new RelayConfigurationError(`${prefix}${name}`, `is a whole number from 1 to ${most}`);
  return { bounceRate, complaintRate, minimum, days, pause: readPause(pause, `${prefix}pause`) };
}

function readPause(pause: Duration | 'until resumed', option: string): number {
  if (pause === 'until resumed' || pause === Infinity) return Infinity;
  try {
    const milliseconds = toMilliseconds(pause, option);
    if (milliseconds >= 1_000) return milliseconds;
  } catch {
    // Told below.
  }
  throw new RelayConfigurationError(option, "is a time of at least '1s', such as '6h', or 'until resumed'");
}
