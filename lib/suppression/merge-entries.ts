import type { SuppressionEntry, SuppressionReason } from './suppression-entry.interface.js';

/**
 * What two entries of one address and scope come to: it stands for as long as the longer of the two, for the weightier of the two
 * reasons. A bounce does not hide a complaint, and a temporary entry shortens none that is for ever. Of equal reasons the one that
 * lasts longer tells its source and time; if that is equal too, the first.
 */
export function merged(stored: SuppressionEntry, added: SuppressionEntry): SuppressionEntry {
  const [rank, other] = [rankOf(stored.reason), rankOf(added.reason)];
  const longer = untilOf(added) > untilOf(stored) ? added : stored;
  const { expires: _, ...kept } = rank === other ? longer : rank > other ? stored : added;
  return longer.expires ? { ...kept, expires: longer.expires } : kept;
}

/** The weight of a reason: what its owner has said counts more than what a server has. */
export function rankOf(reason: SuppressionReason): number {
  return RANKS[reason] ?? OWN_REASON;
}

/** Milliseconds since the epoch; Infinity for ever. */
export function untilOf({ expires }: SuppressionEntry): number {
  return expires?.getTime() ?? Infinity;
}

/**
 * Of the entries that forbid a mail, the one to name: what is for ever before what ends, then the wider before the narrower scope (all,
 * a tenant, a stream, both), then the weightier reason.
 */
export function strongest(a: SuppressionEntry, b: SuppressionEntry): SuppressionEntry {
  const [first, second] = [strength(a), strength(b)];
  const differs = first.findIndex((value, index) => value !== second[index]);
  return differs < 0 || first[differs]! > second[differs]! ? a : b;
}

function strength(entry: SuppressionEntry): number[] {
  const scope = (entry.stream === undefined ? 2 : 0) + (entry.tenant === undefined ? 1 : 0);
  return [entry.expires ? 0 : 1, scope, rankOf(entry.reason), untilOf(entry)];
}

const OWN_REASON = 1;
const RANKS: Readonly<Record<string, number>> = { bounced: 0, manual: OWN_REASON, unsubscribed: 2, complained: 3 };
