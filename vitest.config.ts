import { defineConfig } from 'vitest/config';

const ALONE = 'test/alone/**/*.spec.ts';
const test = { globalSetup: ['test/support/global-setup.ts'], testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...test, name: 'all', include: ['test/**/*.spec.ts'], exclude: [ALONE], sequence: { groupOrder: 0 } } },
      // What measures time, when nothing else takes any.
      { test: { ...test, name: 'alone', include: [ALONE], maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
