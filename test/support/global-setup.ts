import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';

/**
 * All spec files of a run share one Redis and one PostgreSQL. They are started when the first of them asks for one over this
 * little HTTP server, and stopped at the end.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = new Map<string, Promise<Server>>();
  const broker = createServer((request, response) => {
    const kind = request.url!.slice(1);
    if (!servers.has(kind)) servers.set(kind, STARTERS[kind]!());
    servers.get(kind)!.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  project.provide('servers', `http://127.0.0.1:${(broker.address() as AddressInfo).port}`);
  return async () => {
    broker.closeAllConnections();
    broker.close();
    await Promise.allSettled([...servers.values()].map(async (server) => (await server).stop?.()));
  };
}

interface Server {
  url: string;
  stop?(): Promise<void>;
}

/** A server that is already there is used as it is, and left running. */
const STARTERS: Record<string, () => Promise<Server>> = {
  redis: async () => (process.env['REDIS_URL'] ? { url: process.env['REDIS_URL'] } : startRedis()),
  postgres: async () => {
    const url = process.env['POSTGRES_URL'] ?? process.env['DATABASE_URL'];
    return url ? { url } : startPostgres();
  },
};
