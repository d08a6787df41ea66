import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { RelayHealth } from './relay-health.js';

/**
 * The relay for `@nestjs/terminus`: `down` when its queue is not reachable, or no transport takes mails. Provide it in the module that has
 * `TerminusModule`; for a further relay with `useFactory` and `getRelayHealthToken(name)`.
 *
 * @example
 * health.check([() => this.relay.isHealthy('mail')])
 */
@Injectable()
export class RelayHealthIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #health: RelayHealth;

  constructor(
    @Inject(HealthIndicatorService) indicators: HealthIndicatorService,
    @Inject(RelayHealth) health: RelayHealth,
  ) {
    this.#indicators = indicators;
    this.#health = health;
  }

  /** @param key under which it stands in the answer */
  async isHealthy<const K extends string = 'mail-relay'>(
    key: K = 'mail-relay' as K,
  ): Promise<HealthIndicatorResult<K>> {
    const { queue, transports } = await this.#health.check();
    const states = Object.values(transports);
    const isHealthy = queue.reachable && (states.length === 0 || states.some(({ state }) => state === 'up'));
    const indicator = this.#indicators.check(key);
    return isHealthy ? indicator.up({ queue, transports }) : indicator.down({ queue, transports });
  }
}
