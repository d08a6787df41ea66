import type { Type } from '@nestjs/common';
import { type MailDefaults } from './compose/mail-defaults.interface.js';
import { readRetry } from './compose/mail-frame.js';
import type { MailInterceptor } from './delivery/attempt.js';
import { NO_SETTINGS } from './delivery/flow/limit-settings.js';
import { type Redirect, redirectTo } from './delivery/redirect.js';
import { DEFAULT_RETRY, type RetrySchedule } from './delivery/retry-schedule.js';
import type { RouteNode } from './delivery/route/route.js';
import type { RouteFunction } from './delivery/route/router.js';
import type { ConfiguredTransport } from './delivery/transport-set.js';
import { MailMessageError } from './errors/mail-message.error.js';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';
import { type Duration, toMilliseconds } from './duration.js';
import { readBounces } from './feedback/bounces-options.js';
import { type HistorySettings, readHistory } from './history/history-options.js';
import { parseAddress, parseAddresses } from './mail/address.js';
import { type Tracked, trackOver, UNTRACKED } from './mail/track.js';
import { checkHeaders } from './mail/headers.js';
import { type NotificationSettings, readNotifications } from './notification/notification-options.js';
import { PROVIDER_SCHEMES } from './providers/provider-schemes.js';
import type { QueueOptions } from './queue/queue-options.interface.js';
import { readRoute, readTransports } from './read-transports.js';
import { readReputation, type ReputationRules } from './reputation/reputation-options.js';
import { readSuppressionOptions, type SuppressionSettings } from './suppression/suppression-options.js';
import { readUnsubscribe } from './suppression/unsubscribe/unsubscribe-options.js';
import { refuseUnknown } from './refuse-unknown.js';
import type { RelaySenderDomainsOptions } from './sender-domain/relay-sender-domains.js';
import type { RelayOptions } from './relay-options.interface.js';
import { TemplateEngine, type TemplateOptions } from './template/template-engine.js';
import { readTracking, type TrackingSettings } from './tracking/tracking-options.js';
import { InboxTransport } from './transport/inbox.transport.js';
import { registerTransportScheme } from './transport/transport-url.js';

/** Options, checked and complete. */
export interface RelayConfiguration {
  defaults: MailDefaults;
  /** By name; classes are made by Nest later. */
  transports: ReadonlyMap<string, ConfiguredTransport>;
  /** Of mails that name no transport. */
  route: RouteNode | RouteFunction;
  redirect?: Redirect;
  templates?: TemplateEngine | TemplateOptions;
  queue: QueueOptions;
  worker: false | { concurrency: number; streams: Readonly<Record<string, number>> };
  onAmbiguous: 'retry' | 'hold';
  interceptors: readonly Type<MailInterceptor>[];
  suppression: SuppressionSettings;
  /** How long what became of a mail is kept after its last change, in milliseconds. */
  retention: number;
  reputation: ReputationRules | undefined;
  notifications: NotificationSettings;
  tracking?: TrackingSettings;
  senderDomains: RelaySenderDomainsOptions;
  history: HistorySettings;
}

for (const [name, scheme] of Object.entries(PROVIDER_SCHEMES)) registerTransportScheme(name, scheme);

/** Where a relay without configuration keeps things, beneath the working directory. */
export const LOCAL_FOLDER = '.mail-relay';

