import type { AttemptRecord, MailRecord } from '../delivery/outcome-store.interface.js';
import type { KnownMail } from '../feedback/feedback-match.js';
import type { TrackedHit } from './tracked-hit.js';

/**
 * What gives a scanner away that says it is a browser: it follows links at once, and all of them.
 *
 * @see https://check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect
 * @param hits all of one recipient's on one mail that came together
 * @param sentAt when the mail was handed over to him, in milliseconds since the epoch, if that is known
 */
export function machineByTime(
  hit: TrackedHit,
  hits: readonly TrackedHit[],
  sentAt: number | undefined,
): string | undefined {
  if (hit.url === undefined) return undefined;
  if (sentAt !== undefined && hit.at - sentAt < SOON) return 'soon-after-sending';
  const others = hits.filter(
    ({ url, at }) => url !== undefined && url !== hit.url && Math.abs(at - hit.at) <= TOGETHER,
  );
  return others.length > 0 ? 'links-at-once' : undefined;
}

/** When a recipient's copy had been handed over, or, as long as no answer is known, began to be. */
export function sentAtOf({ record }: KnownMail, recipient: string): number | undefined {
  const attempt = sentTo(record, recipient);
  if (attempt) return attempt.at + (attempt.took ?? 0);
  const outcome = record?.recipients.find(({ address }) => address === recipient);
  return outcome?.state === 'sent' ? outcome.at : record?.sendingSince;
}

/** Whether his copy may be being handed over just now: some servers look at a mail's links before they take it. */
export function isUnderWay({ record }: KnownMail, recipient: string): boolean {
  return record?.sendingSince !== undefined && !sentTo(record, recipient);
}

function sentTo(record: MailRecord | null, recipient: string): AttemptRecord | undefined {
  return record?.attempts.findLast(({ recipients }) =>
    recipients.some(({ address, state }) => address === recipient && state === 'sent'),
  );
}

/** The mail must arrive, be seen, be opened and read. Milliseconds. */
const SOON = 3_000;

/** Nobody follows two links so fast. Milliseconds. */
const TOGETHER = 1_000;
