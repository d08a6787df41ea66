import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { Duration } from './duration.js';
import type { BouncesOptions } from './feedback/bounces-options.js';
import type { SuppressionOptions } from './suppression/suppression-options.js';
import type { UnsubscribeOptions } from './suppression/unsubscribe/unsubscribe-options.js';
import type { HistoryOptions } from './history/history-options.js';
import type { MailInterceptor } from './delivery/attempt.js';
import type { Route } from './delivery/route/route.js';
import type { MailMessage } from './mail/mail-message.interface.js';
import type { AddressInput, OneOrMany, RetryOptions } from './mail/mail-options.interface.js';
import type { NotificationOptions } from './notification/notification-options.js';
import type { QueueOptions } from './queue/queue-options.interface.js';
import type { ReputationOptions } from './reputation/reputation-options.js';
import type { RelaySenderDomainsOptions } from './sender-domain/relay-sender-domains.js';
import type { Track } from './mail/track.js';
import type { TrackingOptions } from './tracking/tracking-options.js';
import type { TemplateEngine, TemplateOptions } from './template/template-engine.js';
import type { Rate } from './transport/rate.js';
import type { TenantTransport } from './transport/tenant.transport.js';
import type { TransportInput } from './transport/transport-input.js';

export type { TransportInput } from './transport/transport-input.js';

/** How fast a transport may be used, counted over all processes. Rates and quotas count recipients, as the providers do. */
export interface TransportSettings {
  use: TransportInput;
  /** `'14/s'`, or `'auto'`: the provider's own limit. Mails that are too fast wait for their turn. Default no limit. */
  rate?: Rate | 'auto';
  /** `'50000/day'`, or `'auto'`, in a window that slides. When it is used up, mails go to the next transport of their route, or wait. */
  quota?: Rate | 'auto';
  /** Attempts at once. */
  concurrency?: number;
  /** For recipients of a domain, beside the transport's own. */
  perDomain?: Record<string, { rate?: Rate; concurrency?: number }>;
}

export type TransportConfig = TransportInput | TransportSettings | TenantTransport;

/** How a relay is set up. All of it is optional in development; in production a transport is not. */
export interface RelayOptions<N extends string = string> {
  /** The sender of mails that name none. */
  from?: AddressInput;
  replyTo?: OneOrMany<AddressInput>;
  /** Of every mail; a mail's own headers win. */
  headers?: Record<string, string>;
  /** The only transport; its name is `default`. Without one, mails are kept in `.mail-relay/mails` and go nowhere. */
  transport?: TransportConfig;
  /** Several transports by name. Not with `transport`. */
  transports?: { [K in N]: TransportConfig };
  /**
   * Where mails go that name no transport: a name, `failover('ses', 'postmark')` and its like, the same as text (`'failover(ses postmark)'`),
   * or a function, which is asked in the worker. Default the first of `transports`.
   */
  route?:
    | NoInfer<N>
    | Route<NoInfer<N>>
    | `${'failover' | 'roundrobin' | 'weighted' | 'bydomain'}(${string})`
    | ((message: MailMessage) => NoInfer<N> | Route<NoInfer<N>>);
  /** A folder of Handlebars templates with its options, or an engine of your own. */
  templates?: TemplateEngine | TemplateOptions;
  /** Where mails wait. Default embedded, in `.mail-relay/queue`. */
  queue?: QueueOptions;
  /**
   * `false`: this process only queues; transports and templates may then be left out. `concurrency`: mails at once, default 20.
   * `streams`: places of their own for streams, so that a broadcast never holds up the others: `{ broadcast: 5 }`.
   */
  worker?: false | { concurrency?: number; streams?: Record<string, number> };
  /** Default `{ maxAge: '24h', delay: '10s', maxDelay: '1h' }`, or what the first transport asks for: `DirectTransport` tries for 5 days. */
  retry?: RetryOptions;
  /**
   * When the answer to the final "." is lost, nobody knows whether the mail was taken. `retry` (default) sends it again, with the same
   * Message-ID; `hold` makes it a dead letter.
   */
  onAmbiguous?: 'retry' | 'hold';
  /** The locale of mails that name none; `resolve` is asked in `send()`, e.g. for the locale of the request. */
  locale?: { default: string; resolve?: () => string | undefined };
  /** Staging: every mail goes to `to`, but for those whose recipient one of the patterns fits: `['*@acme.test']`. */
  redirect?: { to: AddressInput; except?: readonly string[] };
  /** Around every attempt, the first outermost. */
  interceptors?: readonly Type<MailInterceptor>[];
  /** What bounces, complaints and unsubscriptions do to the suppression list. */
  suppression?: SuppressionOptions;
  /** Signed return paths, so that bounces that come by mail name their mail. Default the sender's address. */
  bounces?: BouncesOptions;
  /** What the sender of a submitted message is told by mail: see `sendRaw()`. */
  notifications?: NotificationOptions;
  /** `List-Unsubscribe` with one click, and where its links lead. Default none. */
  unsubscribe?: UnsubscribeOptions;
  /** What is tracked of mails that do not say themselves: `{ opens: true, clicks: true }`. Default nothing. Needs `tracking`. */
  track?: Track;
  /** How opens and clicks are tracked. */
  tracking?: TrackingOptions;
  /** Pauses a stream whose bounces or complaints are above a limit; `{}` takes the limits of Amazon SES. Default never. */
  reputation?: ReputationOptions;
  /** What the checks of the sender's domain (`SenderDomains`) cannot know from the rest. */
  senderDomains?: RelaySenderDomainsOptions;
  /** How long what became of a mail is kept after its last change, from `'1h'`. Default `'30d'`. */
  retention?: Duration;
  /** Which mails there were, for the console; `false` for none. It is written after the fact, many mails at once. */
  history?: false | HistoryOptions;
}

/** What must be known before the options are. */
export interface RelayModuleExtras {
  /** Of a further relay, injected by `@InjectMailService(name)`. */
  name?: string;
  /** Default `true`. */
  isGlobal?: boolean;
  /** Which `BullModule.forRoot(configKey, ...)` `queue: { redis: 'shared' }` means. */
  configKey?: string;
}

export interface RelayOptionsFactory {
  createRelayOptions(): RelayOptions | Promise<RelayOptions>;
}

export interface RelayAsyncOptions extends Pick<ModuleMetadata, 'imports'>, RelayModuleExtras {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory?: (...args: any[]) => RelayOptions | Promise<RelayOptions>;
  useClass?: Type<RelayOptionsFactory>;
  useExisting?: Type<RelayOptionsFactory>;
}
