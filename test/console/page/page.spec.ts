import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.js';
import { useServer } from './support/with-server.js';

const open = useBrowser();
const held = useServer();
const dist = join(import.meta.dirname, '..', '..', '..', 'dist', 'console', 'page');

it('is small, and names what it is made of', async () => {
  const files = (await readdir(dist, { recursive: true })).filter((file) => /\.(?:html|js|css|svg|md)$/.test(file));
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(join(dist, file))).length));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(120_000);
  const notice = await readFile(join(dist, 'THIRD-PARTY.md'), 'utf8');
  for (const name of ['preact', '@preact/signals', 'uplot']) expect(notice).toContain(`## ${name} - `);
});

it('has nothing inline, and no word of another host', async () => {
  const html = await readFile(join(dist, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  expect(
    [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url).filter((url) => !url!.startsWith('./')),
  ).toEqual([]);
  const scripts = (await readdir(join(dist, 'assets'))).filter((file) => file.endsWith('.js'));
  for (const file of scripts) {
    const code = await readFile(join(dist, 'assets', file), 'utf8');
    expect(code.match(/\beval\(|new Function\(|https?:\/\/(?!www\.w3\.org)\w{1,60}/g), file).toBeNull();
  }
  const styles = (await readdir(join(dist, 'assets'))).filter((file) => file.endsWith('.css'));
  for (const file of styles) expect(await readFile(join(dist, 'assets', file), 'utf8')).not.toMatch(/url\(|@import/);
});

it('asks nobody but the server that it came from, below its own path, and keeps to its policy', async () => {
  const { page, requests, complaints } = await open();
  for (const place of [
    'mails',
    `mails/${held.server.mails[0]!.id}`,
    'queue',
    'previews',
    'charts',
    'suppressions',
    'domains',
  ]) {
    await page.goto(`${held.url}#/${place}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('load');
  }
  expect(requests.filter((url) => !url.startsWith(held.url))).toEqual([]);
  expect(requests.length).toBeGreaterThan(15);
  expect(complaints).toEqual([]);
});

it('keeps the colours that the reader chose', async () => {
  const { page } = await open({ colorScheme: 'light' });
  await page.goto(held.url);
  const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
  expect(await theme()).toBe('light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(theme).toBe('dark');
  await page.getByRole('button', { name: /Colours: as the system/ }).click();
  expect(await theme()).toBe('light');
  await page.reload();
  expect(await theme()).toBe('light');
});

it('stays with the relay that was chosen', async () => {
  held.server.session['relays'] = ['default', 'marketing'];
  const { page } = await open();
  await page.goto(held.url);
  await page.getByLabel('Relay').selectOption('marketing');
  await page.waitForURL(/relay=marketing/);
  await page.getByText('200 mails').waitFor();
  await page.getByRole('link', { name: 'Queue', exact: true }).click();
  await page.getByRole('heading', { name: 'Transports' }).waitFor();
  const last = held.server.asked.at(-1)!;
  expect(last.query.get('relay')).toBe('marketing');
});

it.each([360, 600, 768, 1024, 1280, 1920])('fits a window that is %i pixels wide', async (width) => {
  held.server.session['relays'] = ['default', 'marketing'];
  held.server.session['readonly'] = true;
  const { page } = await open({ viewport: { width, height: 700 } });
  await page.goto(held.url);
  for (const [place, ready] of [
    [`mails/${held.server.mails[0]!.id}`, 'iframe'],
    ['queue?state=deferred', 'tbody tr'],
    ['charts', 'canvas'],
    ['suppressions', 'tbody tr'],
    ['domains', '.record'],
  ]) {
    await page.evaluate((hash) => (location.hash = hash), `#/${place}`);
    await page.locator(ready!).first().waitFor();
    const cut = await page.evaluate(() => {
      const boxes = [document.documentElement, ...document.querySelectorAll('main, header, .split-detail, .page')];
      return boxes.filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.className || box.tagName);
    });
    expect(cut, place).toEqual([]);
  }
});
