import { setTimeout } from 'node:timers/promises';
import type { OutcomeReporter } from './delivery/outcome-reporter.interface.js';
import { aboutOf, type MailAbout, type MailHead, type RecipientOutcome } from './delivery/outcome-store.interface.js';
import { ENDED, type MailStatus, mailStatus } from './mail-status.js';
import type { MailBody, MailSnapshot } from './mail/mail-snapshot.interface.js';
import { decodeValue } from './mail/snapshot-value.js';
import { unrenderedHead } from './mail/unrendered-head.js';
import type { MailQueue } from './queue/mail-queue.interface.js';

export interface MailCancellationParts {
  queue: MailQueue;
  reporter: OutcomeReporter;
  /** Whether lists show what mails are about. */
  isListed: boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Takes mails back that were not sent yet. */
export class MailCancellation {
  readonly #parts: MailCancellationParts;

  constructor(parts: MailCancellationParts) {
    this.#parts = parts;
  }

  /** `false` when nobody's copy could be held back. @throws QueueUnavailableError */
  async cancel(id: string): Promise<boolean> {
    const queue = this.#parts.queue;
    const found = await queue.find(id);
    const before = mailStatus(id, found, await queue.store.load(id));
    if (!before || hasEnded(before)) return false;
    const shown = found ? this.#shown(found.snapshot) : undefined;
    const { sending } = await queue.store.cancel(id);
    if (!sending) {
      // From now on no worker can begin with it.
      await this.#save(before, shown);
      if (await queue.remove(id)) return true;
    } else {
      const held = await this.#heldBack(before, shown);
      if (held !== 'by the worker') return held === 'by us';
    }
    // A job that a worker ends keeps its key.
    if (found?.snapshot.deduplication !== undefined) await queue.free(found.snapshot.deduplication);
    return true;
  }

  /** Waits for the attempt under way: whether somebody's copy was held back, and by whom. */
  async #heldBack(mail: MailStatus, shown?: Shown): Promise<'by us' | 'by the worker' | 'not'> {
    const deadline = performance.now() + PATIENCE;
    while (performance.now() < deadline) {
      if (await this.#parts.queue.remove(mail.id)) {
        await this.#save((await this.#status(mail.id)) ?? mail, shown);
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
    const found = await this.#parts.queue.find(id);
    return mailStatus(id, found, await this.#parts.queue.store.load(id));
  }

  async #save({ id, messageId, mail, recipients }: MailStatus, shown?: Shown): Promise<void> {
    const at = this.#parts.now();
    const open = recipients.filter(({ state }) => !ENDED.has(state));
    const cancelled = open.map(({ address }): RecipientOutcome => ({ address, state: 'cancelled', at }));
    const facts = { messageId, ...(mail !== undefined && { mail }), ...shown };
    const place = await this.#parts.queue.store.save(id, { ...facts, recipients: cancelled });
    if (!shown) return;
    await this.#parts.reporter
      .report({ id, ...facts, ...shown, ...(place !== undefined && { place }) }, cancelled)
      .catch(() => {});
  }

  #shown(snapshot: MailSnapshot): Shown {
    const body = decodeValue(snapshot.body) as MailBody;
    const about = aboutOf(snapshot, body);
    return this.#parts.isListed ? { about, head: unrenderedHead(snapshot, body) } : { about };
  }
}

interface Shown {
  readonly about: MailAbout;
  readonly head?: MailHead;
}

function hasEnded({ recipients }: MailStatus): boolean {
  return recipients.every(({ state }) => ENDED.has(state));
}

/** How long an attempt under way is waited for, in milliseconds. */
const PATIENCE = 30_000;
