import { type ProviderRow, type ProviderSuppression, timeOf } from '../provider-suppression.interface.js';

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SuppressedDestinationSummary.html */
const REASONS: Readonly<Record<string, ProviderSuppression['reason']>> = {
  BOUNCE: 'bounced',
  COMPLAINT: 'complained',
};

/** An address of the account's suppression list. */
export function sesSuppression({ EmailAddress, Reason, LastUpdateTime }: ProviderRow): ProviderSuppression {
  const at = timeOf(LastUpdateTime);
  const reason = REASONS[String(Reason).toUpperCase()] ?? 'manual';
  return { address: EmailAddress as string, reason, source: 'ses', ...(at && { at }) };
}
