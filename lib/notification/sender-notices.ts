import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { MailFacts } from '../delivery/outcome-events.js';
import type { WaitingRecipient } from '../delivery/outcome-reporter.interface.js';
import type { MailAbout } from '../delivery/outcome-store.interface.js';
import { QueueUnavailableError } from '../errors/queue-unavailable.error.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import type { MailAddress } from '../mail/mail-message.interface.js';
import type { MailBody, MailSnapshot, SenderNotify } from '../mail/mail-snapshot.interface.js';
import type { NotifyWhen } from '../mail/delivery-notifications.interface.js';
import type { RawOptions } from '../mail/raw-options.interface.js';
import { decodeValue } from '../mail/snapshot-value.js';
import { headerEnd } from '../mime/raw-header.js';
import { deliveryReport, type DeliveryReport, type ReportedRecipient } from './delivery-report.js';
import type { NotificationSettings } from './notification-options.js';

export interface SenderNoticesParts {
  readonly settings: NotificationSettings;
  /** At its domain is who notices come from, unless the settings say. */
  readonly domain?: string;
  /** A mail that is in the queue still. */
  find(id: string): Promise<{ snapshot: MailSnapshot } | null>;
  /** Queues a notice. */
  send(raw: Uint8Array, options: RawOptions): Promise<unknown>;
  /** Milliseconds since the epoch. */
  now(): number;
}

type Noticed = Pick<MailFacts, 'id' | 'messageId'> & { about: MailAbout };

/**
 * Tells the sender of a submitted message by mail what became of it, as far as he asked (RFC 3461 section 6.2). The same notice is queued
 * once, however often its cause is told. A notice has the null sender, so that none is ever sent for it.
 */
export class SenderNotices {
  readonly #parts: SenderNoticesParts;
  readonly #logger = new Logger('MailRelay');

  constructor(parts: SenderNoticesParts) {
    this.#parts = parts;
  }

  /** @throws QueueUnavailableError when a notice could not be queued; the same events may be told again */
  async apply(facts: Noticed, events: readonly MailEvent[]): Promise<void> {
    const { notify } = facts.about;
    if (!notify) return;
    const byAction = new Map<string, ReportedRecipient[]>();
    for (const event of events) {
      const one = reported(event, notify);
      if (one) byAction.set(one.action, [...(byAction.get(one.action) ?? []), one]);
    }
    for (const recipients of byAction.values()) await this.#tell(facts, notify, recipients);
  }

  /** Tells once that a message is late. @param waiting those who have not got it, with what is known of why @throws QueueUnavailableError */
  async late(facts: Noticed, waiting: readonly WaitingRecipient[], since: number, deadline: number): Promise<void> {
    const { notify } = facts.about;
    const now = this.#parts.now();
    if (!notify || now - since < this.#parts.settings.delayAfter) return;
    const recipients = waiting
      .filter(({ address }) => wants(notify, address, 'DELAY'))
      .map(({ address, error }): ReportedRecipient => ({
        ...recipientOf(notify, address),
        action: 'delayed',
        status: statusOf(error?.enhancedCode, '4.4.7'),
        ...(error && { diagnostic: serverWords(error.message, error.replyCode)! }),
        ...(error?.replyCode !== undefined && { smtp: true }),
        at: new Date(now),
        retryUntil: new Date(deadline),
      }));
    if (recipients.length > 0) await this.#tell(facts, notify, recipients, deadline);
  }

  /** A notice that cannot be sent, such as one that no route fits, must not hold up the mail. @param until when the mail is given up */
  async #tell(
    facts: Noticed,
    notify: SenderNotify,
    recipients: readonly ReportedRecipient[],
    until?: number,
  ): Promise<void> {
    try {
      await this.#send(facts, notify, recipients, until);
    } catch (error) {
      if (error instanceof QueueUnavailableError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.warn(`The sender of mail ${facts.id} cannot be told that it is ${recipients[0]!.action}: ${why}`);
    }
  }

  async #send(
    facts: Noticed,
    notify: SenderNotify,
    recipients: readonly ReportedRecipient[],
    until = 0,
  ): Promise<void> {
    const { sender, envid } = notify;
    const { settings } = this.#parts;
    const from = this.#from(sender);
    const found = await this.#parts.find(facts.id).catch(() => null);
    const report: DeliveryReport = {
      from,
      to: sender,
      reporter: settings.name ?? domainOf(from.address),
      arrivedAt: new Date(facts.about.acceptedAt),
      ...(envid !== undefined && { envid }),
      recipients,
      messageId: facts.messageId,
      ...(found && originalOf(found.snapshot, notify, recipients[0]!.action)),
    };
    const { action } = recipients[0]!;
    // That a mail is late is told once, though fewer and fewer wait for it.
    const about = [facts.id, action, ...(action === 'delayed' ? [] : recipients.map(({ address }) => address))];
    const { tenant } = facts.about;
    const held = until - this.#parts.now();
    await this.#parts.send(deliveryReport(report), {
      envelope: { from: '', to: [sender] },
      idempotencyKey: `notice:${createHash('sha256').update(about.join('\n')).digest('base64url')}`,
      // The key is kept for a day longer: at least as long as the mail may be late.
      ...(held > DAY && { retry: { maxAge: held } }),
      ...(tenant !== undefined && { tenant }),
    });
  }

  #from(sender: string): MailAddress {
    const { settings, domain = domainOf(sender) } = this.#parts;
    return settings.from ?? { name: 'Mail Delivery System', address: `mailer-daemon@${domain}` };
  }
}

