import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { MailMessageError } from '../errors/mail-message.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { UnsupportedFeatureError } from '../errors/unsupported-feature.error.js';
import { instanceOf } from '../instance-of.js';
import type { MailTransport } from '../transport/mail-transport.js';
import { TenantTransports } from '../transport/tenant.transport.js';
import type { RateLimit } from '../transport/rate.js';
import { isTransport } from '../transport/transport-input.js';
import { transportFromUrl } from '../transport/transport-url.js';
import { lacks, type MailDemands } from './demands.js';
import { type LimitSettings, limitsOf } from './flow/limit-settings.js';
import { TransportGate } from './flow/transport-gate.js';
import { NO_LIMITS, type TransportLimits } from './flow/transport-limits.js';
import type { RouteNode } from './route/route.js';
import { type RouteFunction, Router } from './route/router.js';
import type { SharedStore } from '../shared-store.interface.js';

/** A transport as configured. */
export interface ConfiguredTransport {
  readonly source: MailTransport | Type<MailTransport> | TenantTransports;
  readonly limits: LimitSettings;
}

/** A transport with the name it has in the configuration and the gate before it; to be released. */
export interface TransportInUse {
  readonly name: string;
  readonly transport: MailTransport;
  readonly gate: TransportGate;
  release(): void;
}

/** The transports of a relay by name, and the route of the mails that name none. */
export class TransportSet {
  readonly router: Router;
  readonly #configured: ReadonlyMap<string, ConfiguredTransport>;
  readonly #transports = new Map<string, MailTransport>();
  readonly #tenants = new Map<string, TenantTransports>();
  readonly #gates = new Map<string, TransportGate>();
  #makeGate?: (key: string, limits: () => TransportLimits | Promise<TransportLimits>) => TransportGate;

  constructor(configured: ReadonlyMap<string, ConfiguredTransport>, route: RouteNode | RouteFunction) {
    this.#configured = configured;
    this.router = new Router(route);
    for (const [name, { source }] of configured) {
      if (source instanceof TenantTransports) this.#tenants.set(name, source);
      else if (typeof source !== 'function') this.#transports.set(name, source);
    }
  }

