import type { Type } from '@nestjs/common';
import { type MailDefaults } from './compose/mail-defaults.interface.js';
import { readRetry } from './compose/mail-composer.js';
import type { MailInterceptor } from './delivery/attempt.js';
import { DEFAULT_RETRY } from './delivery/retry-schedule.js';
import { MailMessageError } from './errors/mail-message.error.js';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';
import { parseAddress, parseAddresses } from './mail/address.js';
import { checkHeaders } from './mail/headers.js';
import { PROVIDER_SCHEMES } from './providers/provider-schemes.js';
import type { QueueOptions } from './queue/queue-options.interface.js';
import type { RelayOptions, TransportConfig } from './relay-options.interface.js';
import { TemplateEngine, type TemplateOptions } from './template/template-engine.js';
import { InboxTransport } from './transport/inbox.transport.js';
import { MailTransport } from './transport/mail-transport.js';
import { registerTransportScheme, transportFromUrl } from './transport/transport-url.js';

/** Options, checked and complete. */
export interface RelayConfiguration {
  defaults: MailDefaults;
  /** By name; classes are made by Nest later. */
  transports: ReadonlyMap<string, MailTransport | Type<MailTransport>>;
  /** Name of the transport of mails that name none. */
  route: string;
  templates?: TemplateEngine | TemplateOptions;
  queue: QueueOptions;
  worker: false | { concurrency: number; streams: Readonly<Record<string, number>> };
  onAmbiguous: 'retry' | 'hold';
  interceptors: readonly Type<MailInterceptor>[];
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
  const transports = readTransports(given, worker === false, name);
  return {
    defaults: readDefaults(given),
    transports,
    route: readRoute(given.route, transports),
    ...(given.templates !== undefined && { templates: readTemplates(given.templates) }),
    queue:
      given.queue !== undefined
        ? given.queue
        : { embedded: `${LOCAL_FOLDER}/${name === 'default' ? 'queue' : `queue-${name}`}` },
    worker,
    onAmbiguous: oneOf(given.onAmbiguous, ['retry', 'hold'], 'onAmbiguous'),
    interceptors: readInterceptors(given.interceptors),
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
  'interceptors',
] as const satisfies readonly (keyof RelayOptions)[];

function readDefaults({ from, replyTo, headers, retry, locale }: RelayOptions): MailDefaults {
  return asConfiguration(() => ({
    ...(from !== undefined && { from: parseAddress(from, 'from') }),
    replyTo: parseAddresses(replyTo, 'replyTo'),
    headers: checkHeaders(headers ?? {}),
    retry: retry === undefined ? DEFAULT_RETRY : readRetry(retry, DEFAULT_RETRY, 'retry'),
    locale: readLocale(locale),
  }));
}

function readLocale(locale: RelayOptions['locale']): MailDefaults['locale'] {
  if (locale === undefined) return () => undefined;
  refuseUnknown(locale, ['default', 'resolve'], 'locale.');
  const { default: fallback, resolve } = locale;
  if (typeof fallback !== 'string') throw new RelayConfigurationError('locale.default', "is a locale such as 'en'");
  return resolve ? () => resolve() ?? fallback : () => fallback;
}

function readTransports(options: RelayOptions, queuesOnly: boolean, name: string): RelayConfiguration['transports'] {
  const { transport, transports } = options;
  if (transport !== undefined && transports !== undefined)
    throw new RelayConfigurationError('transports', 'cannot go with `transport`; give one of them');
  if (transports !== undefined) {
    if (typeof transports !== 'object' || transports === null || Object.keys(transports).length === 0) {
      throw new RelayConfigurationError('transports', "is an object of transports by name: { main: 'smtp://...' }");
    }
    return new Map(
      Object.entries<TransportConfig>(transports).map(([key, config]) => [
        key,
        readTransport(config, `transports.${key}`),
      ]),
    );
  }
  if (transport !== undefined) return new Map([['default', readTransport(transport, 'transport')]]);
  if (queuesOnly) return new Map();
  if (process.env.NODE_ENV === 'production') {
    throw new RelayConfigurationError(
      'transport',
      "is missing, and NODE_ENV is production: give e.g. transport: 'smtp://user:password@host', or worker: false for a process that only queues",
    );
  }
  return new Map([
    ['inbox', new InboxTransport({ dir: `${LOCAL_FOLDER}/${name === 'default' ? 'mails' : `mails-${name}`}` })],
  ]);
}

function readTransport(config: TransportConfig, option: string): MailTransport | Type<MailTransport> {
  if (typeof config === 'string') return transportFromUrl(config, option);
  if (isTransport(config)) return config;
  if (typeof config === 'object' && config !== null && 'use' in config) {
    refuseUnknown(config, ['use'], `${option}.`);
    return readTransport(config.use, `${option}.use`);
  }
  throw new RelayConfigurationError(
    option,
    "is a URL such as 'smtp://user:password@host', a MailTransport, or a class that extends MailTransport",
  );
}

/** By shape as well: an application may hold a second copy of this package. */
function isTransport(value: unknown): value is MailTransport | Type<MailTransport> {
  if (value instanceof MailTransport) return true;
  const methods = typeof value === 'function' ? (value.prototype as object | undefined) : value;
  return typeof methods === 'object' && methods !== null && 'send' in methods && typeof methods.send === 'function';
}

function readRoute(route: string | undefined, transports: RelayConfiguration['transports']): string {
  const names = [...transports.keys()];
  if (route === undefined) return names[0] ?? '';
  if (names.length === 0 || names.includes(route)) return route;
  throw new RelayConfigurationError('route', `names ${JSON.stringify(route)}; configured are ${names.join(', ')}`);
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

function refuseUnknown(options: object, known: readonly string[], prefix: string): void {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError(prefix.slice(0, -1), 'is an object');
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new RelayConfigurationError(`${prefix}${key}`, `is no option; known are ${known.join(', ')}`);
  }
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
