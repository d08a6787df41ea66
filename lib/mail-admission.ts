import type { OutcomeReporter } from './delivery/outcome-reporter.interface.js';
import { aboutOf, type RecipientOutcome } from './delivery/outcome-store.interface.js';
import { scopeOf, suppressedOutcome } from './delivery/suppressed-outcome.js';
import type { MailBody, SuppressedRecipient } from './mail/mail-snapshot.interface.js';
import { decodeValue } from './mail/snapshot-value.js';
import { unrenderedHead } from './mail/unrendered-head.js';
import type { AddedMail, MailQueue, NewMail } from './queue/mail-queue.interface.js';
import type { SuppressionGate } from './suppression/suppression-gate.js';

/** A mail that was queued, but for those of its recipients who are on the suppression list. */
export interface AdmittedMail extends AddedMail {
  suppressed: readonly SuppressedRecipient[];
}

export interface MailAdmissionParts {
  queue: MailQueue;
  gate: SuppressionGate;
  reporter: OutcomeReporter;
  /** Whether lists show what mails are about. */
  isListed: boolean;
  now: () => number;
}

/** Lets mails into the queue, for those who may be written to. A mail that is for nobody is written down, and goes no further. */
export class MailAdmission {
  readonly #parts: MailAdmissionParts;

  constructor(parts: MailAdmissionParts) {
    this.#parts = parts;
  }

  /** One round trip for a mail to one recipient. @throws QueueUnavailableError */
  async add(mail: NewMail): Promise<AdmittedMail> {
    const { snapshot } = mail;
    if (snapshot.envelope.to.length > 1) return (await this.addMany([mail]))[0]!;
    const [added, suppressed] = await Promise.all([
      this.#parts.queue.add(mail),
      // The worker asks again.
      this.#suppressed(mail).catch(() => []),
    ]);
    if (suppressed.length === 0 || added.duplicate) return { ...added, suppressed: [] };
    // A worker that has it already finds the same.
    if (await this.#parts.queue.remove(snapshot.id)) await this.#writeDown(mail, suppressed);
    return { ...added, suppressed };
  }

  /** Two round trips. @throws QueueUnavailableError */
  async addMany(mails: readonly NewMail[]): Promise<AdmittedMail[]> {
    const suppressed = await Promise.all(mails.map((mail) => this.#suppressed(mail)));
    const isOpen = (index: number) => suppressed[index]!.length < mails[index]!.snapshot.envelope.to.length;
    const open = mails.flatMap((mail, index) => (isOpen(index) ? [marked(mail, suppressed[index]!)] : []));
    const added = (await this.#parts.queue.addMany(open)).values();
    await Promise.all(mails.map((mail, index) => !isOpen(index) && this.#writeDown(mail, suppressed[index]!)));
    return mails.map(({ snapshot }, index) => {
      const one = isOpen(index) ? added.next().value! : { id: snapshot.id, duplicate: false };
      return { ...one, suppressed: one.duplicate ? [] : suppressed[index]! };
    });
  }

  async #suppressed({ snapshot }: NewMail): Promise<SuppressedRecipient[]> {
    const { to } = snapshot.envelope;
    const found = await this.#parts.gate.check(to, scopeOf(snapshot));
    if (found.size === 0) return [];
    return to.flatMap((address) => {
      const entry = found.get(address);
      return entry ? [{ address, reason: entry.reason }] : [];
    });
  }

  async #writeDown({ snapshot }: NewMail, suppressed: readonly SuppressedRecipient[]): Promise<void> {
    const { id, messageId, mail } = snapshot;
    const body = decodeValue(snapshot.body) as MailBody;
    const at = this.#parts.now();
    const recipients = suppressed.map(({ address, reason }): RecipientOutcome =>
      suppressedOutcome(address, reason, at),
    );
    const facts = {
      messageId,
      ...(mail !== undefined && { mail }),
      about: aboutOf(snapshot, body),
      ...(this.#parts.isListed && { head: unrenderedHead(snapshot, body) }),
    };
    const place = await this.#parts.queue.store.save(id, { ...facts, recipients });
    await this.#parts.reporter
      .report({ id, ...facts, ...(place !== undefined && { place }) }, recipients)
      .catch(() => {});
  }
}

function marked(mail: NewMail, suppressed: readonly SuppressedRecipient[]): NewMail {
  return suppressed.length === 0 ? mail : { ...mail, snapshot: { ...mail.snapshot, suppressed } };
}
