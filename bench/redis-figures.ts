import { Redis } from 'ioredis';

/** Bytes that a Redis holds. */
export async function redisMemory(url: string): Promise<number> {
  const info = await once(url, (redis) => redis.info('memory'));
  return Number(/used_memory:(\d+)/.exec(info)![1]);
}

/** CPU time that a Redis has used since it began, in microseconds. */
export async function redisCpuTime(url: string): Promise<number> {
  const info = await once(url, (redis) => redis.info('cpu'));
  const seconds = info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm);
  return [...seconds].reduce((sum, [, one]) => sum + Number(one) * 1_000_000, 0);
}

export async function emptyRedis(url: string): Promise<void> {
  await once(url, (redis) => redis.flushall());
}

async function once<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
