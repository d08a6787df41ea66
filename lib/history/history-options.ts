import { type Duration, toMilliseconds } from '../duration.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { refuseUnknown } from '../refuse-unknown.js';

/** What is kept of mails beyond what became of them, for the console. */
export interface HistoryOptions {
  /**
   * Keeps sent mails as they went out, for so long; `true` for `'7d'`. With `queue.encryption` they are encrypted. Default `'7d'` in
   * development, and `false` where NODE_ENV is production: mails hold what is nobody's business.
   */
  content?: boolean | Duration;
  /** Bytes: larger mails are not kept. Default 1 MiB. */
  maxSize?: number;
}

/** {@link HistoryOptions} checked; `false` for no history. */
export type HistorySettings = false | { readonly content: false | { readonly keep: number; readonly maxSize: number } };

/** @param retention milliseconds @throws RelayConfigurationError that names the option */
export function readHistory(options: false | HistoryOptions | undefined, retention: number): HistorySettings {
  if (options === false) return false;
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw new RelayConfigurationError('history', "is false, or an object such as { content: '7d' }");
  if (options) refuseUnknown(options, ['content', 'maxSize'], 'history.');
  const { content = process.env.NODE_ENV !== 'production', maxSize = MIB } = options ?? {};
  if (!Number.isInteger(maxSize) || maxSize < 1 || maxSize > MOST)
    throw new RelayConfigurationError('history.maxSize', `is a number of bytes from 1 to ${MOST}`);
  if (content === false) return { content };
  return { content: { keep: Math.min(keepOf(content), retention), maxSize } };
}

function keepOf(content: true | Duration): number {
  try {
    const milliseconds = toMilliseconds(content === true ? DEFAULT : content, 'history.content');
    if (milliseconds >= 60_000) return milliseconds;
  } catch {
    // Told below.
  }
  throw new RelayConfigurationError('history.content', "is true, false, or a time of at least '1m', such as '7d'");
}

const DEFAULT = '7d';
const MIB = 1024 * 1024;
const MOST = 25 * MIB;
