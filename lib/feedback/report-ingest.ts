import type { MailEvent, MailEventBase } from '../events/mail-event.interface.js';
import type { ReturnPath } from '../mail/return-path.js';
import type { UnsubscribeLinks } from '../mail/unsubscribe-links.js';
import { mailIdOf } from '../mail/message-id.js';
import type { BouncedRecipient, BounceReport } from './bounce/bounce-report.interface.js';
import { readMime } from './bounce/mime-reader.js';
import { subjectOf } from './bounce/original-mail.js';
import { completed, type FeedbackRecorder } from './feedback-recorder.js';
import { type KnownMail, knownMail, type MailSource, recipientOf } from './feedback-match.js';
import { MailFeedback } from './mail-feedback.js';
import type { RecordedSubscriptions } from './recorded-subscriptions.js';

export interface ReportIngestParts {
  mails: MailSource;
  recorder: FeedbackRecorder;
  parse: (raw: Uint8Array | string) => Promise<BounceReport>;
  /** Where mails name themselves in their signed return path. */
  returnPath?: ReturnPath;
  /** Where mails to an address unsubscribe. */
  unsubscribe?: { links: UnsubscribeLinks; subscriptions: RecordedSubscriptions };
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Reports that come by mail. Anybody can write one: it counts only if it names a mail of the relay's and one of its recipients. Where
 * return paths are signed, a bounce must have come to one of them, which nobody can make up.
 */
export class ReportIngest extends MailFeedback {
  readonly #parts: ReportIngestParts;

  constructor(parts: ReportIngestParts) {
    super();
    this.#parts = parts;
  }

  async ingest(raw: Uint8Array | string): Promise<{ report: BounceReport; events: MailEvent[] }> {
    const ended = await this.#unsubscribed(raw);
    if (ended) return ended;
    const report = await this.#parts.parse(raw);
    const named = report.kind === 'none' ? undefined : await this.#named(report);
    if (!named) return { report, events: [] };
    const events = this.#events(report, named).map((event) => completed(event, named.mail));
    return { report, events: await this.#parts.recorder.recordFor(named.mail, events) };
  }

  /** A mail to the `mailto:` of a List-Unsubscribe (RFC 2369 section 3.2), with the sealed token in its subject. */
  async #unsubscribed(raw: Uint8Array | string): Promise<{ report: BounceReport; events: MailEvent[] } | undefined> {
    const { unsubscribe } = this.#parts;
    const subscription = unsubscribe?.links.readSubject(subjectOf(readMime(raw)));
    if (!unsubscribe || !subscription) return undefined;
    const events = await unsubscribe.subscriptions.end(subscription);
    return { report: optOut(subscription.recipient), events };
  }

  async #named(report: BounceReport): Promise<Named | undefined> {
    const { returnPath, mails } = this.#parts;
    const signed =
      returnPath && (report.deliveredTo ?? []).map((to) => returnPath.read(to)).find((one) => one !== null);
    if (signed) {
      const mail = await knownMail(mails, signed.mailId);
      const recipient = mail?.about.to.find((to) => returnPath!.tagOf(to) === signed.recipientTag);
      return mail && { mail, ...(recipient !== undefined && { recipient }) };
    }
    // A complaint goes to an address of its own, not to the return path.
    if (returnPath && report.kind !== 'complaint') return undefined;
    const id = report.originalMessageId === undefined ? undefined : mailIdOf(report.originalMessageId);
    const mail = id === undefined ? undefined : await knownMail(mails, id);
    return mail && mail.messageId.toLowerCase() === bracketed(report.originalMessageId!) ? { mail } : undefined;
  }

  #events(report: BounceReport, named: Named): MailEvent[] {
    if (report.kind === 'auto-reply' || report.kind === 'complaint') return this.#aboutAll(report, named);
    return report.recipients.flatMap((one) => {
      const recipient = recipientIn(named, one);
      return recipient === undefined ? [] : (this.#eventOf(one, recipient, named.mail) ?? []);
    });
  }

  /** A complaint or an answer names its recipient only where its provider does not hide him. */
  #aboutAll(report: BounceReport, named: Named): MailEvent[] {
    const found = report.recipients.flatMap((one) => recipientIn(named, one) ?? []);
    const only = named.mail.about.to.length === 1 ? named.mail.about.to : [];
    const recipients = new Set(found.length > 0 ? found : named.recipient !== undefined ? [named.recipient] : only);
    return [...recipients].map((recipient): MailEvent => {
      if (report.kind === 'auto-reply')
        return { ...this.#base(recipient, named.mail, 'auto-replied'), type: 'auto-replied' };
      const { feedbackType } = report;
      return {
        ...this.#base(recipient, named.mail, `complained-${feedbackType ?? ''}`),
        type: 'complained',
        ...(feedbackType !== undefined && { feedbackType }),
        suppress: feedbackType === undefined || COMPLAINTS.has(feedbackType.toLowerCase()),
      };
    });
  }

  #eventOf(one: BouncedRecipient, recipient: string, mail: KnownMail): MailEvent | undefined {
    const { action, status, replyCode, reason, diagnostic, permanent, suppress } = one;
    const verdict = {
      reason,
      ...(replyCode !== undefined && { replyCode }),
      ...(status !== undefined && { enhancedCode: status }),
      ...(diagnostic !== undefined && { description: diagnostic }),
    };
    switch (action) {
      case 'failed':
        return { ...this.#base(recipient, mail, 'bounced'), type: 'bounced', ...verdict, permanent, suppress };
      case 'delayed':
        return {
          ...this.#base(recipient, mail, 'deferred'),
          type: 'deferred',
          ...verdict,
          permanent: false,
          suppress: false,
        };
      case 'delivered':
        return { ...this.#base(recipient, mail, 'delivered'), type: 'delivered' };
      default:
        // Relayed and expanded say that nobody will tell how it ended (RFC 3464 section 2.3.3).
        return undefined;
    }
  }

  /** One event of a kind for a recipient, however many reports tell of it. */
  #base(recipient: string, mail: KnownMail, kind: string): MailEventBase {
    return {
      id: `mail:${mail.id}:${kind}:${recipient.toLowerCase()}`,
      recipient,
      timestamp: new Date(this.#parts.now()),
      provider: 'mail',
      mailId: mail.id,
      tags: [],
      metadata: {},
    };
  }
}

/** The mail that a report is about, and the recipient that its signed return path names. */
interface Named {
  mail: KnownMail;
  recipient?: string;
}

function recipientIn({ mail, recipient }: Named, { address, originalAddress }: BouncedRecipient): string | undefined {
  for (const one of [originalAddress, address]) {
    const found = one === undefined ? undefined : recipientOf(mail, one);
    if (found !== undefined) return found;
  }
  // Forwarded: the address that failed is not the one written to.
  return recipient;
}

/** As a report of a feedback loop would have it. */
function optOut(address: string): BounceReport {
  const recipient = { address, action: 'failed', reason: 'complaint', permanent: true, suppress: true } as const;
  return { kind: 'complaint', feedbackType: 'opt-out', recipients: [recipient] };
}

function bracketed(messageId: string): string {
  return `<${messageId.trim().replace(/^<|>$/g, '')}>`.toLowerCase();
}

/** Reports that say that a mail was unwanted (RFC 5965 section 7.3, RFC 6430); the others say what a filter or a lookup has found. */
const COMPLAINTS: ReadonlySet<string> = new Set([
  'abuse',
  'fraud',
  'opt-out',
  'opt-out-list',
  'other',
  'miscategorized',
]);
