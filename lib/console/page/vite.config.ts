import { defineConfig } from 'vite';

/** The console's page, built into the package: relative paths, so that it works wherever it is mounted, and nothing inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../../dist/console/page',
    emptyOutDir: true,
    target: 'es2022',
    // A data: URL is as much inline as a script is.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'THIRD-PARTY.md' },
  },
});
