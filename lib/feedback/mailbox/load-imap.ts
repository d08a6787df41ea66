import type * as Imap from 'imapflow';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** The IMAP client. Optional: it is loaded when a mailbox is watched. */
export type ImapLibrary = typeof Imap;

/** @throws RelayConfigurationError with the install command */
export async function loadImap(): Promise<ImapLibrary> {
  try {
    return await import('imapflow');
  } catch (cause) {
    throw new RelayConfigurationError(
      'bounceMailbox',
      'needs the package imapflow. Install it: npm install imapflow',
      cause as Error,
    );
  }
}
