import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileTransport, MemoryTransport } from '../../../lib/index.js';
import { arrivedMime } from './arrived-mime.js';
import { onlyNew, type Stage } from './stage.js';

/** Nothing leaves the machine. */
export const LOCAL_STAGES: readonly Stage[] = [
  {
    name: 'file',
    givesId: false,
    // A file does not say whom it is for.
    arrives: (sent) => [{ ...sent, recipients: [] }],
    own: () => ({}),
    async start() {
      const dir = await mkdtemp(join(tmpdir(), 'relay-test-'));
      const transport = new FileTransport({ dir });
      const known = new Set<string>();
      return {
        transport,
        take: async () => {
          const fresh = (await readdir(dir).catch(() => [])).filter((name) => !known.has(name)).toSorted();
          return Promise.all(
            fresh.map(async (name) => arrivedMime(await readFile(join(dir, known.add(name) && name)), [])),
          );
        },
        close: () => rm(dir, { recursive: true, force: true }),
      };
    },
  },
  {
    name: 'memory',
    givesId: false,
    own: ({ tags, metadata }) => ({ tags, metadata }),
    async start() {
      const transport = new MemoryTransport();
      return {
        transport,
        take: onlyNew(transport.messages, async (message) => {
          const arrived = await arrivedMime(Buffer.from(await message.raw()), message.envelope.to);
          return { ...arrived, own: { tags: message.tags, metadata: message.metadata } };
        }),
        close: async () => undefined,
      };
    },
  },
];
