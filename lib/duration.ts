/** Milliseconds, or a number and a unit: `500`, `'10s'`, `'1.5h'`, `'30d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A duration in milliseconds.
 *
 * @param field names the option in the error
 * @throws RangeError when it is not a finite duration of zero or more
 */
export function toMilliseconds(duration: Duration, field: string): number {
  const [, number, unit] = typeof duration === 'string' ? (/^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? []) : [];
  const value = typeof duration === 'number' ? duration : Number(number) * UNITS[unit ?? '']!;
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(
      `${field}: ${JSON.stringify(duration)} is no duration; give milliseconds or e.g. '500ms', '10s', '5m', '24h', '7d'`,
    );
  }
  return value;
}
