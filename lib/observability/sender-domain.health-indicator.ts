import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { type Duration, toMilliseconds } from '../duration.js';
import type { SenderDomainReport } from '../sender-domain/domain-check.interface.js';
import { SenderDomains } from '../sender-domain/sender-domains.js';

export interface SenderDomainHealthOptions {
  /** Default that of the relay's `from`. */
  domain?: string;
  /** How long a report is believed. Default `'10m'`. Then it is made anew, and until that is there, the old one is given. */
  cacheFor?: Duration;
}

/**
 * The sender's domain for `@nestjs/terminus`: `down` when a check fails; warnings are told and change nothing. What is wrong in the DNS is
 * mended by no restart, so put it where people look, and not into a liveness probe. Provide it in the module that has `TerminusModule`;
 * for a further relay with `useFactory` and `getSenderDomainsToken(name)`.
 *
 * @example
 * health.check([() => this.domain.isHealthy('sender-domain')])
 */
@Injectable()
export class SenderDomainHealthIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #domains: SenderDomains;
  readonly #kept = new Map<string, { report?: SenderDomainReport; at: number; making?: Promise<SenderDomainReport> }>();

  constructor(
    @Inject(HealthIndicatorService) indicators: HealthIndicatorService,
    @Inject(SenderDomains) domains: SenderDomains,
  ) {
    this.#indicators = indicators;
    this.#domains = domains;
  }

  /**
   * @param key under which it stands in the answer
   * @throws RelayConfigurationError without a domain
   */
  async isHealthy<const K extends string = 'sender-domain'>(
    key: K = 'sender-domain' as K,
    { domain = this.#domains.domain, cacheFor = '10m' }: SenderDomainHealthOptions = {},
  ): Promise<HealthIndicatorResult<K>> {
    const report = await this.#report(domain ?? '', toMilliseconds(cacheFor, 'cacheFor'));
    const of = (status: string): string[] =>
      report.checks
        .filter((check) => check.status === status)
        .map(({ name, subject, summary }) => `${name} ${subject}: ${summary}`);
    const data = {
      domain: report.domain,
      failures: of('fail'),
      warnings: of('warn'),
      checkedAt: report.checkedAt.toISOString(),
    };
    const indicator = this.#indicators.check(key);
    return report.status === 'fail' ? indicator.down(data) : indicator.up(data);
  }

  /** One that is old is given while the next is made: a probe does not wait for the DNS. */
  async #report(domain: string, cacheFor: number): Promise<SenderDomainReport> {
    const kept = this.#kept.get(domain) ?? { at: -Infinity };
    this.#kept.set(domain, kept);
    if (performance.now() - kept.at >= cacheFor) {
      kept.making ??= this.#domains.check(domain).finally(() => (kept.making = undefined));
      const made = kept.making.then((report) => {
        Object.assign(kept, { report, at: performance.now() });
        return report;
      });
      if (!kept.report) return made;
      made.catch(() => {});
    }
    return kept.report!;
  }
}
