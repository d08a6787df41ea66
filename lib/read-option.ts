import { type Duration, toMilliseconds } from './duration.js';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';

/** A duration in milliseconds. @param option names it in the error, in full @throws RelayConfigurationError */
export function durationOption(option: string, value: Duration): number {
  try {
    return toMilliseconds(value, option);
  } catch (error) {
    throw new RelayConfigurationError(option, (error as Error).message.replace(`${option}: `, ''), error);
  }
}

/** A whole number of 1 or more; `Infinity` too, where there is no `max`. @param option as above @throws RelayConfigurationError */
export function countOption(option: string, value: unknown, max = Infinity): number {
  const whole = Number.isInteger(value) || (value === Infinity && max === Infinity);
  if (typeof value === 'number' && whole && value >= 1 && value <= max) return value;
  throw new RelayConfigurationError(
    option,
    `${String(value)} must be a whole number of 1 or more${max < Infinity ? `, at most ${max}` : ''}`,
  );
}
