import type { RateLimit } from '../../transport/rate.js';

/** How fast a transport may be used, over all processes. Rates and quotas count recipients, as the providers do. */
export interface TransportLimits {
  readonly rate?: RateLimit;
  readonly quota?: RateLimit;
  /** Attempts at once. */
  readonly concurrency?: number;
  readonly perDomain: ReadonlyMap<string, DomainLimits>;
}

export interface DomainLimits {
  readonly rate?: RateLimit;
  readonly concurrency?: number;
}

export const NO_LIMITS: TransportLimits = { perDomain: new Map() };

export function hasLimits({ rate, quota, concurrency, perDomain }: TransportLimits): boolean {
  return rate !== undefined || quota !== undefined || concurrency !== undefined || perDomain.size > 0;
}