function reported(event: MailEvent, notify: SenderNotify): ReportedRecipient | undefined {
  const { recipient, timestamp: at } = event;
  const known = NOTICES[event.type];
  if (!known || !wants(notify, recipient, known.when)) return undefined;
  // The next server was asked to tell it himself.
  if (event.type === 'sent' && event.notifies) return undefined;
  const verdict = event as { description?: string; enhancedCode?: string; replyCode?: number; reason?: string };
  const status = statusOf(verdict.enhancedCode, STATUS[verdict.reason ?? ''] ?? known.status);
  const diagnostic = serverWords(verdict.description, verdict.replyCode) ?? DIAGNOSTICS[event.type];
  return {
    ...recipientOf(notify, recipient),
    action: known.action,
    status,
    ...(diagnostic !== undefined && { diagnostic }),
    ...(verdict.replyCode !== undefined && { smtp: true }),
    at,
  };
}

function recipientOf({ recipients = {} }: SenderNotify, address: string): { address: string; original?: string } {
  const original = recipients[address]?.orcpt;
  return { address, ...(original !== undefined && { original }) };
}

/** Who asked for nothing in particular is told of failures and delays (RFC 3461 section 4.1). */
function wants({ recipients = {} }: SenderNotify, address: string, when: NotifyWhen): boolean {
  return (recipients[address]?.notify ?? DEFAULT_NOTIFY).includes(when);
}

const DEFAULT_NOTIFY: readonly NotifyWhen[] = ['FAILURE', 'DELAY'];

/** The events that are told, and as what. */
const NOTICES: Readonly<
  Partial<Record<MailEvent['type'], { when: NotifyWhen; action: ReportedRecipient['action']; status: string }>>
> = {
  bounced: { when: 'FAILURE', action: 'failed', status: '5.0.0' },
  rejected: { when: 'FAILURE', action: 'failed', status: '5.0.0' },
  failed: { when: 'FAILURE', action: 'failed', status: '5.0.0' },
  suppressed: { when: 'FAILURE', action: 'failed', status: '5.7.1' },
  sent: { when: 'SUCCESS', action: 'relayed', status: '2.0.0' },
  delivered: { when: 'SUCCESS', action: 'delivered', status: '2.0.0' },
};

/** For what the relay finds itself; RFC 3463 section 3. */
const STATUS: Readonly<Record<string, string>> = { expired: '5.4.7', 'too-large': '5.3.4', 'bad-address': '5.1.1' };

const DIAGNOSTICS: Readonly<Partial<Record<MailEvent['type'], string>>> = {
  suppressed: 'The recipient is on the suppression list of this relay',
};

/** Of an error's message, what the server said: RFC 3464 section 2.3.6 wants that alone. */
function serverWords(message: string | undefined, replyCode: number | undefined): string | undefined {
  const at = replyCode === undefined ? -1 : (message?.indexOf(String(replyCode)) ?? -1);
  return at < 0 ? message : message!.slice(at);
}

/** A final failure is not told with a code that says it is none. */
function statusOf(given: string | undefined, fallback: string): string {
  return given?.startsWith(fallback[0]!) ? given : fallback;
}

function originalOf(
  { attachments, body }: MailSnapshot,
  { ret }: SenderNotify,
  action: ReportedRecipient['action'],
): Pick<DeliveryReport, 'original' | 'subject'> {
  const { content } = decodeValue(body) as MailBody;
  const [message] = attachments;
  if (content.kind !== 'raw' || !message || message.gone) return {};
  const bytes = message.bytes ?? Buffer.from(message.content, 'base64');
  if (bytes.length === 0) return { subject: content.subject };
  // RFC 3461 section 4.3: the whole message comes back only with a failure.
  const whole = ret === 'FULL' && action === 'failed' && bytes.length <= LARGEST_RETURNED;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { subject: content.subject, original: { whole, bytes: whole ? bytes : head.subarray(0, headerEnd(head)) } };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** Milliseconds. */
const DAY = 86_400_000;

/** Beyond it the header must do. Bytes. */
const LARGEST_RETURNED = 10 * 1024 * 1024;
