// Stages the faults of docs/faults.md: npm run test:faults -- [--mails 20000] [--seed 4711] [--compare]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { mails: { type: 'string' }, seed: { type: 'string' }, compare: { type: 'boolean' } },
});
const env = {
  ...process.env,
  ...(values.mails && { SOAK_MAILS: values.mails }),
  ...(values.seed && { SOAK_SEED: values.seed }),
  ...(values.compare && { SOAK_COMPARE: '1' }),
};
const files = [
  'test/faults',
  'test/queue/outage.spec.ts',
  'test/queue/worker-loss.spec.ts',
  'test/queue/redis.spec.ts',
  'test/relay/outcomes.spec.ts',
  'test/relay/routing.spec.ts',
  'test/delivery/flow.spec.ts',
  'test/transport/smtp-large-message.spec.ts',
  'test/transport/smtp-outcomes.spec.ts',
  'test/transport/smtp-pipelining.spec.ts',
  'test/feedback',
];
const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
process.exit(spawnSync(process.execPath, [vitest, 'run', ...files], { env, stdio: 'inherit' }).status ?? 1);
