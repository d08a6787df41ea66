import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that a test can cut, freeze and mend. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections and refuses new ones. */
  cut(): Promise<void>;
  /** A black hole: connections stay, new ones are taken, and nothing goes through any more. */
  freeze(): void;
  /** The connections that there are go silent for good, as when a machine vanishes; new ones work. */
  strand(): void;
  /** The next connection that asks for this goes silent with it. Resolves when it has. */
  strandAt(text: string): Promise<void>;
  /** After `cut` or `freeze`: lets everything through again. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** @param down starts it cut, on a port that refuses connections */
export async function startTcpProxy(target: number, { down = false } = {}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const stranded = new WeakSet<Socket>();
  const strand = (socket: Socket): void => {
    socket.pause();
    stranded.add(socket);
  };
  let trap: { text: string; shut(): void } | undefined;
  let frozen = false;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (from === client && trap && data.includes(trap.text)) {
          strand(client);
          strand(upstream);
          trap.shut();
          trap = undefined;
        } else {
          to.write(data);
        }
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (frozen) from.pause();
    }
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  const port = await listen(0);
  if (down) await cut();
  return {
    port,
    cut,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    strand() {
      for (const socket of sockets) strand(socket);
    },
    strandAt: (text) => new Promise((shut) => (trap = { text, shut })),
    async resume() {
      frozen = false;
      for (const socket of sockets) if (!stranded.has(socket)) socket.resume();
      if (!server.listening) await listen(port);
    },
    close: cut,
  };
}
