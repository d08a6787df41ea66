import { quotaFreeAt, quotaUsed } from '../../delivery/flow/quota.js';
import { paceOf } from '../../delivery/flow/pace.js';
import type { TransportLimits } from '../../delivery/flow/transport-limits.js';
import type { TransportState } from '../../delivery/flow/transport-state.js';
import type { MailTransport } from '../../transport/mail-transport.js';
import type { RateLimit } from '../../transport/rate.js';
import { redactUrl } from '../../transport/redact-url.js';

/** A transport, and what all processes know of it. */
export interface TransportView {
  readonly name: string;
  /** As it prints itself, without secrets. */
  readonly printed: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly why?: string;
  /** ISO 8601. */
  readonly until?: string;
  /** By hand. */
  readonly paused: boolean;
  /** `used`: recipients whose turn is still to come, or in the window's burst. */
  readonly rate?: { readonly limit: string; readonly used?: number };
  readonly quota?: { readonly limit: string; readonly used: number; readonly until?: string };
  readonly concurrency?: { readonly limit: number; readonly used: number };
}

export interface LookedAt {
  readonly state: Readonly<TransportState>;
  readonly limits: TransportLimits;
  /** Milliseconds since the epoch, on the store's clock. */
  readonly now: number;
}

export function transportViewOf(name: string, transport: MailTransport | undefined, looked: LookedAt): TransportView {
  const { state, limits, now } = looked;
  const { rate, quota, concurrency } = limits;
  const underWay = Object.values(state.underWay ?? {}).filter(({ until, lanes }) => until > now && lanes.includes(''));
  return {
    name,
    printed: printed(transport),
    ...troubleOf(looked),
    paused: state.held !== undefined,
    ...(rate && { rate: { limit: rateText(rate), used: rateUsed(state, rate, now) } }),
    ...(quota && {
      quota: { limit: rateText(quota), used: quotaUsed(state, quota, now), ...freeAt(state, quota, now) },
    }),
    ...(concurrency !== undefined && { concurrency: { limit: concurrency, used: underWay.length } }),
  };
}

/** Its own words about itself, unless they are those of any object. */
export function printed(transport: MailTransport | undefined): string {
  if (!transport) return '';
  const own = transport.toString === Object.prototype.toString ? '' : String(transport);
  return own === '' ? transport.constructor.name : redactUrl(own);
}

function troubleOf({ state, now }: LookedAt): Pick<TransportView, 'breaker' | 'why' | 'until'> {
  const { breaker, paused, held, slow } = state;
  if (breaker?.until !== undefined) {
    const open = now < breaker.until;
    return {
      breaker: open ? 'open' : 'half-open',
      ...(breaker.why && { why: breaker.why }),
      ...(open && until(breaker.until)),
    };
  }
  if (held) return { breaker: 'closed', why: `paused by hand at ${new Date(held.at).toISOString()}` };
  if (paused && paused.until > now) return { breaker: 'closed', why: paused.why, ...until(paused.until) };
  if (slow) return { breaker: 'closed', why: 'it asked for a slower pace, which recovers by itself' };
  return { breaker: 'closed' };
}

function rateUsed(state: TransportState, rate: RateLimit, now: number): number {
  const lane = state.lanes?.[''];
  return lane ? Math.max(0, Math.round((lane.next - now) / paceOf(rate).interval)) : 0;
}

function freeAt(state: TransportState, quota: RateLimit, now: number): { until?: string } {
  const at = quotaFreeAt(state, quota, 1, now);
  return at === undefined ? {} : until(at);
}

function until(at: number): { until: string } {
  return { until: new Date(at).toISOString() };
}

function rateText({ count, window }: RateLimit): string {
  return `${count}/${UNITS[window] ?? `${window} ms`}`;
}

const UNITS: Readonly<Record<number, string>> = { 1_000: 's', 60_000: 'm', 3_600_000: 'h', 86_400_000: 'day' };
