import type { MailEvent } from './mail-event.interface.js';

/** As text; `undefined` and what the provider sent left out where `raw` is false. */
export function packEvent(event: MailEvent, { raw = true } = {}): string {
  return JSON.stringify(raw ? event : { ...event, raw: undefined });
}

/** @throws SyntaxError */
export function unpackEvent(text: string): MailEvent {
  return reviveEvent(JSON.parse(text));
}

/** An event that was JSON: its time becomes a Date again. */
export function reviveEvent(plain: unknown): MailEvent {
  const event = plain as MailEvent;
  return { ...event, timestamp: new Date(event.timestamp) };
}

/** In the order of time; those of one moment in the order they came in. */
export function inOrder(events: readonly MailEvent[]): MailEvent[] {
  return [...events].sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime());
}
