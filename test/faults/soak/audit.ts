import type { TakenCopy } from './chaos-server.js';
import type { SoakOutcome } from './soak-subject.interface.js';

/** What the server's log and the subject's own words come to. */
export interface Audit {
  readonly accepted: number;
  /** Accepted, not arrived, and nobody says so. */
  readonly lost: readonly string[];
  /** Said to be sent, and not arrived. */
  readonly invented: readonly string[];
  /** Not arrived, and it says so; those whom nobody could reach are not among them. */
  readonly givenUp: readonly string[];
  /** Arrived more than once. */
  readonly duplicated: readonly string[];
  /** Arrived more than once with nothing that could have been the reason. */
  readonly unexplained: readonly string[];
  /** Arrived more than once, as different messages. */
  readonly changed: readonly string[];
}

/**
 * Compares, for each accepted recipient, what has arrived with what is said of him. A duplicate is explained by an attempt whose answer was
 * lost, or by a worker that was killed between the copies.
 *
 * @param kills when workers or their backend were killed, in milliseconds since the epoch
 */
export function audit(
  accepted: readonly string[],
  taken: readonly TakenCopy[],
  outcomes: ReadonlyMap<string, SoakOutcome>,
  kills: readonly number[],
): Audit {
  const copies = new Map<string, TakenCopy[]>();
  for (const copy of taken) copies.set(copy.recipient, [...(copies.get(copy.recipient) ?? []), copy]);
  const of = (recipient: string) => copies.get(recipient) ?? [];
  const duplicated = accepted.filter((recipient) => of(recipient).length > 1);
  return {
    accepted: accepted.length,
    lost: accepted.filter((recipient) => of(recipient).length === 0 && !outcomes.has(recipient)),
    invented: accepted.filter(
      (recipient) => of(recipient).length === 0 && outcomes.get(recipient)?.state === 'arrived',
    ),
    givenUp: accepted.filter(
      (recipient) =>
        !recipient.startsWith('nobody-') && of(recipient).length === 0 && outcomes.get(recipient)?.state === 'ended',
    ),
    duplicated,
    unexplained: duplicated.filter((recipient) => !isExplained(of(recipient), outcomes.get(recipient), kills)),
    changed: duplicated.filter((recipient) => new Set(of(recipient).map(({ messageId }) => messageId)).size > 1),
  };
}

function isExplained(
  copies: readonly TakenCopy[],
  outcome: SoakOutcome | undefined,
  kills: readonly number[],
): boolean {
  const times = copies.map(({ at }) => at).toSorted((a, b) => a - b);
  const gaps = times.slice(1).map((at, index) => [times[index]!, at] as const);
  const byKill = gaps.filter(([before, after]) => kills.some((at) => at >= before - SLACK && at <= after)).length;
  return gaps.length <= byKill + (outcome?.ambiguous ?? 0);
}

/** Between the server's taking a message and a signal's arrival, in milliseconds. */
const SLACK = 100;
