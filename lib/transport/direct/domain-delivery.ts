import type { MailError } from '../../errors/mail.error.js';
import { noServer, ofRecipient, unreachable } from './direct-errors.js';
import type { DirectSettings } from './direct-settings.js';
import type { ExchangerPools, ExchangerTarget } from './exchanger-pools.js';
import { ExchangerSession } from './exchanger-session.js';
import { hostAddresses, mailRoute, type MailRoute } from './mail-exchangers.js';
import type { MailUnderWay } from './mail-under-way.js';
import type { MtaStsPolicies } from './mta-sts/mta-sts-policies.js';
import type { MtaStsPolicy } from './mta-sts/mta-sts-policy.js';
import { peerSecurity } from './peer-security.js';
import { reaches, type SourceAddress } from './source-address.js';
import type { SourcePool } from './source-pool.js';

/** What deliveries to all domains share. */
export interface DeliveryParts {
  readonly settings: DirectSettings;
  readonly pools: ExchangerPools;
  readonly sources: SourcePool;
  readonly policies?: MtaStsPolicies;
}

/** Servers of a domain that are tried in one attempt. */
const MOST_TRIES = 5;

/** Brings one message to the recipients of one domain: to the first of its servers that will talk to us. */
export class DomainDelivery {
  readonly #parts: DeliveryParts;
  readonly #mail: MailUnderWay;
  readonly #domain: string;

  constructor(parts: DeliveryParts, mail: MailUnderWay, domain: string) {
    this.#parts = parts;
    this.#mail = mail;
    this.#domain = domain;
  }

  /** Notes what becomes of each recipient. Never throws. */
  async run(recipients: readonly string[]): Promise<void> {
    const { settings, sources, policies } = this.#parts;
    let left = recipients;
    try {
      const route = await mailRoute(this.#domain, settings);
      const policy = route.kind === 'literal' ? undefined : await policies?.of(this.#domain);
      const reachable = settings.sources.length > 1 ? await this.#reachable(route) : undefined;
      while (left.length > 0 && !this.#mail.isStopped) {
        const lease = await sources.take(left[0]!, left.length, reachable);
        const some = left.slice(0, lease.recipients);
        await this.#tryAll(route, policy, lease.source, some);
        await lease.giveBack(this.#mail.unwritten(some));
        left = left.slice(lease.recipients);
      }
    } catch (error) {
      const open = left.filter((address) => !this.#mail.has(address));
      if (open.length > 0) this.#mail.failed(open, error);
    }
  }

  /** Its servers in their order, until everybody has an answer. */
  async #tryAll(
    route: MailRoute,
    policy: MtaStsPolicy | undefined,
    source: SourceAddress,
    recipients: readonly string[],
  ): Promise<void> {
    let left = recipients;
    let why: MailError | undefined;
    let never: MailError | undefined;
    let tries = 0;
    for (const host of route.hosts) {
      if (left.length === 0 || this.#mail.isStopped || tries >= MOST_TRIES) break;
      try {
        const target = await this.#target(host, route, policy, source);
        if (target instanceof Error) {
          never ??= target;
          continue;
        }
        const pool = this.#parts.pools.to(target, this.#limitedDomain);
        const { trouble } = pool;
        if (trouble.left > 0) {
          why ??= ofRecipient(trouble.error!, trouble.left);
          continue;
        }
        tries++;
        const session = await ExchangerSession.open(pool, target, this.#mail, this.#parts.settings.returnPath);
        const end = await session.run(left);
        left = end.left;
        why = end.why ?? why;
      } catch (error) {
        why = ofRecipient(error);
      }
    }
    if (left.length > 0 && !this.#mail.isStopped) this.#mail.failed(left, why ?? never ?? noServer(this.#domain));
  }

  /** From which of our addresses one of the servers can be reached. */
  async #reachable(route: MailRoute): Promise<(source: SourceAddress) => boolean> {
    const some = route.hosts.slice(0, MOST_TRIES);
    const looked = await Promise.allSettled(some.map((host) => hostAddresses(host, route, this.#parts.settings)));
    const addresses = looked.flatMap((one) => (one.status === 'fulfilled' ? one.value.addresses : []));
    return (source) => addresses.some((address) => reaches(source, address));
  }

  get #limitedDomain(): string | undefined {
    return this.#parts.settings.perDomain.has(this.#domain) ? this.#domain : undefined;
  }

  /** A way to a server, or why there can be none. @throws DnsError, or MailError, when there is none for now */
  async #target(
    host: string,
    route: MailRoute,
    policy: MtaStsPolicy | undefined,
    source: SourceAddress,
  ): Promise<ExchangerTarget | MailError> {
    const { settings } = this.#parts;
    const limits = settings.perDomain.get(this.#domain) ?? settings.limits;
    const addresses = await hostAddresses(host, route, settings);
    if (addresses.why) return addresses.why;
    if (!addresses.addresses.some((address) => reaches(source, address)))
      throw unreachable(`${host} cannot be reached from ${source.key}: it has no address of that family`);
    const security = await peerSecurity(host, route, addresses, policy, limits.tls, settings);
    return { host, addresses, security, source, limits };
  }
}
