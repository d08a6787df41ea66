import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.js';
import { useServer } from './support/with-server.js';

const open = useBrowser();
const held = useServer();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Each page, and what is there when it is ready. */
const PAGES: [place: string, ready: string][] = [
  ['mails', '.mail-row'],
  ['mails/MAIL', 'iframe'],
  ['mails/MAIL?tab=timeline', '.moment'],
  ['mails/MAIL?tab=headers', '.headers'],
  ['mails/MAIL?tab=source', '.paper'],
  ['mails/MAIL?tab=attachments', '.attachment'],
  ['mails/MAIL?tab=links', 'table'],
  ['mails/MAIL?tab=warnings', '.card'],
  ['mails?search=nobody', '.empty-help a'],
  ['queue?state=dead', 'table'],
  ['previews/WelcomeMail.usual', 'iframe'],
  ['charts', 'canvas'],
  ['charts?by=tag', 'canvas'],
  ['suppressions', 'table'],
  ['domains', '.record'],
  ['nothing', '.empty'],
];

it.each([
  ['light', 1280],
  ['dark', 360],
] as const)('has nothing that axe finds, %s, %i pixels wide', { timeout: 60_000 }, async (colorScheme, width) => {
  const { page } = await open({ colorScheme, viewport: { width, height: 760 }, reducedMotion: 'reduce' });
  await page.goto(held.url);
  await page.evaluate(axe);
  for (const [place, ready] of PAGES) {
    await page.evaluate((hash) => (location.hash = hash), `#/${place.replace('MAIL', held.server.mails[0]!.id)}`);
    await page.locator(ready).first().waitFor({ state: 'attached' });
    expect(await violations(page), place).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider, `${place} is wider than the window`).toBeLessThanOrEqual(0);
  }
});

it('has nothing that axe finds in forms, dialogs and errors', async () => {
  const { page } = await open({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.goto(`${held.url}#/suppressions`);
  await page.evaluate(axe);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: /^Remove gone/ }).click();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  held.server.failing = { path: 'queue', status: 503, detail: 'Redis cannot be reached.' };
  await page.evaluate(() => (location.hash = '#/queue'));
  await page.getByText('Redis cannot be reached.').waitFor();
  expect(await violations(page)).toEqual([]);
});

/** The rules of WCAG 2.2, A and AA, and of good practice. */
async function violations(page: Page): Promise<string[]> {
  const results = await page.evaluate(() => {
    const run = (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run;
    return run({ iframes: false, resultTypes: ['violations'] });
  });
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`),
  );
}
