import { Cluster, Redis, type ClusterNode, type ClusterOptions, type RedisOptions } from 'ioredis';
import { RelayConfigurationError } from '../../../errors/relay-configuration.error.js';

export type RedisClient = Redis | Cluster;

/** What a connection is for. `blocking` waits for jobs. */
export type RedisRole = 'producer' | 'worker' | 'blocking';

/** Makes a connection of our own; it begins to connect at once. */
export type RedisTarget = (role: RedisRole) => RedisClient;

/**
 * Reads `queue.redis`, or the connection options of the application's BullModule.
 *
 * @throws RelayConfigurationError
 */
export function redisTarget(input: unknown, option = 'queue.redis'): RedisTarget {
  const wrong = (message: string): never => {
    throw new RelayConfigurationError(option, message);
  };
  if (typeof input === 'string') return ofUrl(input, wrong);
  if (typeof input !== 'object' || input === null) return wrong(EXPECTED);
  if (isInstance(input)) return ofInstance(input, wrong);
  const { cluster, options, url, ...rest } = input as GivenOptions;
  if (cluster !== undefined)
    return Array.isArray(cluster) && cluster.length > 0 ? ofCluster(cluster, options ?? {}) : wrong(NODES);
  if ('connectionString' in input || 'connect' in input) return wrong(`this is no Redis. ${EXPECTED}`);
  noKeyPrefix(rest, wrong);
  return url === undefined ? (role) => new Redis(redisOptions(rest, role)) : ofUrl(url, wrong, rest);
}

interface GivenOptions extends RedisOptions {
  cluster?: ClusterNode[];
  options?: ClusterOptions;
  url?: string;
}

type Wrong = (message: string) => never;

function ofUrl(given: string, wrong: Wrong, options: RedisOptions = {}): RedisTarget {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !SCHEMES.has(url.protocol) || !url.hostname) {
    return wrong(`this is no Redis URL. It looks like redis://user:password@host:6379/0, or rediss://... with TLS`);
  }
  if (!/^\/?\d*$/.test(url.pathname))
    return wrong('the path of a Redis URL is the number of a database, as in redis://host:6379/0');
  return (role) => new Redis(given, redisOptions(options, role));
}

function ofCluster(nodes: ClusterNode[], options: ClusterOptions): RedisTarget {
  return (role) => new Cluster(nodes, clusterOptions(options, role));
}

/** The application's connection is its own: we take its options and leave it alone. */
function ofInstance(instance: RedisClient, wrong: Wrong): RedisTarget {
  if (instance.isCluster) {
    const { options } = instance as Cluster;
    noKeyPrefix(options, wrong);
    return (role) => (instance as Cluster).duplicate(undefined, clusterOptions(options, role));
  }
  const { options } = instance as Redis;
  noKeyPrefix(options, wrong);
  return (role) => (instance as Redis).duplicate(redisOptions(options, role));
}

function isInstance(input: object): input is RedisClient {
  const { duplicate, defineCommand } = input as Partial<Redis>;
  return typeof duplicate === 'function' && typeof defineCommand === 'function';
}

function noKeyPrefix(options: { keyPrefix?: string }, wrong: Wrong): void {
  if (options.keyPrefix)
    wrong('BullMQ cannot work with a keyPrefix. Leave it out; the keys of the relay all begin with {relay}');
}

function redisOptions(options: RedisOptions, role: RedisRole): RedisOptions {
  return { ...options, ...COMMON, ...ROLES[role] };
}

/** A cluster connects to its nodes when it first needs them, and would refuse a command meanwhile without its offline queue. */
function clusterOptions(options: ClusterOptions, role: RedisRole): ClusterOptions {
  const { enableOfflineQueue: _, ...rest } = ROLES[role];
  return {
    ...options,
    lazyConnect: false,
    enableOfflineQueue: true,
    clusterRetryStrategy: RETRY,
    // A producer must not repeat by itself what may have been stored.
    ...(role === 'producer' && { retryDelayOnFailover: 0 }),
    redisOptions: { ...options.redisOptions, ...rest },
  };
}

/** How long a producer waits for an answer, in milliseconds. */
export const COMMAND_TIMEOUT = 4_000;

const RETRY = (times: number): number => Math.min(times * 100, 2_000);

const COMMON: RedisOptions = {
  // ioredis keeps the process alive by it, after the end of the connection too. We look for signs of life ourselves.
  socketTimeout: undefined,
  lazyConnect: false,
  retryStrategy: RETRY,
  // After a failover the old primary answers so; the way to the new one is to connect again.
  reconnectOnError: (error) => error.message.includes('READONLY'),
};

const PATIENT: RedisOptions = {
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  autoResendUnfulfilledCommands: true,
  commandTimeout: undefined,
};

/** A producer fails fast and repeats nothing; a worker waits for its Redis. */
const ROLES: Readonly<Record<RedisRole, RedisOptions>> = {
  producer: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT,
  },
  worker: PATIENT,
  blocking: PATIENT,
};

const SCHEMES: ReadonlySet<string> = new Set(['redis:', 'rediss:']);
const EXPECTED = `Give a URL such as 'redis://localhost:6379', ioredis options, { cluster: [...] }, or an ioredis instance`;
const NODES = 'cluster is the list of some of its nodes: { cluster: [{ host, port }, ...], options }';
