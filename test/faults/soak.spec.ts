import { randomInt, randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../support/redis.js';
import { ChaosServer } from './soak/chaos-server.js';
import { RelaySubject } from './soak/relay.subject.js';
import { runSoak } from './soak/run-soak.js';
import { SeededRandom } from './soak/seeded-random.js';

const MAILS = Number(process.env['SOAK_MAILS'] ?? 1_500);
const SEED = Number(process.env['SOAK_SEED'] ?? randomInt(1_000_000));

it(
  `loses none of ${MAILS} mails, whatever is killed and broken, and sends none twice without a reason (SOAK_SEED=${SEED})`,
  { timeout: 60_000 + MAILS * 60 },
  async () => {
    const random = new SeededRandom(SEED);
    const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    const server = await ChaosServer.start(random);
    const queue = { redis: redis.url, name: `soak-${randomUUID()}` };
    const subject = await RelaySubject.start(queue, server.port);
    onTestFinished(async () => {
      await subject.close();
      await server.close();
      await redis.stop();
    });
    const found = await runSoak({ subject, server, redis, random, mails: MAILS });
    console.log(`soak: ${found.accepted} accepted, ${found.duplicated.length} duplicated, seed ${SEED}`);
    expect(found).toMatchObject({ accepted: MAILS, lost: [], invented: [], unexplained: [], changed: [] });
  },
);
