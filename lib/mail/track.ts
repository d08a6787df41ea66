import { MailMessageError } from '../errors/mail-message.error.js';

/** What is tracked of a mail. `true` is both, `false` neither. */
export type Track = boolean | TrackOptions;

/** Each that is left out is as the wider setting says: that of `@Mail`, then that of the relay, where both are off unless told otherwise. */
export interface TrackOptions {
  /** By an invisible image. */
  opens?: boolean;
  /** By links that lead over the relay. */
  clicks?: boolean;
}

/** What is tracked in the end. */
export interface Tracked {
  readonly opens: boolean;
  readonly clicks: boolean;
}

/** One setting over another, field by field. @throws MailMessageError that names the field */
export function trackOver(under: Tracked, track: unknown, field: string): Tracked {
  if (track === undefined) return under;
  if (typeof track === 'boolean') return { opens: track, clicks: track };
  if (typeof track !== 'object' || track === null)
    throw new MailMessageError(field, 'is true, false, or an object { opens, clicks }');
  for (const [key, value] of Object.entries(track)) {
    if (key !== 'opens' && key !== 'clicks')
      throw new MailMessageError(`${field}.${key}`, 'is no option; known are opens, clicks');
    if (value !== undefined && typeof value !== 'boolean')
      throw new MailMessageError(`${field}.${key}`, 'is true or false');
  }
  const { opens = under.opens, clicks = under.clicks } = track as TrackOptions;
  return { opens, clicks };
}

export const UNTRACKED: Tracked = Object.freeze({ opens: false, clicks: false });
