import type { MailError } from '../../errors/mail.error.js';
import { needsSmtpUtf8 } from '../../mail/address.js';
import type { SmtpConversation } from '../smtp/smtp-conversation.interface.js';
import { hungUp } from '../smtp/smtp-errors.js';
import { screened } from '../smtp/smtp-screening.js';
import { SmtpError } from '../smtp/smtp.error.js';
import { isServerTrouble, noServer, ofRecipient, unreachable } from './direct-errors.js';
import type { DirectSettings } from './direct-settings.js';
import type { ExchangerPool, ExchangerPools, ExchangerTarget } from './exchanger-pools.js';
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

/** RFC 5321 section 4.5.3.1.8: so many recipients every server must take at once. */
const MOST_RECIPIENTS = 100;

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
      while (left.length > 0 && !this.#mail.isStopped) {
        const lease = await sources.take(left[0]!, left.length);
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
        const rest = await this.#over(pool, target, left);
        left = rest.left;
        why = rest.why ?? why;
      } catch (error) {
        why = ofRecipient(error);
      }
    }
    if (left.length > 0 && !this.#mail.isStopped) this.#mail.failed(left, why ?? never ?? noServer(this.#domain));
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

  /** As many transactions as it takes, over one connection. Gives those whom another server may take, and why this one did not. */
  async #over(pool: ExchangerPool, target: ExchangerTarget, recipients: readonly string[]): Promise<Rest> {
    const { signal } = this.#mail.guard;
    const session: Session = { pool, conversation: await this.#taken(pool, target), most: MOST_RECIPIENTS };
    session.most = this.#parts.settings.returnPath ? 1 : recipientsOf(session.conversation);
    const elsewhere: string[] = [];
    let why: MailError | undefined;
    let left = recipients;
    try {
      while (left.length > 0 && !this.#mail.isStopped) {
        if (session.conversation.closed) session.conversation = await pool.replace(session.conversation, signal);
        const answer = await this.#transaction(session, left.slice(0, session.most));
        elsewhere.push(...answer.elsewhere);
        why = answer.why ?? why;
        left = [...answer.again, ...left.slice(session.most)];
        if (answer.accepted !== undefined) session.most = answer.accepted;
        // It is in trouble, and would say the same to the others.
        if (answer.elsewhere.length > 0) break;
      }
    } catch (error) {
      why = ofRecipient(error);
    } finally {
      pool.give(session.conversation);
    }
    return { left: [...elsewhere, ...left], ...(why && { why }) };
  }

  async #taken(pool: ExchangerPool, target: ExchangerTarget): Promise<SmtpConversation> {
    try {
      const conversation = await pool.take(target, this.#mail.guard.signal);
      pool.trouble.over();
      return conversation;
    } catch (error) {
      if (this.#mail.guard.signal.aborted) this.#mail.stop(error);
      else if (error instanceof SmtpError) pool.trouble.met(error);
      throw error;
    }
  }

  async #transaction(session: Session, recipients: readonly string[]): Promise<TransactionEnd> {
    try {
      return await this.#transmit(session, recipients);
    } catch (thrown) {
      let error: unknown = thrown;
      const kept = session.conversation.messages > 1;
      if (kept && hungUp(error) && !this.#mail.isStopped) {
        // A server may hang up on a connection that was kept, and that says nothing of the mail.
        try {
          session.conversation = await session.pool.replace(session.conversation, this.#mail.guard.signal);
          return await this.#transmit(session, recipients);
        } catch (again) {
          error = again;
        }
      }
      return this.#refusedWhole(error, recipients);
    }
  }

  #refusedWhole(error: unknown, recipients: readonly string[]): TransactionEnd {
    if (error instanceof SmtpError && error.ambiguous) {
      // Whoever may have it already is not sent it by another server.
      this.#mail.failed(recipients, error);
      return END;
    }
    if (this.#mail.isStopped) {
      this.#mail.stop(error);
      return END;
    }
    if (error instanceof SmtpError && isServerTrouble(error))
      return { ...END, elsewhere: recipients, why: ofRecipient(error) };
    this.#mail.failed(recipients, error);
    return END;
  }

  async #transmit({ pool, conversation }: Session, recipients: readonly string[]): Promise<TransactionEnd> {
    const { message, content, guard } = this.#mail;
    const { returnPath } = this.#parts.settings;
    const from = returnPath ? returnPath(recipients[0]!, message) : message.envelope.from;
    const { extensions } = conversation;
    const needed = content.utf8 || [message.from.address, from, ...recipients].some(needsSmtpUtf8);
    const utf8 = needed && extensions.has('SMTPUTF8');
    const pieces = await content.for(utf8);
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    const envelope = { from: message.from, envelope: { from, to: recipients } };
    const fit = screened(envelope, size, extensions, this.#domain);
    for (const [address, error] of fit.refused) this.#mail.failed([address], error);
    if (fit.to.length === 0) return END;
    const share = (): void => pool.lend(conversation);
    const notify = extensions.has('DSN') ? message.notify : undefined;
    const transaction = { from, to: fit.to, size, utf8, ...(notify && { notify }) };
    const answer = await conversation.transmit(transaction, pieces, guard, share);
    const { response, refused = NOBODY } = answer;
    const taken = response === undefined ? [] : fit.to.filter((address) => !refused.has(address));
    this.#mail.sent(taken, answer, notify !== undefined);
    return this.#refusedSome(refused, taken.length);
  }

  #refusedSome(refused: ReadonlyMap<string, SmtpError>, accepted: number): TransactionEnd {
    const again: string[] = [];
    const elsewhere: string[] = [];
    let why: MailError | undefined;
    for (const [address, error] of refused) {
      if (accepted > 0 && isTooMany(error)) again.push(address);
      else if (isServerTrouble(error)) {
        elsewhere.push(address);
        why = ofRecipient(error);
      } else this.#mail.failed([address], error);
    }
    return { again, elsewhere, ...(why && { why }), ...(again.length > 0 && { accepted }) };
  }
}

interface Rest {
  /** Whom another server may take. */
  readonly left: readonly string[];
  readonly why?: MailError;
}

interface Session {
  readonly pool: ExchangerPool;
  conversation: SmtpConversation;
  /** Recipients of one transaction. */
  most: number;
}

interface TransactionEnd {
  /** Too many for this transaction: RFC 5321 section 4.5.3.1.10. */
  readonly again: readonly string[];
  readonly elsewhere: readonly string[];
  readonly why?: MailError;
  /** How many the server takes at once, where it has shown that. */
  readonly accepted?: number;
}

const END: TransactionEnd = { again: [], elsewhere: [] };
const NOBODY: ReadonlyMap<string, SmtpError> = new Map();

/** What the server says in EHLO: LIMITS, RFC 9422 section 4. */
function recipientsOf({ extensions }: SmtpConversation): number {
  const [, most] = /\bRCPTMAX (\d{1,6})\b/i.exec(extensions.get('LIMITS') ?? '') ?? [];
  return Math.max(1, Math.min(MOST_RECIPIENTS, Number(most ?? MOST_RECIPIENTS)));
}

function isTooMany({ reason, replyCode, enhancedCode, message }: SmtpError): boolean {
  if (reason === 'too-many-recipients') return true;
  return replyCode === 452 && (enhancedCode === undefined || /too many/i.test(message));
}
