import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPackage, runNode } from './installed-package.js';

/** The same application as an ES module and as CommonJS, in a folder that has the package from its tarball. */
const folder = await installPackage({ without: ['pg', '@css-inline/css-inline', '@types/pg', '@types/html-to-text'] });

describe.each([
  ['an ES module', 'module'],
  ['CommonJS', 'commonjs'],
])('an application that is %s', (_kind, type) => {
  const app = join(folder, type);

  it('compiles, the declarations of the package included', async () => {
    await mkdir(app, { recursive: true });
    await cp(join(import.meta.dirname, 'application'), app, { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type }));
    if (type === 'commonjs') expect(await compile(app, 'commonjs')).toBe('');
    expect(await compile(app, 'nodenext')).toBe('');
  });

  it('sends mails through the embedded queue', { timeout: 120_000 }, async () => {
    const { stdout } = await runNode(app, ['dist/main.js']);
    expect(stdout).toBe('4000 visitors; Welcome, Ada\n');
  });

  it('is tested with fakeMail()', async () => {
    const { stdout, stderr } = await runNode(app, ['dist/check.js']);
    expect(stdout).toBe('Your pro account is ready. Terms of pro\n');
    expect(stderr).toBe('');
  });
});

/** What the compiler has to say. */
async function compile(app: string, module: 'commonjs' | 'nodenext'): Promise<string> {
  const compilerOptions = {
    target: 'ES2023',
    module,
    rootDir: 'src',
    outDir: 'dist',
    strict: true,
    skipLibCheck: false,
    esModuleInterop: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const tsc = join(import.meta.dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', app], (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
