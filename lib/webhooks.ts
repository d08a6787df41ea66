/** `nestjs-mail-relay/webhooks`: what providers tell of mails. */
export { WebhookRejectedError } from './errors/webhook-rejected.error.js';
export type {
  RelayWebhooksAsyncOptions,
  RelayWebhooksOptions,
} from './feedback/webhooks/relay-webhooks-options.interface.js';
export { RelayWebhooksModule } from './feedback/webhooks/relay-webhooks.module.js';
export type { WebhookParser, WebhookRequest } from './feedback/webhooks/webhook-parser.interface.js';
export type { MailgunWebhookOptions } from './providers/mailgun/mailgun.webhook.js';
export type { PostmarkWebhookOptions } from './providers/postmark/postmark.webhook.js';
export type { ResendWebhookOptions } from './providers/resend/resend.webhook.js';
export type { SendgridWebhookOptions } from './providers/sendgrid/sendgrid.webhook.js';
export type { SesWebhookOptions } from './providers/ses/ses.webhook.js';
