import { type ProviderRow, type ProviderSuppression, timeOf } from '../provider-suppression.interface.js';

/** Mailgun's three lists, by their paths: https://documentation.mailgun.com/docs/mailgun/user-manual/suppressions */
export const MAILGUN_LISTS = {
  bounces: 'bounced',
  complaints: 'complained',
  unsubscribes: 'unsubscribed',
} as const satisfies Record<string, ProviderSuppression['reason']>;

export type MailgunList = keyof typeof MAILGUN_LISTS;

/** An address of one of the lists. One that unsubscribed from a tag only has unsubscribed: the relay has no lists by tags. */
export function mailgunSuppression(
  list: MailgunList,
  { address, created_at: createdAt }: ProviderRow,
): ProviderSuppression {
  const at = timeOf(createdAt);
  return { address: address as string, reason: MAILGUN_LISTS[list], source: 'mailgun', ...(at && { at }) };
}

/** Which list a row is of, by the columns that only one has. */
export function mailgunListOf(columns: (name: string) => boolean): MailgunList {
  if (columns('code') || columns('error')) return 'bounces';
  return columns('tags') || columns('tag') ? 'unsubscribes' : 'complaints';
}
