export { RelayModule } from './relay.module.js';
export { byDomain, failover, roundRobin, weighted } from './delivery/route/routes.js';
export type { Route } from './delivery/route/route.js';
export type { PassedOver } from './delivery/outcome-store.interface.js';
export { perTenant, type TenantTransport, type TenantTransportOptions } from './transport/tenant.transport.js';
export type {
  RelayAsyncOptions,
  RelayModuleExtras,
  RelayOptions,
  RelayOptionsFactory,
  TransportConfig,
  TransportInput,
  TransportSettings,
} from './relay-options.interface.js';
export {
  getFeedbackIntakeToken,
  getMailEventsToken,
  getMailFeedbackToken,
  getSuppressionListToken,
  getMailServiceToken,
  getMailReputationToken,
  getMailStatisticsToken,
  getMailTransportToken,
  getRelayHealthToken,
  getRelayQueueToken,
  getSenderDomainsToken,
  InjectMailService,
} from './relay.tokens.js';
export { MailService } from './mail.service.js';
export type { Attempt, MailStatus, RecipientStatus, SendResult } from './mail-status.js';
export type { SendManyItem, SendManyOptions, SendRun, SendSummary } from './send-many.js';

export { Mail, type MailAttributes } from './mail/mail.decorator.js';
export { Attach, Inline } from './mail/attach.decorator.js';
export { html, type SafeHtml } from './mail/html.js';
export type { MailAddress, MailAttachment, MailMessage, MailStream, Priority } from './mail/mail-message.interface.js';
export type {
  AddressInput,
  AttachmentInput,
  InlineMessage,
  MailOptions,
  OneOrMany,
  Recipients,
  RetryOptions,
  UnsubscribeChoice,
} from './mail/mail-options.interface.js';
export type {
  DeliveryNotifications,
  NotifyWhen,
  RecipientNotification,
} from './mail/delivery-notifications.interface.js';
export type { RawOptions } from './mail/raw-options.interface.js';
export type {
  DataOf,
  Mailable,
  MailableOptions,
  MailContent,
  MailData,
  MailInstance,
  MailRenderContext,
} from './mail/mailable.interface.js';
export type { Duration } from './duration.js';

export { MailError, type ErrorScope, type MailErrorDetails } from './errors/mail.error.js';
export { MailMessageError } from './errors/mail-message.error.js';
export { MailTemplateError, type TemplatePosition } from './errors/mail-template.error.js';
export { QueueUnavailableError } from './errors/queue-unavailable.error.js';
export { RelayConfigurationError } from './errors/relay-configuration.error.js';
export { UnsupportedFeatureError } from './errors/unsupported-feature.error.js';

export type { MailInterceptor } from './delivery/attempt.js';
export type { RecipientState } from './delivery/outcome-store.interface.js';
export {
  MAIL_EVENT_TYPES,
  type MailEvent,
  type MailEventBase,
  type MailEventMap,
  type MailEventType,
  type Verdict,
} from './events/mail-event.interface.js';
export { MailEvents } from './events/mail-events.js';
export { OnMailEvent } from './events/on-mail-event.decorator.js';
export {
  MailStatistics,
  type DailyStatistics,
  type MailCounts,
  type StatisticsQuery,
} from './events/mail-statistics.js';
export type { CountedType } from './events/count-store.interface.js';
export { FeedbackIntake } from './feedback/feedback-intake.js';
export { SuppressionList, type SuppressionListOptions } from './suppression/suppression-list.js';
export type {
  SuppressionEntry,
  SuppressionInput,
  SuppressionReason,
  SuppressionScope,
} from './suppression/suppression-entry.interface.js';
export type { ProviderSuppression, ProviderSuppressionScope } from './providers/provider-suppression.interface.js';
export type { SuppressionOptions } from './suppression/suppression-options.js';
export type { UnsubscribeOptions } from './suppression/unsubscribe/unsubscribe-options.js';
export { MailPreview, type MailPreviewSample } from './mail/mail-preview.decorator.js';
export { MailReputation, type StreamReputation } from './reputation/mail-reputation.js';
export type { HistoryOptions } from './history/history-options.js';
export type { ReputationChange } from './reputation/reputation-change.js';
export type { ReputationLimits, ReputationOptions } from './reputation/reputation-options.js';
export type { PauseCause } from './reputation/stream-standing.js';
export type { BouncesOptions } from './feedback/bounces-options.js';
export type { TrackingOptions } from './tracking/tracking-options.js';
export type { Track, TrackOptions } from './mail/track.js';
export type { NotificationOptions } from './notification/notification-options.js';
export { parseBounce } from './feedback/bounce/parse-bounce.js';
export { MailFeedback } from './feedback/mail-feedback.js';
export type {
  BouncedRecipient,
  BounceKind,
  BounceReport,
  RecipientAction,
} from './feedback/bounce/bounce-report.interface.js';
export { RELAY_QUEUE, type QueueOptions } from './queue/queue-options.interface.js';
export type { QueueEncryption } from './queue/payload-cipher.js';
export type { TransactionLike } from './queue/transaction-like.js';

export { HandlebarsTemplateEngine, type HandlebarsTemplateOptions } from './template/handlebars.template-engine.js';
export { TemplateEngine, type RenderedTemplate, type TemplateOptions } from './template/template-engine.js';

