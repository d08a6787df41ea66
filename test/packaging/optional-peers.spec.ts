import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPackage, runProgram } from './installed-package.js';

const PEERS = ['pg', '@electric-sql/pglite', '@css-inline/css-inline', 'smtp-server', '@nestjs/terminus'];
const folder = await installPackage({ without: PEERS });

describe('an optional package', () => {
  it.each([
    ['the embedded queue, which is the default', '', '@electric-sql/pglite', 'queue.embedded'],
    ['a queue on Postgres', "queue: { postgres: 'postgres://127.0.0.1:1/app' }", 'pg', 'queue.postgres'],
    [
      'CSS inlining',
      "queue: { redis: 'redis://127.0.0.1:1' }, templates: { dir: '.', inlineCss: true }",
      '@css-inline/css-inline',
      'templates.inlineCss',
    ],
  ])('that is missing stops the start with the command that installs it: %s', async (_what, options, peer, option) => {
    const output = await runProgram(
      folder,
      `
        import 'reflect-metadata';
        import { NestFactory } from '@nestjs/core';
        import { RelayConfigurationError, RelayModule } from 'nestjs-mail-relay';
        class AppModule {}
        const imports = [RelayModule.forRoot({ from: 'hello@acme.test', transport: 'memory:', ${options} })];
        const module = { module: AppModule, imports };
        const start = NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
        const error = await start.then(() => undefined, (thrown) => thrown);
        console.log(error instanceof RelayConfigurationError, error?.option, error?.message);
        process.exit();
      `,
    );
    expect(output).toContain(`true ${option} `);
    expect(output).toContain(`npm install ${peer}`);
  });

  it('that is missing stops the start with the command that installs it: submission', async () => {
    const output = await runProgram(
      folder,
      `
        import 'reflect-metadata';
        import { NestFactory } from '@nestjs/core';
        import { RelayConfigurationError, RelayModule } from 'nestjs-mail-relay';
        import { RelaySubmissionModule } from 'nestjs-mail-relay/submission';
        class AppModule {}
        const imports = [
          RelayModule.forRoot({ from: 'hello@acme.test', transport: 'memory:', queue: { redis: 'redis://127.0.0.1:1' } }),
          RelaySubmissionModule.forRoot({ listen: [{ port: 2525 }], trusted: ['127.0.0.1'] }),
        ];
        const start = NestFactory.createApplicationContext({ module: AppModule, imports }, { logger: false, abortOnError: false });
        const error = await start.then(() => undefined, (thrown) => thrown);
        console.log(error instanceof RelayConfigurationError, error?.option, error?.message);
        process.exit();
      `,
    );
    expect(output).toContain('true submission ');
    expect(output).toContain('npm install smtp-server@3');
  });

  it('is not loaded by an import', async () => {
    for (const peer of PEERS) await writeTrap(peer);
    const output = await runProgram(
      folder,
      `
        import { createRequire } from 'node:module';
        import 'nestjs-mail-relay';
        import 'nestjs-mail-relay/testing';
        import 'nestjs-mail-relay/submission';
        // The dependencies would find the packages of the repository; what they load is CommonJS.
        const loaded = Object.keys(createRequire(import.meta.url).cache);
        console.log(loaded.length > 0, loaded.filter((file) => /node_modules.(pg|@electric-sql|@css-inline|smtp-server)/.test(file)));
      `,
    );
    expect(output).toBe('true []\n');
  });
});

/** A package that throws when it is loaded. */
async function writeTrap(name: string): Promise<void> {
  const at = join(folder, 'node_modules', name);
  await rm(at, { recursive: true, force: true });
  await mkdir(at, { recursive: true });
  await writeFile(join(at, 'package.json'), JSON.stringify({ name, version: '0.0.0', main: 'index.js' }));
  await writeFile(join(at, 'index.js'), `throw new Error(${JSON.stringify(`${name} was loaded`)});\n`);
}
