import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedis, type RedisServer } from './redis.js';

export interface RedisClusterServer {
  readonly nodes: readonly { host: string; port: number }[];
  /** SIGSTOP: its nodes take connections and say nothing. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** A Redis Cluster of three nodes on the loopback, each with a third of the slots. */
export async function startRedisCluster(): Promise<RedisClusterServer> {
  const servers = await Promise.all([0, 1, 2].map(() => startNode()));
  const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const clients = nodes.map((node) => new Redis(node));
  try {
    const slots = [0, 5461, 10923, 16384] as const;
    await Promise.all(
      clients.map((client, n) => client.call('CLUSTER', 'ADDSLOTSRANGE', slots[n]!, slots[n + 1]! - 1)),
    );
    await Promise.all(nodes.slice(1).map(({ host, port }) => clients[0]!.call('CLUSTER', 'MEET', host, port)));
    await Promise.all(clients.map((client) => isWhole(client)));
  } finally {
    for (const client of clients) client.disconnect();
  }
  return {
    nodes,
    freeze: () => servers.forEach((server) => server.signal('SIGSTOP')),
    thaw: () => servers.forEach((server) => server.signal('SIGCONT')),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

function startNode(): Promise<RedisServer> {
  return startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']);
}

async function isWhole(client: Redis): Promise<void> {
  for (;;) {
    const info = String(await client.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) return;
    await sleep(50);
  }
}
