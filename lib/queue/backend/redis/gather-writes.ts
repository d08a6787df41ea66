import type { Socket } from 'node:net';
import type { RedisClient } from './redis-target.js';

/**
 * Lets all commands of this turn of the event loop leave in one packet: to be called before a command. Mails in flight together come to
 * the same step together, and a write to the socket costs more than the command itself.
 */
export function gatherWrites(client: RedisClient): void {
  // A cluster has a connection for each node, and none of its own.
  const socket = 'stream' in client ? (client.stream as Socket | undefined) : undefined;
  if (!socket || gathering.has(socket)) return;
  gathering.add(socket);
  socket.cork();
  setImmediate(() => {
    gathering.delete(socket);
    socket.uncork();
  });
}

const gathering = new WeakSet<Socket>();
