import type { RelayLogger } from '../../outage-log.js';
import type { RedisClient } from './redis-target.js';

/** BullMQ recommends 6.2 or later. */
const OLDEST = [6, 2] as const;

/** Warns of a Redis that may lose mails, or is too old. What cannot be read is passed over: a user may lack the permission. */
export async function inspectRedis(client: RedisClient, logger: RelayLogger): Promise<void> {
  const info = await client.info();
  const read = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = read('maxmemory_policy');
  if (policy && policy !== 'noeviction') {
    logger.warn(
      `Redis may throw queued mails away when its memory is full: its maxmemory-policy is ${policy}. Set it to noeviction.`,
    );
  }
  const version = read('redis_version');
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))) {
    logger.warn(`Redis ${version} is old; use ${OLDEST.join('.')} or later.`);
  }
}
