import { MailMessageError } from '../../errors/mail-message.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { type ExtraTypes, readExtras } from '../read-extras.js';
import { CONFIGURATION_SET } from './ses-region.js';
import { SES_TAG } from './ses-tags.js';

/** What only SES understands: `provider: { ses: { configurationSet: 'news' } }`. */
export interface SesExtras {
  /** Instead of the transport's. */
  configurationSet?: string;
  /** Message tags of SES's own kind, beside those that the mail's `tags` and `metadata` become. */
  tags?: Readonly<Record<string, string>>;
  /** The ARN of an identity of another account, which allows its use by a policy. */
  identityArn?: string;
  /** A contact list of SES, whose unsubscribe links it adds. API only. */
  listManagement?: { contactList: string; topic?: string };
}

declare module '../../mail/mail-options.interface.js' {
  interface ProviderExtras {
    ses?: SesExtras;
  }
}

/** @throws MailMessageError */
export function sesExtras(message: MailMessage): SesExtras {
  const extras = readExtras<SesExtras>(message, 'ses', TYPES);
  const { configurationSet, tags = {}, identityArn, listManagement } = extras;
  if (configurationSet !== undefined && !CONFIGURATION_SET.test(configurationSet))
    throw wrong('configurationSet', 'holds at most 64 letters, digits, - and _');
  if (identityArn !== undefined && !ARN.test(identityArn))
    throw wrong('identityArn', "is an ARN, such as 'arn:aws:ses:eu-west-1:123456789012:identity/acme.test'");
  for (const [name, value] of Object.entries(tags)) {
    if (![name, value].every((text) => typeof text === 'string' && SES_TAG.test(text)))
      throw wrong(`tags.${name}`, 'name and value hold 1 to 256 letters, digits, - and _');
  }
  if (listManagement && typeof listManagement.contactList !== 'string')
    throw wrong('listManagement', "is { contactList: 'customers', topic: 'news' }, the topic only where there is one");
  return extras;
}

const TYPES: ExtraTypes<SesExtras> = {
  configurationSet: 'text',
  tags: 'object',
  identityArn: 'text',
  listManagement: 'object',
};

const ARN = /^arn:[!-~]{1,2000}$/;

function wrong(name: string, words: string): MailMessageError {
  return new MailMessageError(`provider.ses.${name}`, words);
}
