import { openSmtpConversation } from '../smtp/open-smtp-conversation.js';
import type { SmtpConversation } from '../smtp/smtp-conversation.interface.js';
import { SmtpPool } from '../smtp/smtp-pool.js';
import type { SmtpSettings } from '../smtp/smtp-settings.js';
import { ConnectionBudget } from './connection-budget.js';
import type { DirectSettings, DomainSettings } from './direct-settings.js';
import { GREYLISTING } from './greylisting.js';
import type { HostAddresses } from './mail-exchangers.js';
import type { PeerSecurity } from './peer-security.js';
import { inTurns, raceConnect } from './race-connect.js';
import { localAddress, reaches, type SourceAddress } from './source-address.js';
import { Trouble } from './trouble.js';

/** A way to a server. */
export interface ExchangerTarget {
  readonly host: string;
  readonly addresses: HostAddresses;
  readonly security: PeerSecurity;
  readonly source: SourceAddress;
  readonly limits: DomainSettings;
}

/** Connections to one server, from one address of ours, encrypted in one way. */
export class ExchangerPool {
  readonly trouble = new Trouble();
  /** `smtp://mx.acme.test:25`: for messages. */
  readonly endpoint: string;
  readonly host: string;
  readonly #budget: ConnectionBudget;
  readonly #relieve: () => void;
  readonly #pool: SmtpPool;
  /** What is known last of the server: its addresses may change. */
  #target: ExchangerTarget;

  constructor(target: ExchangerTarget, settings: DirectSettings, budget: ConnectionBudget, relieve: () => void) {
    this.#target = target;
    this.#budget = budget;
    this.#relieve = relieve;
    const known = smtpSettingsOf(target, settings);
    this.endpoint = known.endpoint;
    this.host = target.host;
    this.#pool = new SmtpPool((signal) => this.#open(smtpSettingsOf(this.#target, settings), signal), known);
  }

  /** @throws SmtpError */
  take(target: ExchangerTarget, signal: AbortSignal): Promise<SmtpConversation> {
    this.#target = target;
    return this.#pool.take(signal);
  }

  replace(dead: SmtpConversation, signal: AbortSignal): Promise<SmtpConversation> {
    return this.#pool.replace(dead, signal);
  }

  lend(conversation: SmtpConversation): void {
    this.#pool.lend(conversation);
  }

  give(conversation: SmtpConversation): void {
    this.#pool.give(conversation);
    if (this.#budget.isShort) this.#relieve();
  }

  closeIdle(): boolean {
    return this.#pool.closeIdle();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Nobody would miss it. */
  get isIdle(): boolean {
    return this.#pool.isEmpty && this.trouble.left === 0;
  }

  async #open(settings: SmtpSettings, signal: AbortSignal): Promise<SmtpConversation> {
    await this.#budget.take(settings.endpoint, signal);
    try {
      const conversation = await openSmtpConversation(settings, signal);
      if (conversation.closed) this.#budget.give();
      else conversation.onClose(() => this.#budget.give());
      return conversation;
    } catch (error) {
      this.#budget.give();
      throw error;
    }
  }
}

/** All connections of a transport, by server. */
export class ExchangerPools {
  readonly #settings: DirectSettings;
  readonly #pools = new Map<string, ExchangerPool>();
  readonly #budget: ConnectionBudget;
  #sweepAt = SWEEP;
  #closed?: Promise<void>;

  constructor(settings: DirectSettings) {
    this.#settings = settings;
    this.#budget = new ConnectionBudget(settings.maxConnections, () => this.#closeOne());
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** @param domain given where it has limits of its own */
  to(target: ExchangerTarget, domain: string | undefined): ExchangerPool {
    const key = [domain ?? '', target.host, target.source.key, target.security.key].join('|');
    let pool = this.#pools.get(key);
    if (!pool) {
      this.#sweep();
      pool = new ExchangerPool(target, this.#settings, this.#budget, () => this.#closeOne());
      this.#pools.set(key, pool);
      if (this.#closed) void pool.close();
    }
    return pool;
  }

  /** Lets what is under way finish. */
  close(): Promise<void> {
    this.#closed ??= Promise.all([...this.#pools.values()].map((pool) => pool.close())).then(() => undefined);
    return this.#closed;
  }

  #closeOne(): void {
    for (const pool of this.#pools.values()) if (pool.closeIdle()) return;
  }

  #sweep(): void {
    if (this.#pools.size < this.#sweepAt) return;
    for (const [key, pool] of this.#pools) if (pool.isIdle) this.#pools.delete(key);
    this.#sweepAt = Math.max(SWEEP, 2 * this.#pools.size);
  }
}

/** From so many on, those that have no connection are forgotten. */
const SWEEP = 500;

function smtpSettingsOf(target: ExchangerTarget, settings: DirectSettings): SmtpSettings {
  const { host, addresses, security, source, limits } = target;
  const { port, timeouts } = settings;
  const { key: _key, rejectUnauthorized, ...tls } = security;
  const reachable = inTurns(addresses.addresses.filter((address) => reaches(source, address)));
  return {
    host,
    port,
    endpoint: `smtp://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...tls,
    loopback: false,
    connections: limits.connections,
    messagesPerConnection: limits.messagesPerConnection,
    idle: settings.idle,
    name: source.name,
    tlsOptions: { ...settings.tlsOptions, rejectUnauthorized },
    timeouts,
    exceptions: GREYLISTING,
    connect: (signal) =>
      raceConnect(
        { addresses: reachable, port, localAddress: (to) => localAddress(source, to) },
        timeouts.connect,
        signal,
      ),
  };
}
