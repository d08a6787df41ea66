import type { RelayAccess } from '../relay-access.js';
import { FileTransport } from '../../transport/file.transport.js';
import { InboxTransport } from '../../transport/inbox.transport.js';
import { MemoryTransport } from '../../transport/memory.transport.js';

/** Whether nothing that this relay is given leaves the machine, so that its mails may be cleared by hand. */
export function isLocalInbox({ transports }: RelayAccess): boolean {
  return (
    process.env.NODE_ENV !== 'production' &&
    transports.known.every(({ transport }) =>
      [InboxTransport, FileTransport, MemoryTransport].some((type) => transport instanceof type),
    )
  );
}
