import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('the README says what each transport can carry, as the code has it', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const script = `import { capabilityTable } from './scripts/capabilities.mjs'; process.stdout.write(capabilityTable());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  expect(stdout).toContain('| Postmark, API');
  // Else: npm run build && npm run docs:capabilities
  expect(await readFile(join(root, 'README.md'), 'utf8')).toContain(stdout);
});
