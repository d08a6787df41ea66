import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const sample = join(import.meta.dirname, '..', '..', 'sample');
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, args, { env: { ...process.env, NO_COLOR: '1', NODE_ENV: 'test' } });

it(
  'sample 03 sends by each way to register a transport, moves on when it is down, and returns',
  { timeout: 120_000 },
  async () => {
    const { stdout } = await run(join(sample, 'run.mjs'), '03-custom-transport');
    for (const way of ['byUrl', 'byClass', 'byInstance']) expect(stdout).toContain(`${way}: sent by ${way}`);
    expect(stdout).toContain('mail 5: sent by backup, not byUrl: is down: Acme answered 503');
    expect(stdout).toContain('back: sent by byUrl');
  },
);

it('its transport passes the conformance suite in node:test', async () => {
  const spec = join(sample, '03-custom-transport', 'dist', 'acme.transport.spec.js');
  const { stdout } = await run('--test', '--test-reporter=tap', spec);
  expect(stdout).toContain('# pass 17\n# fail 0');
});
