import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { readMountPath } from '../../http/mount-handler.js';
import { MailgunWebhook } from '../../providers/mailgun/mailgun.webhook.js';
import { PostmarkWebhook } from '../../providers/postmark/postmark.webhook.js';
import { ResendWebhook } from '../../providers/resend/resend.webhook.js';
import { SendgridWebhook } from '../../providers/sendgrid/sendgrid.webhook.js';
import { SesWebhook } from '../../providers/ses/ses.webhook.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import type { RelayWebhooksOptions } from './relay-webhooks-options.interface.js';
import type { ReplayMemory } from './replay-memory.js';
import type { WebhookParser } from './webhook-parser.interface.js';

export interface WebhooksSettings {
  /** Begins with a slash, ends without. */
  readonly path: string;
  /** Bytes. */
  readonly maxBody: number;
  readonly parsers: ReadonlyMap<string, WebhookParser>;
}

const MAX_BODY = 5 * 1024 * 1024;

/** @throws RelayConfigurationError that names the option, and never a secret */
export function readWebhooksOptions(options: RelayWebhooksOptions, memory: ReplayMemory): WebhooksSettings {
  refuseUnknown(options, OPTIONS, 'webhooks.');
  const { path = 'relay/webhooks', maxBody = MAX_BODY } = options;
  if (!Number.isInteger(maxBody) || maxBody < 1)
    throw new RelayConfigurationError('webhooks.maxBody', 'is a whole number of bytes');
  const parsers = new Map([...ownParsers(options), ...builtIn(options, memory)]);
  if (parsers.size === 0)
    throw new RelayConfigurationError('webhooks', `names no provider: give ${PROVIDERS.join(', ')} or parsers`);
  return { path: readMountPath(path, 'webhooks.path'), maxBody, parsers };
}

const PROVIDERS = ['ses', 'postmark', 'mailgun', 'sendgrid', 'resend'] as const;
const OPTIONS = ['path', 'maxBody', 'relay', ...PROVIDERS, 'parsers'] as const;

function builtIn(
  { ses, postmark, mailgun, sendgrid, resend }: RelayWebhooksOptions,
  memory: ReplayMemory,
): [string, WebhookParser][] {
  const parsers: [string, WebhookParser][] = [];
  if (ses) {
    if (!Array.isArray(ses.topicArns) || ses.topicArns.length === 0 || !ses.topicArns.every(isTopic))
      throw new RelayConfigurationError(
        'webhooks.ses.topicArns',
        "is an array such as ['arn:aws:sns:eu-west-1:123456789012:mail']",
      );
    parsers.push(['ses', new SesWebhook(ses)]);
  }
  if (postmark) {
    text(postmark.username, 'postmark.username');
    text(postmark.password, 'postmark.password');
    parsers.push(['postmark', new PostmarkWebhook(postmark)]);
  }
  if (mailgun) {
    text(mailgun.signingKey, 'mailgun.signingKey');
    parsers.push(['mailgun', new MailgunWebhook(mailgun, memory)]);
  }
  if (sendgrid) {
    text(sendgrid.publicKey, 'sendgrid.publicKey');
    parsers.push(['sendgrid', new SendgridWebhook(sendgrid)]);
  }
  if (resend) {
    text(resend.secret, 'resend.secret');
    parsers.push(['resend', new ResendWebhook(resend)]);
  }
  return parsers;
}

function ownParsers({ parsers = {} }: RelayWebhooksOptions): [string, WebhookParser][] {
  return Object.entries(parsers).map(([name, parser]) => {
    if (!/^[\w.~-]+$/.test(name) || typeof parser?.parse !== 'function')
      throw new RelayConfigurationError(
        `webhooks.parsers.${name}`,
        'is an object with parse(request), by a name for its path',
      );
    return [name, parser];
  });
}

function isTopic(arn: unknown): boolean {
  return typeof arn === 'string' && /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/.test(arn);
}

function text(value: unknown, option: string): void {
  if (typeof value !== 'string' || value === '')
    throw new RelayConfigurationError(`webhooks.${option}`, 'is missing: an empty one would let everybody in');
}
