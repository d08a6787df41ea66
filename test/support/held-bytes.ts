import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What is still in use, in bytes, of the heap and outside of it (buffers, long strings): what nobody uses is collected first, and does not count. */
export function heldBytes(): { heap: number; outside: number } {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external };
}
