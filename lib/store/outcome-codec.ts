import { STATE_RANK, type AttemptRecord, type RecipientOutcome } from '../delivery/outcome-store.interface.js';

/**
 * Outcomes as Redis and Postgres keep them: text, with the state's rank as one digit in front, so that the database can compare
 * without reading JSON. JSON escapes NUL and lone surrogates, which Postgres takes in no text.
 */
export function packOutcome(outcome: RecipientOutcome): string {
  return `${STATE_RANK[outcome.state]}${JSON.stringify(outcome)}`;
}

/** By address. Of several of one recipient the furthest counts, and of two that are as far the later. */
export function packOutcomes(outcomes: readonly RecipientOutcome[]): Map<string, string> {
  const furthest = new Map<string, string>();
  for (const outcome of outcomes) {
    const packed = packOutcome(outcome);
    const before = furthest.get(outcome.address);
    if (before === undefined || before[0]! <= packed[0]!) furthest.set(outcome.address, packed);
  }
  return furthest;
}

export function unpackOutcome(packed: string): RecipientOutcome {
  return JSON.parse(packed.slice(1)) as RecipientOutcome;
}

/** One line each, since JSON has no line breaks of its own. Two that are the same text are the same attempt. */
export function packAttempt(attempt: AttemptRecord): string {
  return JSON.stringify(attempt);
}

export function unpackAttempt(line: string): AttemptRecord {
  return JSON.parse(line) as AttemptRecord;
}

/** What is stored of a recipient whose mail is opened again. */
export function reopened(address: string, at: number): RecipientOutcome {
  return { address, state: 'queued', at };
}
