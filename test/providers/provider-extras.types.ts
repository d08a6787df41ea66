import type { MailgunExtras } from '../../lib/providers/mailgun/mailgun-extras.interface.js';
import type { PostmarkExtras } from '../../lib/providers/postmark/postmark-extras.interface.js';
import type { SendStreakExtras } from '../../lib/providers/sendstreak/sendstreak-extras.interface.js';
import type { InlineMessage } from '../../lib/mail/mail-options.interface.js';

// Compiled with the tests, never run: what is said to one provider is typed by that provider's own declaration.
const mail = { to: 'ada@x.test', subject: 'Hi' };
const postmark: PostmarkExtras = { trackOpens: true, trackLinks: 'HtmlOnly', messageStream: 'outbound' };
const mailgun: MailgunExtras = { trackingClicks: 'htmlonly', recipientVariables: { name: 'Ada' } };
const sendstreak: SendStreakExtras = { template: 'welcome', variables: { name: 'Ada' } };

export const taken: InlineMessage[] = [
  { ...mail, provider: { postmark, mailgun, sendstreak } },
  { ...mail, provider: { acme: { whatever: 1 } } },
];

export const refused: InlineMessage[] = [
  // @ts-expect-error a misspelt name
  { ...mail, provider: { postmark: { trackOpen: true } } },
  // @ts-expect-error a word that Postmark does not know
  { ...mail, provider: { postmark: { trackLinks: 'All' } } },
  // @ts-expect-error the relay schedules, not Mailgun
  { ...mail, provider: { mailgun: { deliveryTime: 'tomorrow' } } },
  // @ts-expect-error no text
  { ...mail, provider: { sendstreak: { template: 5 } } },
];