/** @throws RelayConfigurationError that names the option and says how to mend it */
export function readConfiguration(options: unknown, name: string): RelayConfiguration {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('options', 'are an object; did the factory return nothing?');
  refuseUnknown(options, OPTIONS, '');
  const given = options as RelayOptions;
  const worker = readWorker(given.worker);
  const transports = readTransports(given) ?? inbox(worker === false, name);
  const redirect = readRedirect(given.redirect);
  const retention = readRetention(given.retention);
  return {
    defaults: readDefaults(given, retryOf(transports)),
    transports,
    route: readRoute(given.route, [...transports.keys()]),
    ...(redirect && { redirect }),
    ...(given.templates !== undefined && { templates: readTemplates(given.templates) }),
    queue:
      given.queue !== undefined
        ? given.queue
        : { embedded: `${LOCAL_FOLDER}/${name === 'default' ? 'queue' : `queue-${name}`}` },
    worker,
    onAmbiguous: oneOf(given.onAmbiguous, ['retry', 'hold'], 'onAmbiguous'),
    interceptors: readInterceptors(given.interceptors),
    suppression: readSuppressionOptions(given.suppression),
    retention,
    history: readHistory(given.history, retention),
    reputation: readReputation(given.reputation),
    notifications: readNotifications(given.notifications),
    ...(given.tracking !== undefined && { tracking: readTracking(given.tracking) }),
    senderDomains: {
      ...(given.bounces !== undefined && { returnPath: given.bounces.address }),
      ...given.senderDomains,
    },
  };
}

const OPTIONS = [
  'from',
  'replyTo',
  'headers',
  'transport',
  'transports',
  'route',
  'templates',
  'queue',
  'worker',
  'retry',
  'onAmbiguous',
  'locale',
  'redirect',
  'interceptors',
  'suppression',
  'retention',
  'history',
  'reputation',
  'bounces',
  'unsubscribe',
  'track',
  'tracking',
  'notifications',
  'senderDomains',
] as const satisfies readonly (keyof RelayOptions)[];

/** What the first transport asks for: that is where mails go by default. */
function retryOf(transports: ReadonlyMap<string, ConfiguredTransport>): RetrySchedule {
  const [first] = transports.values();
  const retry = first && 'retry' in first.source ? first.source.retry : undefined;
  return retry === undefined ? DEFAULT_RETRY : readRetry(retry, DEFAULT_RETRY, 'transports.retry');
}

function readDefaults(
  { from, replyTo, headers, retry, locale, bounces, unsubscribe, track, tracking }: RelayOptions,
  usual: RetrySchedule,
): MailDefaults {
  return asConfiguration(() => ({
    ...(from !== undefined && { from: parseAddress(from, 'from') }),
    replyTo: parseAddresses(replyTo, 'replyTo'),
    headers: checkHeaders(headers ?? {}),
    retry: retry === undefined ? usual : readRetry(retry, usual, 'retry'),
    locale: readLocale(locale),
    ...(bounces !== undefined && { returnPath: readBounces(bounces) }),
    ...(unsubscribe !== undefined && { unsubscribe: readUnsubscribe(unsubscribe) }),
    track: readTrack(track, tracking !== undefined),
    tracks: tracking !== undefined,
  }));
}

function readTrack(track: RelayOptions['track'], able: boolean): Tracked {
  const tracked = trackOver(UNTRACKED, track, 'track');
  if (able || (!tracked.opens && !tracked.clicks)) return tracked;
  throw new RelayConfigurationError('track', "needs tracking: { url: 'https://mail.acme.test/t', secret } beside it");
}

function readLocale(locale: RelayOptions['locale']): MailDefaults['locale'] {
  if (locale === undefined) return () => undefined;
  refuseUnknown(locale, ['default', 'resolve'], 'locale.');
  const { default: fallback, resolve } = locale;
  if (typeof fallback !== 'string') throw new RelayConfigurationError('locale.default', "is a locale such as 'en'");
  return resolve ? () => resolve() ?? fallback : () => fallback;
}

/** Where nothing is configured: a local inbox, in development. */
function inbox(queuesOnly: boolean, name: string): Map<string, ConfiguredTransport> {
  if (queuesOnly) return new Map();
  if (process.env.NODE_ENV === 'production') {
    throw new RelayConfigurationError(
      'transport',
      "is missing, and NODE_ENV is production: give e.g. transport: 'smtp://user:password@host', or worker: false for a process that only queues",
    );
  }
  const dir = `${LOCAL_FOLDER}/${name === 'default' ? 'mails' : `mails-${name}`}`;
  return new Map([['inbox', { source: new InboxTransport({ dir }), limits: NO_SETTINGS }]]);
}

