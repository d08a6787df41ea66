import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.js';
import { useServer } from './support/with-server.js';

const open = useBrowser();
const held = useServer();

it('is used by keyboard alone: through the list, into a mail, on to the next, and back', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('200 mails').waitFor();
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('data-mail') ?? document.activeElement?.id);
  const [first, second, third] = held.server.mails;
  await page.keyboard.press('j');
  await expect.poll(focused).toBe(first!.id);
  await page.keyboard.press('ArrowDown');
  await expect.poll(focused).toBe(second!.id);
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe('mail-title');
  expect(await page.locator('#mail-title').textContent()).toBe(second!.subject);
  await page.keyboard.press('j');
  await expect.poll(() => page.locator('#mail-title').textContent()).toBe(third!.subject);
  await page.keyboard.press('Escape');
  await expect.poll(focused).toBe(third!.id);
  await page.keyboard.press('k');
  await expect.poll(focused).toBe(second!.id);
  // To the end of what is loaded, and on, row after row: the one in use is always in sight.
  for (let turn = 0; turn < 46; turn++) await page.keyboard.press('j');
  await page.locator('li[aria-setsize="100"]').first().waitFor();
  for (let turn = 0; turn < 24; turn++) await page.keyboard.press('j');
  await expect.poll(focused).toBe(held.server.mails[71]!.id);
  const inSight = await page.evaluate(() => {
    const row = document.activeElement!.getBoundingClientRect();
    return row.top >= 0 && row.bottom <= innerHeight + 1;
  });
  expect(inSight).toBe(true);
});

it('skips to the content, and begins there after a change of section', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('200 mails').waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.getByRole('link', { name: 'Queue', exact: true }).press('Enter');
  await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  expect(await page.title()).toBe('Queue · Mail relay');
});

it('shows where the focus is, on everything that takes it', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue?state=deferred`);
  await page.getByRole('heading', { name: 'Deferred' }).waitFor();
  const outlines = new Set<string>();
  for (let turn = 0; turn < 25; turn++) {
    await page.keyboard.press('Tab');
    outlines.add(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle));
  }
  expect([...outlines]).toEqual(['solid']);
});

it('lets single letters be turned off, and asks before it does what cannot be undone', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue?state=deferred`);
  await page.getByRole('heading', { name: 'Deferred' }).waitFor();
  await page.keyboard.press('?');
  await page.getByLabel('Single letters are shortcuts').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  expect(await page.locator('dialog[open]').count()).toBe(0);
  await page.getByLabel('Choose all mails of this page').press('Space');
  await page.getByRole('button', { name: 'Cancel', exact: true }).press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  expect(held.server.asked.filter(({ what }) => what.startsWith('POST'))).toEqual([]);
});
