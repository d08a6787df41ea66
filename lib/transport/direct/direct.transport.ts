import { createSocket } from 'node:dgram';
import { dkimIdentities, type DkimIdentity } from '../../dkim/dkim-identity.js';
import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { RetryOptions } from '../../mail/mail-options.interface.js';
import {
  MailTransport,
  type RelaySurroundings,
  type SendContext,
  type SenderIdentity,
  type TransportCapabilities,
  type TransportResult,
} from '../mail-transport.js';
import { messageSigner, type SignMessage } from '../smtp/message-signer.js';
import { smtpContent } from '../smtp/smtp-content.js';
import { closed } from '../smtp/smtp-errors.js';
import { type DirectSettings, directSettings } from './direct-settings.js';
import type { DirectTransportOptions } from './direct-transport-options.interface.js';
import { type DeliveryParts, DomainDelivery } from './domain-delivery.js';
import { ExchangerPools } from './exchanger-pools.js';
import { MailUnderWay } from './mail-under-way.js';
import { MtaStsPolicies } from './mta-sts/mta-sts-policies.js';
import { SourcePool } from './source-pool.js';

/**
 * Brings messages to the recipients' own servers, as the DNS names them: no provider in between (RFC 5321 section 5).
 *
 * Each recipient has an outcome of his own. What one domain's servers do is never the transport's fault: its recipients wait, and the
 * others are sent. Connections are kept for the next message.
 *
 * @example
 * new DirectTransport({ name: 'out.acme.test', dkim: { domain: 'acme.test', selector: 'mail', privateKey } })
 */
export class DirectTransport extends MailTransport {
  override readonly capabilities: TransportCapabilities = { raw: true };
  /** RFC 5321 section 4.5.4.1: for 4 to 5 days; at first soon, at last every few hours. */
  override readonly retry: RetryOptions = { maxAge: '5d', delay: '2m', maxDelay: '2h' };
  readonly #settings: DirectSettings;
  readonly #sign?: SignMessage;
  readonly #keys: readonly DkimIdentity[];
  readonly #parts: DeliveryParts;

  /** @throws RelayConfigurationError for a wrong option, a name that is not fully qualified, or a broken DKIM key */
  constructor(options: DirectTransportOptions = {}) {
    super();
    this.#settings = directSettings(options);
    this.#sign = messageSigner(options, 'direct');
    this.#keys = dkimIdentities(options.dkim, 'direct.dkim');
    const { mtaSts, sources } = this.#settings;
    this.#parts = {
      settings: this.#settings,
      pools: new ExchangerPools(this.#settings),
      sources: new SourcePool(sources),
      ...(mtaSts && { policies: new MtaStsPolicies(mtaSts, this.#settings) }),
    };
  }

  /** Counts what warm-ups allow over all processes of the relay. */
  override join(relay: RelaySurroundings): void {
    this.#parts.sources.join(relay);
  }

  /**
   * @throws MailError for a message that cannot be signed, and scope `transport` when all addresses have used up their day's share; what
   * `confirm` throws comes through as it is
   */
  override async send(message: MailMessage, context: SendContext): Promise<TransportResult> {
    if (this.#parts.pools.isClosed) throw closed(this.toString());
    const content = await smtpContent(message, this.#sign);
    const mail = new MailUnderWay(message, content, context, this.#settings.greylistDelay);
    const domains = [...byDomain(message.envelope.to)];
    const several = domains.length > 1;
    const next = async (): Promise<void> => {
      for (let one = domains.shift(); one && !mail.isStopped; one = domains.shift())
        await this.#deliver(mail, one, several ? context : undefined);
    };
    await Promise.all(Array.from({ length: Math.min(DOMAINS_AT_ONCE, domains.length) }, next));
    return mail.result();
  }

  /** @param context told of it, where others may take longer */
  async #deliver(mail: MailUnderWay, [domain, to]: [string, string[]], context?: SendContext): Promise<void> {
    await new DomainDelivery(this.#parts, mail, domain).run(to);
    await context?.settled?.(mail.resultsOf(to));
  }

  /**
   * Looks whether the DNS answers and knows our names, and whether our addresses are this machine's. Nobody's server is connected to: that
   * port 25 is open to the outside shows with the first mail.
   *
   * @throws MailError, DnsError
   */
  override async verify(): Promise<void> {
    const { dns, sources } = this.#settings;
    for (const { name, ipv4, ipv6 } of sources) {
      for (const address of [ipv4, ipv6]) if (address !== undefined) await bind(address);
      if (name.startsWith('[')) continue;
      const answers = await Promise.all([dns.a(name), dns.aaaa(name)]);
      if (answers.every(({ records }) => records.length === 0))
        throw new MailError(`${name}, our name for EHLO, has no address in the DNS: many servers refuse such a client`);
    }
  }

  /** The keys that it signs with, and where it sends from. */
  override identity(): SenderIdentity {
    const hosts = this.#settings.sources.flatMap(({ name: given, ipv4, ipv6 }) => {
      const name = given.startsWith('[') ? {} : { name: given };
      const addresses = [ipv4, ipv6].filter((address) => address !== undefined);
      return addresses.length === 0 ? [name] : addresses.map((address) => ({ address, ...name }));
    });
    return { dkim: this.#keys, hosts: hosts.filter((host) => 'name' in host || 'address' in host) };
  }

  /** Lets messages in flight finish, then closes the connections. Nothing can be sent afterwards. */
  override close(): Promise<void> {
    return this.#parts.pools.close();
  }

  override toString(): string {
    return 'direct://';
  }
}

/** Domains that one message goes to at the same time. */
const DOMAINS_AT_ONCE = 8;

function byDomain(to: readonly string[]): Map<string, string[]> {
  const domains = new Map<string, string[]>();
  for (const address of new Set(to)) {
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
    const recipients = domains.get(domain);
    if (recipients) recipients.push(address);
    else domains.set(domain, [address]);
  }
  return domains;
}

/** @throws MailError when it is none of this machine's */
function bind(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (cause) => {
      socket.close();
      reject(new MailError(`${address} is no address of this machine`, { code: 'EADDRNOTAVAIL', cause }));
    });
    socket.bind(0, address, () => socket.close(() => resolve()));
  });
}
