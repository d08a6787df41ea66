import type { MailEvent } from '../../events/mail-event.interface.js';
import { sesEvents } from '../../providers/ses/ses.webhook.js';
import { type Json, readObject } from '../webhooks/read-json.js';
import { addressesIn } from './addresses-in.js';
import type { BouncedRecipient, BounceReport } from './bounce-report.interface.js';
import { headerOf, type MimePart } from './mime-reader.js';

/** What Amazon SES tells over a topic that a mailbox is subscribed to, read as its webhook reads it; `null` for anything else. */
export function readSesNotification(whole: MimePart, words: string): BounceReport | null {
  if (!addressesIn(headerOf(whole, 'from')).some((from) => /@sns\.amazonaws\.com$/i.test(from))) return null;
  const told = notificationIn(words);
  const recipients = told ? sesEvents(told, '').flatMap(recipientOf) : [];
  const [first] = recipients;
  if (!told || !first) return null;
  if (first.action === 'delivered') return { kind: 'delivered', recipients };
  if (first.reason !== 'complaint') return { kind: 'bounce', recipients };
  const { complaintFeedbackType: type } = (told['complaint'] ?? {}) as Json;
  return { kind: 'complaint', feedbackType: typeof type === 'string' ? type : 'abuse', recipients };
}

function recipientOf(event: MailEvent): BouncedRecipient[] {
  const { recipient: address } = event;
  switch (event.type) {
    case 'bounced': {
      const { reason, permanent, suppress, replyCode, enhancedCode, description } = event;
      const codes = {
        ...(enhancedCode !== undefined && { status: enhancedCode }),
        ...(replyCode !== undefined && { replyCode }),
      };
      return [
        {
          address,
          action: 'failed',
          ...codes,
          reason,
          ...(description !== undefined && { diagnostic: description }),
          permanent,
          suppress,
        },
      ];
    }
    case 'complained':
      return [{ address, action: 'failed', reason: 'complaint', permanent: true, suppress: event.suppress }];
    case 'delivered':
      return [{ address, action: 'delivered', reason: 'delivered', permanent: false, suppress: false }];
    default:
      return [];
  }
}

/** The notification in the topic's own words, or alone. Mail servers break its long lines. */
function notificationIn(words: string): Json | undefined {
  try {
    const text = words.slice(words.indexOf('{'), words.lastIndexOf('}') + 1).replaceAll(/!?\n ?/g, '');
    const outer = readObject(Buffer.from(text));
    return typeof outer['Message'] === 'string' ? readObject(Buffer.from(outer['Message'])) : outer;
  } catch {
    return undefined;
  }
}
