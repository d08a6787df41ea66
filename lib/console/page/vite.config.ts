import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** The console's page, built into the package: relative paths, so that it works wherever it is mounted, and nothing inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed()],
  build: {
    outDir: '../../../dist/console/page',
    emptyOutDir: true,
    target: 'es2022',
    // A data: URL is as much inline as a script is.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: 'THIRD-PARTY.md' },
  },
});

/** Compresses what the page is made of, once and well, so that no application has to at each request. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    async writeBundle({ dir }) {
      const assets = join(dir!, 'assets');
      for (const name of (await readdir(assets)).filter((file) => /\.(?:js|css)$/.test(file))) {
        const content = await readFile(join(assets, name));
        if (content.length < 1_400) continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        await writeFile(join(assets, `${name}.br`), await promisify(brotliCompress)(content, quality));
        await writeFile(join(assets, `${name}.gz`), await promisify(gzip)(content, { level: 9 }));
      }
    },
  };
}
