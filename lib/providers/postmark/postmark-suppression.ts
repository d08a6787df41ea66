import { type ProviderRow, type ProviderSuppression, timeOf } from '../provider-suppression.interface.js';

/** https://postmarkapp.com/developer/api/suppressions-api#suppression-dump */
const REASONS: Readonly<Record<string, ProviderSuppression['reason']>> = {
  HardBounce: 'bounced',
  SpamComplaint: 'complained',
  ManualSuppression: 'manual',
};

/** An address of a message stream's suppression list. What the recipient did by hand was to unsubscribe. */
export function postmarkSuppression(row: ProviderRow): ProviderSuppression {
  const { EmailAddress, SuppressionReason, Origin, CreatedAt } = row;
  const at = timeOf(CreatedAt);
  const stated = REASONS[String(SuppressionReason)] ?? 'manual';
  const reason = stated === 'manual' && Origin === 'Recipient' ? 'unsubscribed' : stated;
  return { address: EmailAddress as string, reason, source: 'postmark', ...(at && { at }) };
}
