import type { RecipientState } from '../client/types.js';
import type { Tone } from './tone.js';

/** A word in a colour; the word alone is enough. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

export function StateBadge({ state }: { state: RecipientState }) {
  return <Badge tone={TONES[state] ?? 'quiet'}>{state}</Badge>;
}

const TONES: Record<RecipientState, Tone> = {
  scheduled: 'quiet',
  queued: 'busy',
  sending: 'busy',
  deferred: 'fair',
  sent: 'good',
  delivered: 'good',
  bounced: 'bad',
  complained: 'bad',
  suppressed: 'odd',
  cancelled: 'quiet',
  failed: 'bad',
};
