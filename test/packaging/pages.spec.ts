import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackage, runNode } from './installed-package.js';

/** The snippets of these pages that have a file name are one application, with those of the README's quickstart. */
const PAGES = ['README.md', 'docs/mails.md', 'docs/testing.md', 'docs/routing.md'];
const QUICKSTART = ['src/welcome.mail.ts', 'src/mails/welcome.hbs', 'src/app.module.ts', 'src/signup.service.ts'];

const root = join(import.meta.dirname, '..', '..');
const folder = await installPackage();
let specs = 0;
const program = (name: string) => join(root, 'node_modules', name);

beforeAll(async () => {
  for (const page of PAGES) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [, name, code] of text.matchAll(/`(src\/[\w./-]+)`:\n+```\w+\n([\s\S]*?)```/g)) {
      if (page === 'README.md' && !QUICKSTART.includes(name!)) continue;
      if (name!.endsWith('.spec.ts')) specs++;
      await mkdir(dirname(join(folder, name!)), { recursive: true });
      await writeFile(join(folder, name!), code!);
    }
  }
  await cp(join(folder, 'src', 'mails'), join(folder, 'dist', 'mails'), { recursive: true });
  const compilerOptions = {
    target: 'ES2023',
    module: 'nodenext',
    rootDir: 'src',
    outDir: 'dist',
    strict: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  await writeFile(join(folder, 'vitest.config.mjs'), "export default { test: { include: ['src/*.spec.ts'] } };\n");
});

describe('the snippets of the pages', () => {
  it('compile', async () => {
    const tsc = program('typescript/bin/tsc');
    const failed = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error: object) => error);
    expect(failed).toMatchObject({ stdout: '' });
  });

  it('do what they say, in Vitest', { timeout: 120_000 }, async () => {
    const { stdout } = await runNode(folder, [program('vitest/vitest.mjs'), 'run', '--root', folder]);
    expect(stdout).toContain(`Test Files  ${specs} passed (${specs})`);
  });

  it('do what they say, in node:test', async () => {
    const { stdout } = await runNode(folder, ['--test', '--test-reporter=tap', 'dist/signup.node-test.js']);
    expect(stdout).toContain('# pass 1');
  });
});
