import { type MailWarning, warningsOf } from '../warnings/warnings.js';
import { linksOf, type MailLink } from './mail-links.js';
import type { ReadMessage } from './read-message.js';

/** A mail as it is read. */
export interface MailContentView extends Omit<ReadMessage, 'attachments'> {
  readonly attachments: readonly {
    readonly index: number;
    readonly filename?: string;
    readonly contentType: string;
    readonly size: number;
    readonly cid?: string;
  }[];
  readonly links: readonly MailLink[];
  readonly warnings: readonly MailWarning[];
}

/** @param stream of the mail, where it is known: what is right for one is not for another */
export function contentViewOf(message: ReadMessage, stream: string | undefined): MailContentView {
  const links = linksOf(message);
  return {
    ...message,
    attachments: message.attachments.map(({ bytes, ...one }, index) => ({ index, ...one, size: bytes.length })),
    links,
    warnings: warningsOf({ message, links, ...(stream !== undefined && { stream }) }),
  };
}
