import { setTimeout } from 'node:timers/promises';
import type { OutcomeReporter } from './delivery/outcome-reporter.interface.js';
import { aboutOf, type MailAbout, type RecipientOutcome } from './delivery/outcome-store.interface.js';
import { ENDED, type MailStatus, mailStatus } from './mail-status.js';
import type { MailBody } from './mail/mail-snapshot.interface.js';
import { decodeValue } from './mail/snapshot-value.js';
import type { MailQueue } from './queue/mail-queue.interface.js';

/** Takes mails back that were not sent yet. */
export class MailCancellation {
  readonly #queue: MailQueue;
  readonly #reporter: OutcomeReporter;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(queue: MailQueue, reporter: OutcomeReporter, now: () => number) {
    this.#queue = queue;
    this.#reporter = reporter;
    this.#now = now;
  }

  /** `false` when nobody's copy could be held back. @throws QueueUnavailableError */
  async cancel(id: string): Promise<boolean> {
    const queue = this.#queue;
    const found = await queue.find(id);
    const before = mailStatus(id, found, await queue.store.load(id));
    if (!before || hasEnded(before)) return false;
    const about = found ? aboutOf(found.snapshot, decodeValue(found.snapshot.body) as MailBody) : undefined;
    const { sending } = await queue.store.cancel(id);
    if (!sending) {
      // From now on no worker can begin with it.
      await this.#save(before, about);
      if (await queue.remove(id)) return true;
    } else {
      const held = await this.#heldBack(before, about);
      if (held !== 'by the worker') return held === 'by us';
    }
    // A job that a worker ends keeps its key.
    if (found?.snapshot.deduplication !== undefined) await queue.free(found.snapshot.deduplication);
    return true;
  }

  /** Waits for the attempt under way: whether somebody's copy was held back, and by whom. */
  async #heldBack(mail: MailStatus, about?: MailAbout): Promise<'by us' | 'by the worker' | 'not'> {
    const deadline = performance.now() + PATIENCE;
    while (performance.now() < deadline) {
      if (await this.#queue.remove(mail.id)) {
        await this.#save((await this.#status(mail.id)) ?? mail, about);
        return 'by us';
      }
      const status = await this.#status(mail.id);
      if (!status || hasEnded(status))
        return status?.recipients.some(({ state }) => state === 'cancelled') ? 'by the worker' : 'not';
      await setTimeout(50);
    }
    return 'not';
  }

  async #status(id: string): Promise<MailStatus | null> {
    // The store last: a mail that ends between the two is in it by then.
    const found = await this.#queue.find(id);
    return mailStatus(id, found, await this.#queue.store.load(id));
  }

  async #save({ id, messageId, mail, recipients }: MailStatus, about?: MailAbout): Promise<void> {
    const at = this.#now();
    const open = recipients.filter(({ state }) => !ENDED.has(state));
    const cancelled = open.map(({ address }): RecipientOutcome => ({ address, state: 'cancelled', at }));
    const facts = { messageId, ...(mail !== undefined && { mail }), ...(about && { about }) };
    await this.#queue.store.save(id, { ...facts, recipients: cancelled });
    if (about) await this.#reporter.report({ id, ...facts, about }, cancelled).catch(() => {});
  }
}

function hasEnded({ recipients }: MailStatus): boolean {
  return recipients.every(({ state }) => ENDED.has(state));
}

/** How long an attempt under way is waited for, in milliseconds. */
const PATIENCE = 30_000;
