import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PageFiles } from '../../lib/console/http/page-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-page-'));
  await mkdir(join(folder, 'assets'));
});
afterEach(() => rm(folder, { recursive: true }));

const request = (headers: Record<string, string> = {}): IncomingMessage =>
  ({ url: '/relay/', headers }) as unknown as IncomingMessage;

it('says what to do when the page is not built', async () => {
  await expect(new PageFiles(folder).answer(request(), '')).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('npm run build'),
  });
});

it('serves the page under a strict policy, its files for ever, and compressed where there are such', async () => {
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'assets', 'main-1a2b.js'), 'plain');
  await writeFile(join(folder, 'assets', 'main-1a2b.js.br'), 'br');
  const files = new PageFiles(folder);
  const page = await files.answer(request(), '');
  expect(page.headers!['Content-Security-Policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(page.headers!['Content-Security-Policy']).toContain("frame-ancestors 'none'");
  expect(page.headers!['Cache-Control']).toBe('no-cache');
  const again = await files.answer(request({ 'if-none-match': page.headers!['ETag']! }), '');
  expect(again).toMatchObject({ status: 304 });
  const asset = await files.answer(request({ 'accept-encoding': 'gzip, br' }), 'assets/main-1a2b.js');
  expect(asset.headers).toMatchObject({
    'Content-Encoding': 'br',
    Vary: 'Accept-Encoding',
    'Content-Type': 'text/javascript; charset=utf-8',
  });
  expect(asset.headers!['Cache-Control']).toContain('immutable');
  expect(String((await files.answer(request(), 'assets/main-1a2b.js')).body)).toBe('plain');
  for (const name of ['../page-files.spec.ts', 'assets/../../x', 'assets/main-1a2b.js.br', '%2e%2e/x'])
    await expect(files.answer(request(), name)).rejects.toMatchObject({ status: 404 });
});
