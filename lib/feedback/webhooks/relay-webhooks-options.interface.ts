import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency } from '@nestjs/common';
import type { MailgunWebhookOptions } from '../../providers/mailgun/mailgun.webhook.js';
import type { PostmarkWebhookOptions } from '../../providers/postmark/postmark.webhook.js';
import type { ResendWebhookOptions } from '../../providers/resend/resend.webhook.js';
import type { SendgridWebhookOptions } from '../../providers/sendgrid/sendgrid.webhook.js';
import type { SesWebhookOptions } from '../../providers/ses/ses.webhook.js';
import type { WebhookParser } from './webhook-parser.interface.js';

/** `POST <path>/<provider>`, for the providers that are named here. */
export interface RelayWebhooksOptions {
  /** Default `relay/webhooks`, whatever the application's global prefix is. */
  path?: string;
  /** Of a body, in bytes; default 5 MB. Longer ones are refused with 413. */
  maxBody?: number;
  /** The name of the relay that they are for, where it has one. */
  relay?: string;
  ses?: SesWebhookOptions;
  postmark?: PostmarkWebhookOptions;
  mailgun?: MailgunWebhookOptions;
  sendgrid?: SendgridWebhookOptions;
  resend?: ResendWebhookOptions;
  /** One's own, by the last part of their path. */
  parsers?: Record<string, WebhookParser>;
}

export interface RelayWebhooksAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => RelayWebhooksOptions | Promise<RelayWebhooksOptions>;
}