  /**
   * Makes the transports that are given as classes: the application's own provider, or a new one with what it injects.
   *
   * @param shared what all processes of the relay share
   * @param clock milliseconds since the epoch
   * @throws RelayConfigurationError
   */
  async open(modules: ModuleRef, shared: SharedStore, clock: () => number): Promise<void> {
    this.#makeGate = (key, limits) => new TransportGate(key, shared, clock, limits);
    for (const [name, { source, limits }] of this.#configured) {
      if (typeof source === 'function') this.#transports.set(name, await instanceOf(source, modules));
      const transport = this.#transports.get(name);
      transport?.join?.({ name, shared });
      if (transport) this.#gates.set(name, this.#makeGate(name, limitsOf(limits, transport, `transports.${name}`)));
    }
    for (const [name, tenants] of this.#tenants)
      tenants.open(
        async (input, tenant) => {
          const transport = await madeOf(input, name, modules);
          transport.join?.({ name: `${name}/${tenant}`, shared });
          return transport;
        },
        (tenant) => this.#tenantGate(name, tenant, tenants).forget(),
      );
  }

  get names(): readonly string[] {
    return [...this.#configured.keys()];
  }

  /** Those that are not of tenants, by name. */
  get transports(): ReadonlyMap<string, MailTransport> {
    return this.#transports;
  }

  /** Until when nothing is sent by those that are not of tenants, by name, in milliseconds since the epoch. @throws QueueUnavailableError */
  async closedUntil(): Promise<ReadonlyMap<string, number | undefined>> {
    const gates = [...this.#transports.keys()].map(
      async (name) => [name, await this.#gates.get(name)?.closedUntil()] as const,
    );
    return new Map(await Promise.all(gates));
  }

  /** Proves all of them, but for those of tenants. @throws what the first that fails throws */
  async verify(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.verify?.()));
  }

  /**
   * `undefined` where no such transport is configured in this process.
   *
   * @throws MailError scope `transport` when a tenant's cannot be had; QueueUnavailableError
   */
  async use(name: string, tenant: string | undefined): Promise<TransportInUse | undefined> {
    const transport = this.#transports.get(name);
    if (transport) return { name, transport, gate: this.#gates.get(name)!, release: () => {} };
    const tenants = this.#tenants.get(name);
    if (!tenants) return undefined;
    if (tenant === undefined) throw noTenant(name);
    const gate = this.#tenantGate(name, tenant, tenants);
    return { name, gate, ...(await tenants.take(tenant, await gate.forgotten())) };
  }

  /**
   * Refuses what no transport of the mail's route can carry, before anything is queued.
   *
   * @throws UnsupportedFeatureError that names the transports that could; MailMessageError for an unknown transport, or where none fits
   */
  check(
    mail: { readonly transport?: string; readonly tenant?: string; readonly to: readonly string[] },
    demands: MailDemands,
  ): void {
    const { transport: named } = mail;
    if (named !== undefined && !this.#configured.has(named))
      throw new MailMessageError(
        'transport',
        `there is no transport ${JSON.stringify(named)}; configured are ${this.names.join(', ')}`,
      );
    if (named !== undefined) this.#checkOne([named], mail.tenant, demands);
    else if (!this.router.names) this.#checkOne(this.names, mail.tenant, demands);
    else for (const address of mail.to) this.#checkOne(this.#candidates(address), mail.tenant, demands);
  }

  /** The transports that can be looked at: those of all tenants are one, and those of the tenants that this process knows. */
  get known(): readonly { readonly name: string; readonly transport?: MailTransport }[] {
    const names = [...this.#configured.keys()].filter((name) => !this.#tenants.has(name));
    const tenants = [...this.#gates.keys()].filter((key) => !this.#configured.has(key)).slice(0, MOST_SHOWN);
    return [...names, ...tenants].map((name) => {
      const transport = this.#transports.get(name);
      return transport ? { name, transport } : { name };
    });
  }

  /** The way to a transport, also to one that only other processes have; `undefined` before the start. */
  gateOf(name: string): TransportGate | undefined {
    return this.#gates.get(name) ?? this.#makeGate?.(name, () => NO_LIMITS);
  }

  async close(): Promise<void> {
    for (const gate of this.#gates.values()) gate.close();
    await Promise.allSettled(
      [...this.#transports.values(), ...this.#tenants.values()].map(async (transport) => transport.close?.()),
    );
  }

  #candidates(address: string): readonly string[] {
    const candidates = this.router.candidates(address)!;
    if (candidates.length > 0) return candidates;
    throw new MailMessageError('to', `no route fits ${address}; give byDomain() a route for '*'`);
  }

  /** One of them must be able to carry the mail. */
  #checkOne(candidates: readonly string[], tenant: string | undefined, demands: MailDemands): void {
    let first: { name: string; lacking: { feature: string; why: string } } | undefined;
    for (const name of candidates) {
      if (this.#tenants.has(name) && tenant === undefined) throw noTenant(name);
      const lacking = this.#lacks(name, demands);
      if (!lacking) return;
      first ??= { name, lacking };
    }
    if (!first) return;
    const { name, lacking } = first;
    const able = this.names.filter((other) => !this.#lacks(other, demands));
    const mend = able.length
      ? `transports that can: ${able.join(', ')} (option \`transport\`)`
      : 'no configured transport can';
    throw new UnsupportedFeatureError(lacking.feature, name, `The transport ${name} ${lacking.why}; ${mend}`);
  }

  /** What a tenant's transport can carry is known only when there is one. */
  #lacks(name: string, demands: MailDemands): { feature: string; why: string } | undefined {
    return lacks(this.#transports.get(name)?.capabilities, demands);
  }

  #tenantGate(name: string, tenant: string, { rate }: { rate?: RateLimit }): TransportGate {
    const key = `${name}/${tenant}`;
    let gate = this.#gates.get(key);
    if (!gate) {
      const limits: TransportLimits = { perDomain: new Map(), ...(rate && { rate }) };
      this.#forgetIdleGates();
      this.#gates.set(key, (gate = this.#makeGate!(key, () => limits)));
    }
    return gate;
  }

  #forgetIdleGates(): void {
    if (this.#gates.size < MOST_GATES) return;
    for (const [key, gate] of this.#gates) {
      if (!gate.isIdle || this.#transports.has(key)) continue;
      gate.close();
      this.#gates.delete(key);
    }
  }
}

const MOST_SHOWN = 50;

/** From so many on, those of tenants that nobody uses are forgotten: what they know is in the shared store. */
const MOST_GATES = 1_000;

async function madeOf(input: unknown, name: string, modules: ModuleRef): Promise<MailTransport> {
  if (typeof input === 'string') return transportFromUrl(input, `transports.${name}`);
  if (!isTransport(input))
    throw new RelayConfigurationError(`transports.${name}`, 'perTenant() got no URL, MailTransport or class of one');
  return typeof input === 'function' ? instanceOf(input, modules) : input;
}

function noTenant(name: string): MailMessageError {
  return new MailMessageError('tenant', `is missing: the transport ${name} is one of each tenant`);
}
