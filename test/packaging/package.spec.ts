import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packedFiles } from './installed-package.js';

interface Manifest {
  bin: Record<string, string>;
  main: string;
  types: string;
  typesVersions: Record<string, Record<string, string[]>>;
  exports: Record<string, string | Record<string, string>>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

let files: string[];
let manifest: Manifest;

beforeAll(async () => {
  files = await packedFiles();
  manifest = JSON.parse(await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as Manifest;
});

describe('the package', () => {
  it('holds what was compiled, and the pages that belong to a package', () => {
    expect(files.filter((file) => !file.startsWith('dist/')).toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    const compiled = files.filter((file) => file.startsWith('dist/') && !file.startsWith('dist/console/page/'));
    expect(compiled.filter((file) => !/\.(?:js|js\.map|d\.ts)$/.test(file))).toEqual([]);
    expect(files.filter((file) => /\b(?:test|spec|bench|sample)\b/.test(file))).toEqual([]);
  });

  it('holds every file that its package.json names', () => {
    const named = [
      manifest.main,
      manifest.types,
      ...Object.values(manifest.bin),
      ...Object.values(manifest.typesVersions['*']!).flat(),
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
    ];
    expect(named.filter((path) => !files.includes(path.replace('./', '')))).toEqual([]);
  });

  it('has each entry for resolvers that know `exports`, and for those that do not', () => {
    const entries = Object.keys(manifest.exports).filter((entry) => entry !== '.' && entry !== './package.json');
    expect(Object.keys(manifest.typesVersions['*']!).map((entry) => `./${entry}`)).toEqual(entries);
  });

  it('asks for Nest, and for nothing else that an application has not got', () => {
    const { peerDependencies, peerDependenciesMeta, dependencies } = manifest;
    const required = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    expect(required.toSorted()).toEqual(['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs']);
    expect(Object.keys(dependencies).filter((name) => name in peerDependencies)).toEqual([]);
  });
});

describe('the lock file', () => {
  it('names the packages of every platform, without which `npm ci` refuses it', async () => {
    const text = await readFile(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });
});
