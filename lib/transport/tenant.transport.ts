import { type Duration, toMilliseconds } from '../duration.js';
import { MailError } from '../errors/mail.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { MailTransport } from './mail-transport.js';
import { parseRate, type Rate, type RateLimit } from './rate.js';
import type { TransportInput } from './transport-input.js';

/** A transport for each tenant, made in the worker when first needed; secrets are never queued. */
export interface TenantTransport {
  /** Makes the tenant's transport anew when it is next needed, in every process within a second: its settings have changed. */
  forget(tenant: string): Promise<void>;
}

export interface TenantTransportOptions {
  /** Transports kept at most. Default 100; the one that was used longest ago is closed first. */
  max?: number;
  /** How long one is kept that nobody uses. Default `'10m'`. */
  idle?: Duration;
  /** Of each tenant. */
  rate?: Rate;
}

/** What makes a transport of a URL, an object or a class. */
export type MakeTransport = (input: TransportInput, tenant: string) => Promise<MailTransport>;

/** What a tenant's transport is, by the tenant. */
export type ResolveTenant = (tenant: string) => TransportInput | Promise<TransportInput>;

/** A tenant's transport, in use until it is given back. */
export interface TenantLease {
  readonly transport: MailTransport;
  release(): void;
}

/** The transports of the tenants that are active just now. */
export class TenantTransports implements TenantTransport {
  readonly rate?: RateLimit;
  readonly #resolve: ResolveTenant;
  readonly #max: number;
  readonly #idle: number;
  /** The one used last is last. */
  readonly #kept = new Map<string, Kept>();
  readonly #announce = new Set<(tenant: string) => Promise<void>>();
  #make?: MakeTransport;

  /** @throws RelayConfigurationError */
  constructor(resolve: ResolveTenant, options: TenantTransportOptions = {}) {
    if (typeof resolve !== 'function')
      throw new RelayConfigurationError('perTenant', "needs a function: perTenant(async (tenant) => 'smtp://...')");
    this.#resolve = resolve;
    this.#max = options.max ?? 100;
    if (!Number.isInteger(this.#max) || this.#max < 1)
      throw new RelayConfigurationError('perTenant.max', 'is a whole number of 1 or more');
    this.#idle = idleOf(options.idle ?? '10m');
    if (options.rate !== undefined) this.rate = parseRate(options.rate, 'perTenant.rate');
  }

  /** @param announce tells the other processes of a relay that a tenant is to be forgotten */
  open(make: MakeTransport, announce: (tenant: string) => Promise<void>): void {
    this.#make = make;
    this.#announce.add(announce);
  }

  /**
   * @param forgotten when the tenant was last to be forgotten, and the time, on one clock
   * @throws MailError scope `transport` when there is none to be had
   */
  async take(tenant: string, forgotten: { at: number; now: number }): Promise<TenantLease> {
    let kept = this.#kept.get(tenant);
    if (kept && kept.made < forgotten.at) {
      this.#drop(tenant, kept);
      kept = undefined;
    }
    kept ??= { made: forgotten.now, transport: this.#made(tenant), users: 0 };
    // Last in line to be closed.
    this.#kept.delete(tenant);
    this.#kept.set(tenant, kept);
    const used = kept;
    clearTimeout(used.timer);
    used.users++;
    try {
      const transport = await used.transport;
      this.#makeRoom();
      return { transport, release: () => this.#release(tenant, used) };
    } catch (thrown) {
      used.users--;
      if (this.#kept.get(tenant) === used) this.#kept.delete(tenant);
      throw unavailable(tenant, thrown);
    }
  }

  async forget(tenant: string): Promise<void> {
    const kept = this.#kept.get(tenant);
    if (kept) this.#drop(tenant, kept);
    await Promise.all([...this.#announce].map((announce) => announce(tenant)));
  }

  /** Lets messages in flight finish, then closes all. */
  async close(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const { timer } of kept) clearTimeout(timer);
    await Promise.allSettled(kept.map(async ({ transport }) => (await transport).close?.()));
  }

  async #made(tenant: string): Promise<MailTransport> {
    return this.#make!(await this.#resolve(tenant), tenant);
  }

  #makeRoom(): void {
    for (const [tenant, kept] of this.#kept) {
      if (this.#kept.size <= this.#max) return;
      if (kept.users === 0) this.#drop(tenant, kept);
    }
  }

  #release(tenant: string, kept: Kept): void {
    kept.users--;
    if (kept.users > 0) return;
    if (kept.dropped) return closeOne(kept);
    this.#makeRoom();
    if (this.#kept.get(tenant) !== kept) return;
    kept.timer = setTimeout(() => this.#drop(tenant, kept), this.#idle).unref();
  }

  /** Closed when its last message is through. */
  #drop(tenant: string, kept: Kept): void {
    clearTimeout(kept.timer);
    if (this.#kept.get(tenant) === kept) this.#kept.delete(tenant);
    kept.dropped = true;
    if (kept.users === 0) closeOne(kept);
  }
}

/**
 * A transport for each tenant: `send(..., { tenant: 'acme' })` goes out with what `resolve('acme')` gives. It is asked in the worker, when
 * the tenant's first mail is sent, so that its secrets are never in the queue. Throttle and breaker are the tenant's own.
 *
 * @example
 * transports: { smtp: perTenant(async (tenant) => (await settings.of(tenant)).smtpUrl) }
 *
 * @throws RelayConfigurationError
 */
export function perTenant(resolve: ResolveTenant, options?: TenantTransportOptions): TenantTransport {
  return new TenantTransports(resolve, options);
}

interface Kept {
  /** On the clock of all processes. */
  readonly made: number;
  readonly transport: Promise<MailTransport>;
  users: number;
  dropped?: boolean;
  timer?: NodeJS.Timeout;
}

function closeOne({ transport }: Kept): void {
  transport.then((one) => one.close?.()).catch(() => {});
}

function idleOf(idle: Duration): number {
  try {
    return Math.min(toMilliseconds(idle, 'perTenant.idle'), 2 ** 31 - 1);
  } catch {
    throw new RelayConfigurationError('perTenant.idle', "is a duration such as '10m'");
  }
}

function unavailable(tenant: string, thrown: unknown): MailError {
  if (thrown instanceof MailError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new MailError(`The transport of tenant ${tenant} cannot be had: ${why}`, {
    scope: 'transport',
    reason: 'tenant',
    cause: thrown,
  });
}
