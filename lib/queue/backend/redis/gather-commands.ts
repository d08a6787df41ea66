import type { Socket } from 'node:net';
import { gatherWrites } from '../../../gather-writes.js';
import type { RedisClient } from './redis-target.js';

/** Lets all commands of this turn of the event loop leave in one packet: to be called before a command. */
export function gatherCommands(client: RedisClient): void {
  // A cluster has a connection for each node, and none of its own.
  const socket = 'stream' in client ? (client.stream as Socket | undefined) : undefined;
  if (socket) gatherWrites(socket);
}
