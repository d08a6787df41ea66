import { FileTransport } from '../../transport/file.transport.js';
import { InboxTransport } from '../../transport/inbox.transport.js';
import { MemoryTransport } from '../../transport/memory.transport.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import { isLocalInbox } from '../view/local-inbox.js';

/** Clears the local inbox: the list, and what transports have kept that send nothing. */
export function inboxRoutes(): ConsoleRoutes {
  return {
    'DELETE mails': async (relay) => {
      const { queue, transports, runtime } = relay;
      if (process.env.NODE_ENV === 'production')
        throw new ConsoleRejectedError(403, 'In production the history is not cleared by hand');
      if (!isLocalInbox(relay))
        throw new ConsoleRejectedError(409, 'Mails of this relay are sent: only a local inbox is cleared');
      await runtime.history?.flush();
      const removed = await queue.history.clear();
      for (const { transport } of transports.known)
        if (transport instanceof InboxTransport || transport instanceof FileTransport) await transport.clear();
        else if (transport instanceof MemoryTransport) transport.clear();
      return { json: { removed } };
    },
  };
}