export {
  MailTransport,
  type ProviderDomain,
  type ProviderReturnPath,
  type Rate,
  type RecipientResult,
  type RelaySurroundings,
  type SendContext,
  type SenderIdentity,
  type SendingHost,
  type TransportCapabilities,
  type TransportResult,
} from './transport/mail-transport.js';
export { FileTransport, type FileTransportOptions } from './transport/file.transport.js';
export { LogTransport, type LogTransportOptions } from './transport/log.transport.js';
export { MemoryTransport, type MemoryTransportOptions } from './transport/memory.transport.js';
export { SmtpError, type SmtpPhase } from './transport/smtp/smtp.error.js';
export { SmtpTransport } from './transport/smtp/smtp.transport.js';
export type {
  SmtpAuth,
  SmtpAuthMethod,
  SmtpTimeouts,
  SmtpTls,
  SmtpTransportOptions,
} from './transport/smtp/smtp-transport-options.interface.js';
export { DirectTransport } from './transport/direct/direct.transport.js';
export type {
  DirectAddress,
  DirectDomainOptions,
  DirectTls,
  DirectTransportOptions,
  MtaStsOptions,
  MtaStsStore,
  WarmUp,
} from './transport/direct/direct-transport-options.interface.js';
export type { SharedDocument, SharedStore } from './shared-store.interface.js';
export { CachedDnsResolver } from './dns/cached-dns-resolver.js';
export { DnsError } from './dns/dns.error.js';
export type { DnsOptions } from './dns/dns-options.interface.js';
export type { DnsAnswer, DnsResolver, MxRecord, TlsaRecord } from './dns/dns-resolver.interface.js';
export type { DkimOptions } from './dkim/dkim-options.interface.js';
export { DkimKey, generateDkimKey, type DkimKeyOptions, type DkimKeyType } from './dkim/generate-dkim-key.js';
export {
  nextDkimSelector,
  rotateDkimKeys,
  type DkimRotation,
  type DkimRotationOptions,
  type DkimRotationStep,
} from './dkim/dkim-rotation.js';
export type { DkimIdentity } from './dkim/dkim-identity.js';
export type { DnsRecord } from './dns/dns-record.interface.js';
export { zoneFileLine } from './dns/zone-file-line.js';
export { RelayHealth, type RelayCondition } from './observability/relay-health.js';
export { SenderDomains } from './sender-domain/sender-domains.js';
export type {
  FetchMtaStsPolicy,
  SenderDomainsOptions,
  SenderProviderOptions,
} from './sender-domain/sender-domains-options.interface.js';
export type { RelaySenderDomainsOptions, SenderTransportOptions } from './sender-domain/relay-sender-domains.js';
export type {
  CheckStatus,
  DomainCheck,
  DomainCheckName,
  SenderDomainReport,
} from './sender-domain/domain-check.interface.js';
export { PROVIDER_DOMAINS, type ProviderName } from './providers/provider-domains.js';
export { fromNestMail, NestMailTransport, type NestMailTransportLike } from './transport/nest-mail.transport.js';
export { fromNodemailer, NodemailerTransport, type NodemailerPlugin } from './transport/nodemailer.transport.js';
export type { AdapterOptions } from './transport/adapter-options.interface.js';
export {
  redactUrl,
  registerTransportScheme,
  transportFromUrl,
  type TransportScheme,
  type TransportUrl,
} from './transport/transport-url.js';

export { HttpError } from './transport/http/http.error.js';
export { SesTransport } from './providers/ses/ses.transport.js';
export { SesSmtpTransport } from './providers/ses/ses-smtp.transport.js';
export type {
  SesClientLike,
  SesCredentials,
  SesSmtpTransportOptions,
  SesTransportOptions,
} from './providers/ses/ses-options.interface.js';
export type { SesExtras } from './providers/ses/ses-extras.interface.js';
export { GoogleWorkspaceTransport } from './providers/google-workspace/google-workspace.transport.js';
export { googleServiceAccountToken } from './providers/google-workspace/google-service-account-token.js';
export { googleRefreshToken } from './providers/google-workspace/google-refresh-token.js';
export type {
  GoogleAccountOptions,
  GoogleRelayOptions,
  GoogleWorkspaceTransportOptions,
} from './providers/google-workspace/google-options.interface.js';
export { PostmarkTransport } from './providers/postmark/postmark.transport.js';
export { PostmarkSmtpTransport } from './providers/postmark/postmark-smtp.transport.js';
export type {
  PostmarkSmtpTransportOptions,
  PostmarkTransportOptions,
} from './providers/postmark/postmark-options.interface.js';
export type { PostmarkExtras } from './providers/postmark/postmark-extras.interface.js';
export { MailgunTransport } from './providers/mailgun/mailgun.transport.js';
export { MailgunSmtpTransport } from './providers/mailgun/mailgun-smtp.transport.js';
export type {
  MailgunFormat,
  MailgunRegion,
  MailgunSmtpTransportOptions,
  MailgunTransportOptions,
} from './providers/mailgun/mailgun-options.interface.js';
export type { MailgunExtras } from './providers/mailgun/mailgun-extras.interface.js';
export { SendStreakTransport } from './providers/sendstreak/sendstreak.transport.js';
export { SendStreakClient } from './providers/sendstreak/sendstreak.client.js';
export type {
  SendStreakClientOptions,
  SendStreakTransportOptions,
} from './providers/sendstreak/sendstreak-options.interface.js';
export type { SendStreakExtras } from './providers/sendstreak/sendstreak-extras.interface.js';
