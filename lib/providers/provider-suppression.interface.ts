import type { MailStream } from '../mail/mail-message.interface.js';

/** An address on a provider's own list, in the relay's words; what `SuppressionList.import()` takes. */
export interface ProviderSuppression {
  address: string;
  reason: 'bounced' | 'complained' | 'unsubscribed' | 'manual';
  stream?: MailStream;
  tenant?: string;
  /** The provider. */
  source: string;
  at?: Date;
}

/** Which of the relay's mails a provider's list is for. */
export interface ProviderSuppressionScope {
  /** Complaints, unsubscriptions and what was put there by hand are for mails of this stream; bounces for all. Default all streams. */
  stream?: MailStream;
  /** All are for mails of this tenant. Default all tenants. */
  tenant?: string;
}

/** A row of a provider's list, by its own names. */
export type ProviderRow = Readonly<Record<string, unknown>>;

export function inScope(row: ProviderSuppression, { stream, tenant }: ProviderSuppressionScope): ProviderSuppression {
  return {
    ...row,
    ...(stream !== undefined && row.reason !== 'bounced' && { stream }),
    ...(tenant !== undefined && { tenant }),
  };
}

/** A time in any of the forms that providers give: ISO 8601, RFC 5322, seconds since the epoch. Undefined for what is none. */
export function timeOf(value: unknown): Date | undefined {
  if (value instanceof Date) return value;
  const seconds = typeof value === 'number' || /^\d{9,11}(?:\.\d+)?$/.test(String(value)) ? Number(value) : undefined;
  const date = new Date(seconds === undefined ? String(value ?? '') : seconds * 1_000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
