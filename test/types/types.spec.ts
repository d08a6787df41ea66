import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('mistakes do not compile, and what is right does', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const output = await new Promise((resolve) => {
    execFile(
      process.execPath,
      [tsc, '-p', join(import.meta.dirname, 'tsconfig.json')],
      { cwd: root },
      (_error, stdout) => resolve(stdout),
    );
  });
  expect(output).toBe('');
});
