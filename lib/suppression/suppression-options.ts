import { type Duration, toMilliseconds } from '../duration.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { refuseUnknown } from '../refuse-unknown.js';
import { MOST_SOFT_BOUNCES } from './suppression-store.interface.js';

/** What the events of a mail do to the suppression list. */
export interface SuppressionOptions {
  /** How long an address that does not exist is held back. Default `'forever'`. */
  hardBounce?: Duration | 'forever';
  /**
   * After so many soft bounces (a full mailbox, a suspended account) within a time the address is held back for another. Default 5 within
   * `'7d'`, for `'30d'`; `false`: never. A mail counts once, when it is given up.
   */
  softBounce?: { count?: number; within?: Duration; for?: Duration } | false;
  /** Whether who complains gets no more mails of that stream, or none at all. Default `'all'`. */
  complaint?: 'stream' | 'all';
  /** Whether who unsubscribes gets no more mails of that stream, or none at all. Default `'stream'`. */
  unsubscribe?: 'stream' | 'all';
}

/** {@link SuppressionOptions} checked. Times are in milliseconds; Infinity is for ever. */
export interface SuppressionSettings {
  readonly hardBounce: number;
  readonly softBounce: { readonly count: number; readonly within: number; readonly for: number } | false;
  readonly complaint: 'stream' | 'all';
  readonly unsubscribe: 'stream' | 'all';
}

/** @throws RelayConfigurationError that names the option */
export function readSuppressionOptions(options: SuppressionOptions = {}): SuppressionSettings {
  refuseUnknown(options, ['hardBounce', 'softBounce', 'complaint', 'unsubscribe'], 'suppression.');
  const { hardBounce = 'forever', softBounce = {}, complaint = 'all', unsubscribe = 'stream' } = options;
  return {
    hardBounce: hardBounce === 'forever' ? Infinity : time(hardBounce, 'suppression.hardBounce'),
    softBounce: softBounce === false ? false : readSoftBounce(softBounce),
    complaint: reach(complaint, 'suppression.complaint'),
    unsubscribe: reach(unsubscribe, 'suppression.unsubscribe'),
  };
}

function readSoftBounce(
  options: Exclude<SuppressionOptions['softBounce'], false | undefined>,
): SuppressionSettings['softBounce'] {
  const prefix = 'suppression.softBounce.';
  refuseUnknown(options, ['count', 'within', 'for'], prefix);
  const { count = 5, within = '7d', for: forTime = '30d' } = options;
  if (!Number.isInteger(count) || count < 1 || count > MOST_SOFT_BOUNCES)
    throw new RelayConfigurationError(`${prefix}count`, `must be a whole number from 1 to ${MOST_SOFT_BOUNCES}`);
  return { count, within: time(within, `${prefix}within`), for: time(forTime, `${prefix}for`) };
}

function time(value: Duration, option: string): number {
  try {
    const milliseconds = Math.ceil(toMilliseconds(value, option));
    if (milliseconds >= 1 && milliseconds <= LONGEST) return milliseconds;
  } catch {
    // Told below.
  }
  const forever = option.endsWith('hardBounce') ? ", or 'forever'" : '';
  throw new RelayConfigurationError(option, `must be a time of up to 100 years, such as '30d'${forever}`);
}

/** A Date cannot tell much more. */
const LONGEST = 100 * 365 * 86_400_000;

function reach(value: unknown, option: string): 'stream' | 'all' {
  if (value === 'stream' || value === 'all') return value;
  throw new RelayConfigurationError(option, "must be 'stream' or 'all'");
}
