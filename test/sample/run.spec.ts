import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

it('runs a sample in a clone that was not built yet', { timeout: 120_000 }, async () => {
  const root = join(import.meta.dirname, '..', '..');
  const clone = await temporaryFolder();
  const source = join(clone, 'sample', '01-quickstart', 'src');
  await mkdir(source, { recursive: true });
  for (const part of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'lib', 'scripts', 'sample/run.mjs'])
    await cp(join(root, part), join(clone, part), { recursive: true });
  await cp(join(root, 'sample', '01-quickstart', 'tsconfig.json'), join(source, '..', 'tsconfig.json'));
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  await writeFile(
    join(source, 'main.ts'),
    "import { RelayModule } from 'nestjs-mail-relay';\nconsole.log(RelayModule.name);\n",
  );
  const { stdout } = await promisify(execFile)(process.execPath, [join(clone, 'sample', 'run.mjs')]);
  expect(stdout).toBe('RelayModule\n');
});
