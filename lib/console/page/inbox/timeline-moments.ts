import type { Attempt, MailDetail, MailEvent } from '../client/types.js';
import type { Tone } from '../parts/tone.js';

export interface Moment {
  key: string;
  at: string;
  what: string;
  tone: Tone;
  /** Who did it or told of it. */
  by: string;
  recipient?: string;
  /** What a server said. */
  words?: string;
  notes: string[];
  machine: boolean;
}

/** Attempts and events of a mail in the order of time; of one recipient where it is named. */
export function timelineOf(mail: Pick<MailDetail, 'attempts' | 'events'>, recipient = ''): Moment[] {
  const events = recipient === '' ? mail.events : mail.events.filter((event) => event.recipient === recipient);
  const moments = [...mail.attempts.map(attemptMoment), ...events.map(eventMoment)];
  return moments.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function attemptMoment({ transport, at, outcome, error, passed }: Attempt, index: number): Moment {
  const notes = (passed ?? []).map((one) => `not by ${one.transport}: ${one.message ?? one.error ?? 'it is down'}`);
  if (error?.ambiguous) notes.push('The answer was lost: the server may have taken it.');
  return {
    key: `attempt ${index}`,
    at,
    what: `attempt ${index + 1}: ${outcome}`,
    tone: TONES[outcome] ?? (error ? 'fair' : 'good'),
    by: `by ${transport}`,
    ...(error && { words: error.message }),
    notes,
    machine: false,
  };
}

function eventMoment(event: MailEvent): Moment {
  const words = event.description ?? event.reason;
  const machine = typeof event.machine === 'string' ? event.machine : undefined;
  const code = [event.replyCode, event.enhancedCode].filter(Boolean).join(' ');
  return {
    key: event.id,
    at: event.timestamp,
    what: event.type,
    tone: TONES[event.type] ?? 'quiet',
    by: `by ${event.transport ?? event.provider}`,
    recipient: event.recipient,
    ...(words !== undefined && { words: code && !words.includes(code) ? `${code} ${words}` : words }),
    notes: [event.url, machine, event.userAgent, event.ip, event.feedbackType].filter((note) => note !== undefined),
    machine: Boolean(event.machine),
  };
}

const TONES: Record<string, Tone> = {
  queued: 'busy',
  sent: 'good',
  delivered: 'good',
  opened: 'good',
  clicked: 'good',
  deferred: 'fair',
  'auto-replied': 'quiet',
  bounced: 'bad',
  rejected: 'bad',
  complained: 'bad',
  failed: 'bad',
  unsubscribed: 'odd',
  suppressed: 'odd',
  cancelled: 'quiet',
};
