import type { SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { MailError } from '../../errors/mail.error.js';
import { needsSmtpUtf8 } from '../../mail/address.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { withAsciiAddresses } from '../../mime/with-ascii-addresses.js';
import type { RecipientResult } from '../../transport/mail-transport.js';
import { SES_CAPABILITIES } from './ses-capabilities.js';
import { sesExtras } from './ses-extras.interface.js';
import { sesTags } from './ses-tags.js';

/**
 * A message as SendEmail takes it: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 *
 * @param to whom it is for, whatever its headers say
 * @param configurationSet the transport's
 * @throws MailError permanent, scope `message`
 */
export async function sesMessage(
  message: MailMessage,
  to: readonly string[],
  configurationSet: string | undefined,
): Promise<SendEmailCommandInput> {
  const { from, envelope } = message;
  const extras = sesExtras(message);
  const tags = new Map([...sesTags(message), ...Object.entries(extras.tags ?? {})]);
  const set = extras.configurationSet ?? configurationSet;
  const sender = [from.address, envelope.from].find(needsSmtpUtf8);
  if (sender !== undefined) throw notAscii(sender, 'message');
  const raw = withAsciiAddresses(await message.raw());
  if (raw.length > SES_CAPABILITIES.bytes) throw tooLarge(raw.length);
  return {
    // FromEmailAddress would replace the whole From header, display name and all; SES reads it there.
    Content: { Raw: { Data: raw } },
    Destination: { ToAddresses: [...to] },
    ...(envelope.from !== '' && envelope.from !== from.address && { FeedbackForwardingEmailAddress: envelope.from }),
    EmailTags: [...tags].map(([Name, Value]) => ({ Name, Value })),
    ...(set !== undefined && { ConfigurationSetName: set }),
    ...(extras.identityArn !== undefined && { FromEmailAddressIdentityArn: extras.identityArn }),
    ...(extras.listManagement && {
      ListManagementOptions: {
        ContactListName: extras.listManagement.contactList,
        TopicName: extras.listManagement.topic,
      },
    }),
  };
}

/** Recipients that SES would refuse the whole message for: it has no SMTPUTF8. */
export function sesMisfits(to: readonly string[]): Map<string, RecipientResult> {
  const misfits = to.filter(needsSmtpUtf8);
  return new Map(
    misfits.map((address) => [address, { address, state: 'bounced', error: notAscii(address, 'recipient') }]),
  );
}

function notAscii(address: string, scope: 'message' | 'recipient'): MailError {
  return new MailError(`SES takes no address that is not ASCII before its @: <${address}>`, {
    scope,
    permanent: true,
    reason: 'smtputf8',
  });
}

function tooLarge(size: number): MailError {
  return new MailError(`SES takes messages of ${SES_CAPABILITIES.bytes} bytes at most, and this one has ${size}`, {
    scope: 'message',
    permanent: true,
    reason: 'too-large',
  });
}
