import { within } from '../../within.js';
import type { RedisClient } from './redis-target.js';

/** How often a connection is asked for a sign of life, and how long it may take, in milliseconds. */
const BEAT = 5_000;

/**
 * Connects anew when a connection goes silent without being closed, as when the machine behind it has vanished: TCP itself would take
 * a quarter of an hour to notice. For connections whose commands wait for ever. Gives what stops it.
 */
export function watchHeartbeat(client: RedisClient): () => void {
  let asking = false;
  const beat = async (): Promise<void> => {
    if (asking || client.status !== 'ready') return;
    asking = true;
    try {
      if (!(await within(BEAT, client.ping())) && client.status === 'ready') client.disconnect(true);
    } catch {
      // An error is a sign of life, or of a connection that is closed already.
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void beat(), BEAT).unref();
  return () => clearInterval(timer);
}
