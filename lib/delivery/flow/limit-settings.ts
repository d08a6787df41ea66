import { Logger } from '@nestjs/common';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { MailTransport } from '../../transport/mail-transport.js';
import { parseRate, type RateLimit } from '../../transport/rate.js';
import { type DomainLimits, NO_LIMITS, type TransportLimits } from './transport-limits.js';

/** Limits as configured; `'auto'` is asked of the provider. */
export interface LimitSettings {
  readonly rate?: RateLimit | 'auto';
  readonly quota?: RateLimit | 'auto';
  readonly concurrency?: number;
  readonly perDomain: ReadonlyMap<string, DomainLimits>;
}

/** How long the provider's own limits are believed, and when they are asked for again after a failure. Milliseconds. */
const BELIEVED = 3_600_000;
const ASK_AGAIN = 60_000;

/**
 * The limits of one transport, whenever they are asked for.
 *
 * @throws RelayConfigurationError where the provider is to be asked and the transport cannot
 */
export function limitsOf(
  settings: LimitSettings,
  transport: MailTransport,
  option: string,
): () => TransportLimits | Promise<TransportLimits> {
  const { rate, quota } = settings;
  if (rate !== 'auto' && quota !== 'auto') {
    const fixed = settings as TransportLimits;
    return () => fixed;
  }
  if (typeof transport.limits !== 'function')
    throw new RelayConfigurationError(
      `${option}.${rate === 'auto' ? 'rate' : 'quota'}`,
      "'auto' needs a transport that knows its provider's limits, as SesTransport does; give a rate such as '14/s'",
    );
  const asked = new AskedLimits(settings, transport, option);
  return () => asked.get();
}

class AskedLimits {
  readonly #settings: LimitSettings;
  readonly #transport: MailTransport;
  readonly #option: string;
  #limits?: TransportLimits | Promise<TransportLimits>;
  #known: TransportLimits;
  #askAt = 0;

  constructor(settings: LimitSettings, transport: MailTransport, option: string) {
    this.#settings = settings;
    this.#transport = transport;
    this.#option = option;
    this.#known = { ...settings, rate: fixed(settings.rate), quota: fixed(settings.quota) };
  }

  get(): TransportLimits | Promise<TransportLimits> {
    if (this.#limits === undefined) this.#limits = this.#ask();
    else if (performance.now() > this.#askAt && !(this.#limits instanceof Promise)) void this.#ask();
    return this.#limits;
  }

  async #ask(): Promise<TransportLimits> {
    this.#askAt = performance.now() + BELIEVED;
    try {
      const { rate, quota } = await this.#transport.limits!();
      this.#known = {
        ...this.#known,
        ...(this.#settings.rate === 'auto' && { rate: rate && parseRate(rate, `${this.#option}.rate`) }),
        ...(this.#settings.quota === 'auto' && { quota: quota && parseRate(quota, `${this.#option}.quota`) }),
      };
    } catch (error) {
      this.#askAt = performance.now() + ASK_AGAIN;
      const why = error instanceof Error ? error.message : String(error);
      new Logger('MailRelay').warn(
        `${this.#option}: the provider's limits cannot be had, and are not kept until they can: ${why}`,
      );
    }
    return (this.#limits = this.#known);
  }
}

function fixed(limit: RateLimit | 'auto' | undefined): RateLimit | undefined {
  return limit === 'auto' ? undefined : limit;
}

export const NO_SETTINGS: LimitSettings = NO_LIMITS;
