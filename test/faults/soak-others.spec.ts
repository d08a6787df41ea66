import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../support/redis.js';
import type { Audit } from './soak/audit.js';
import { ChaosServer } from './soak/chaos-server.js';
import { HandWiredSubject } from './soak/hand-wired.subject.js';
import { NestMailSubject } from './soak/nest-mail.subject.js';
import { RelaySubject } from './soak/relay.subject.js';
import { runSoak } from './soak/run-soak.js';
import { SeededRandom } from './soak/seeded-random.js';
import type { SoakSubject } from './soak/soak-subject.interface.js';

const MAILS = Number(process.env['SOAK_MAILS'] ?? 1_500);
const SEED = Number(process.env['SOAK_SEED'] ?? 1);

/** The same faults for what people compare the relay with. It takes its time, so it runs when it is asked for only. */
it.runIf(process.env['SOAK_COMPARE'])('others in the same soak', { timeout: 600_000 + MAILS * 60 }, async () => {
  const subjects: ((redis: { url: string; port: number }, port: number) => Promise<SoakSubject>)[] = [
    async ({ url }, port) => RelaySubject.start({ redis: url, name: 'compare' }, port),
    async ({ port: redis }, port) => new HandWiredSubject(redis, port),
    async (_, port) => new NestMailSubject(port),
  ];
  const rows: string[] = [];
  for (const start of subjects) {
    const random = new SeededRandom(SEED);
    const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    const server = await ChaosServer.start(random);
    const subject = await start(redis, server.port);
    onTestFinished(async () => {
      await server.close();
      await redis.stop();
    });
    const audit = await runSoak({ subject, server, redis, random, mails: MAILS });
    await subject.close();
    rows.push(row(subject.name, audit));
    if (subject instanceof RelaySubject) expect(audit).toMatchObject({ accepted: MAILS, lost: [], invented: [] });
  }
  console.log(`${MAILS} mails, seed ${SEED}\n\n${HEAD}\n${rows.join('\n')}`);
});

const HEAD =
  '| | accepted | lost | said to be sent, and not there | given up, and said so | sent twice | as different messages |\n|---|---:|---:|---:|---:|---:|---:|';

function row(name: string, { accepted, lost, invented, givenUp, duplicated, changed }: Audit): string {
  return `| ${[name, accepted, lost.length, invented.length, givenUp.length, duplicated.length, changed.length].join(' | ')} |`;
}