function readRedirect(redirect: RelayOptions['redirect']): Redirect | undefined {
  if (redirect === undefined) return undefined;
  refuseUnknown(redirect, ['to', 'except'], 'redirect.');
  const { to, except = [] } = redirect;
  if (to === undefined)
    throw new RelayConfigurationError('redirect.to', 'is missing: the address that all mails go to');
  if (!Array.isArray(except) || !except.every((pattern) => typeof pattern === 'string' && pattern.includes('@')))
    throw new RelayConfigurationError(
      'redirect.except',
      "is an array of addresses, in which * is anything: ['*@acme.test']",
    );
  return asConfiguration(() => redirectTo(parseAddress(to, 'redirect.to'), except));
}

function readTemplates(templates: NonNullable<RelayOptions['templates']>): TemplateEngine | TemplateOptions {
  if (typeof templates !== 'object' || templates === null)
    throw new RelayConfigurationError(
      'templates',
      "is an object such as { dir: join(import.meta.dirname, 'mails') }, or a TemplateEngine",
    );
  if (templates instanceof TemplateEngine || ('render' in templates && typeof templates.render === 'function'))
    return templates;
  refuseUnknown(templates, ['dir', 'layout', 'partials', 'helpers', 'strict', 'inlineCss', 'engines'], 'templates.');
  if (!('dir' in templates))
    throw new RelayConfigurationError('templates.dir', "is missing: { dir: join(import.meta.dirname, 'mails') }");
  return templates;
}

function readWorker(worker: RelayOptions['worker']): RelayConfiguration['worker'] {
  if (worker === false) return false;
  if (worker !== undefined) refuseUnknown(worker, ['concurrency', 'streams'], 'worker.');
  const { concurrency = 20, streams = {} } = worker ?? {};
  if (typeof streams !== 'object' || streams === null)
    throw new RelayConfigurationError('worker.streams', 'is an object of places by stream: { broadcast: 5 }');
  for (const [option, places] of Object.entries({ concurrency, ...prefixed(streams, 'streams.') })) {
    if (!Number.isInteger(places) || places < 1)
      throw new RelayConfigurationError(`worker.${option}`, 'is a whole number of 1 or more');
  }
  return { concurrency, streams };
}

function readRetention(retention: Duration = DEFAULT_RETENTION): number {
  let milliseconds = 0;
  try {
    milliseconds = toMilliseconds(retention, 'retention');
  } catch {
    // Told below.
  }
  if (milliseconds >= SHORTEST_RETENTION && milliseconds <= LONGEST_RETENTION) return Math.ceil(milliseconds);
  throw new RelayConfigurationError('retention', "is a time from '1h' to ten years; default '30d'");
}

const DEFAULT_RETENTION = '30d';
const SHORTEST_RETENTION = 3_600_000;
const LONGEST_RETENTION = 3_650 * 86_400_000;

function readInterceptors(interceptors: RelayOptions['interceptors']): readonly Type<MailInterceptor>[] {
  if (interceptors === undefined) return [];
  if (Array.isArray(interceptors) && interceptors.every((one) => typeof one === 'function')) return interceptors;
  throw new RelayConfigurationError('interceptors', 'is an array of classes with intercept(message, next)');
}

function oneOf<const V extends string>(value: unknown, values: readonly [V, ...V[]], option: string): V {
  if (value === undefined) return values[0];
  if (values.includes(value as V)) return value as V;
  throw new RelayConfigurationError(option, `is ${values.map((one) => `'${one}'`).join(' or ')}`);
}

function prefixed(values: Readonly<Record<string, number>>, prefix: string): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** What is wrong with a mail's field is wrong with the option of the same name. */
function asConfiguration<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MailMessageError)) throw error;
    throw new RelayConfigurationError(error.field, error.message.slice(error.field.length + 2), error);
  }
}
