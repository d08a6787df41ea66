import { RelayConfigurationError } from '../errors/relay-configuration.error.js';

/** A number per unit of time: `'14/s'`, `'50000/day'`. */
export type Rate = `${number}/${'s' | 'm' | 'h' | 'day'}`;

/** A {@link Rate}, read. */
export interface RateLimit {
  /** How many in one window. */
  readonly count: number;
  /** Length of a window in milliseconds. */
  readonly window: number;
}

/** @throws RelayConfigurationError that names the option */
export function parseRate(rate: unknown, option: string): RateLimit {
  const [, count, unit] = (typeof rate === 'string' && /^(\d+(?:\.\d+)?)\/(s|m|h|day)$/.exec(rate)) || [];
  if (!unit || Number(count) <= 0 || !Number.isFinite(Number(count)))
    throw new RelayConfigurationError(
      option,
      `${JSON.stringify(rate)} is no rate; give e.g. '14/s', '500/m', '50000/day'`,
    );
  return { count: Number(count), window: WINDOWS[unit]! };
}

const WINDOWS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, day: 86_400_000 };
