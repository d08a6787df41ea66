import type { Socket } from 'node:net';

/**
 * Lets all that is written to a socket in this turn of the event loop leave in one packet: to be called before a write. Mails in flight
 * together come to the same step together, and a write costs more than what it says.
 */
export function gatherWrites(socket: Socket): void {
  if (gathering.has(socket)) return;
  gathering.add(socket);
  socket.cork();
  setImmediate(() => {
    gathering.delete(socket);
    socket.uncork();
  });
}

const gathering = new WeakSet<Socket>();
