import { MailMessageError } from '../errors/mail-message.error.js';
import type { SuppressionKey } from './suppression-store.interface.js';
import { CONTROLS } from './read-entry.js';

/** Where a page ended, as a text that means nothing to its reader. */
export function cursorOf({ address, stream, tenant }: SuppressionKey): string {
  return Buffer.from(JSON.stringify([address, stream ?? '', tenant ?? ''])).toString('base64url');
}

/** @throws MailMessageError for what no page gave */
export function keyOfCursor(cursor: unknown): SuppressionKey {
  const parts = typeof cursor === 'string' ? partsOf(cursor) : undefined;
  if (!Array.isArray(parts) || parts.length !== 3 || !parts.every(isPart))
    throw new MailMessageError('cursor', 'is none that list() gave; leave it out to begin with the first page');
  const [address, stream, tenant] = parts as [string, string, string];
  return { address, ...(stream && { stream }), ...(tenant && { tenant }) };
}

function partsOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}

function isPart(value: unknown): boolean {
  return typeof value === 'string' && value.length < 1_000 && value.isWellFormed() && !CONTROLS.test(value);
}
