import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.js';
import { sampleMail } from './support/sample-data.js';
import { useServer } from './support/with-server.js';

const open = useBrowser();
const held = useServer();

const fresh = (index: number, more: object = {}) => ({
  ...sampleMail(0, Date.now() + 60_000),
  id: `fresh-${index}`,
  subject: `Fresh ${index}`,
  state: 'queued',
  states: { queued: 1 },
  ...more,
});

it('shows a mail that arrives and follows its states, without being loaded again', async () => {
  const { page, complaints } = await open();
  await page.goto(held.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('200 mails').waitFor();
  held.server.tell('mail', fresh(1));
  const row = page.locator('[data-mail=fresh-1]');
  await row.getByText('queued').waitFor();
  await page.getByText('201 mails').waitFor();
  held.server.tell('mail', fresh(1, { state: 'delivered', states: { delivered: 1 } }));
  await row.getByText('delivered').waitFor();
  expect(await page.locator('.mail-row').first().getAttribute('data-mail')).toBe('fresh-1');
  expect(await page.evaluate(() => performance.getEntriesByType('navigation').length)).toBe(1);
  expect(complaints).toEqual([]);
});

it('holds arrivals back while the reader is further down, and shows them on request', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('200 mails').waitFor();
  await page.locator('.windowed').evaluate((box) => box.scrollTo(0, 900));
  await page.waitForFunction(() => !document.querySelector('[aria-posinset="1"]'));
  const seen = await page.locator('.mail-row').nth(8).textContent();
  held.server.tell('mail', fresh(1));
  held.server.tell('mail', fresh(2));
  await page.getByRole('button', { name: '2 new mails' }).waitFor();
  expect(await page.locator('.mail-row').nth(8).textContent()).toBe(seen);
  await page.getByRole('button', { name: '2 new mails' }).click();
  await page.locator('[data-mail=fresh-2]').waitFor();
});

it('reads the list again at its top, when more came meanwhile than it was told of', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('200 mails').waitFor();
  await page.locator('.windowed').evaluate((box) => box.scrollTo(0, 900));
  await page.waitForFunction(() => !document.querySelector('[aria-posinset="1"]'));
  for (let index = 0; index < 2_000; index++) held.server.tell('mail', fresh(index));
  held.server.mails.unshift(fresh(2_000) as never);
  await expect
    .poll(
      async () => {
        await page.locator('.windowed').evaluate((box) => box.scrollTo(0, 300));
        await page.locator('.windowed').evaluate((box) => box.scrollTo(0, 0));
        return page.locator('[data-mail=fresh-2000]').count();
      },
      { timeout: 15_000 },
    )
    .toBe(1);
});

it('reads the list again when the server says that more has changed than it told', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('200 mails').waitFor();
  held.server.mails.unshift(fresh(1) as never);
  held.server.tell('more', {});
  await page.locator('[data-mail=fresh-1]').waitFor();
});

it('shows further pages as they are scrolled to, and keeps few rows in the document', async () => {
  const now = Date.now();
  held.server.mails = Array.from({ length: 1_000 }, (_, index) => sampleMail(index, now));
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('1,000 mails').waitFor();
  await expect
    .poll(
      async () => {
        await page.locator('.windowed').evaluate((box) => box.scrollTo(0, box.scrollHeight));
        return page.locator('.mail-row').last().getAttribute('data-mail');
      },
      { timeout: 15_000 },
    )
    .toBe(held.server.mails.at(-1)!.id);
  expect(await page.locator('.mail-row').count()).toBeLessThan(60);
  await page.getByText('That is all.').waitFor();
});

it('stays quick when thousands of mails arrive at once', async () => {
  const { page, complaints } = await open();
  await page.goto(held.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('200 mails').waitFor();
  const asked = held.server.asked.length;
  await page.evaluate(() => {
    const counted = globalThis as unknown as { changes: number };
    counted.changes = 0;
    new MutationObserver(() => counted.changes++).observe(document.querySelector('.split-list')!, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  });
  for (let index = 0; index < 5_000; index++) held.server.tell('mail', fresh(index));
  held.server.mails.unshift(fresh(5_000) as never);
  await page.locator('[data-mail=fresh-5000]').waitFor();
  // A reading of the first page for the lot of them, not one for each.
  expect(held.server.asked.length - asked).toBeLessThan(5);
  expect(await page.locator('.mail-row').count()).toBeLessThan(60);
  // Nor is the list drawn again for each.
  expect(await page.evaluate(() => (globalThis as unknown as { changes: number }).changes)).toBeLessThan(100);
  expect(complaints).toEqual([]);
});

it('finds and filters, and has both in its address', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('200 mails').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('Reset your');
  await page.getByText('40 mails').waitFor();
  await page.locator('summary', { hasText: 'Filters' }).click();
  await page.getByLabel('State').selectOption('bounced');
  await page.waitForFunction(() => location.hash.includes('state=bounced') && location.hash.includes('search=Reset'));
  await expect.poll(() => page.locator('.mail-row .badge').allTextContents()).toEqual(Array(4).fill('bounced'));
  // What does not fit does not come in.
  held.server.tell('mail', fresh(1));
  held.server.tell('mail', fresh(2, { subject: 'Reset your phone', state: 'bounced', states: { bounced: 1 } }));
  await page.locator('[data-mail=fresh-2]').waitFor();
  expect(await page.locator('[data-mail=fresh-1]').count()).toBe(0);
  await page.reload();
  expect(await page.getByLabel('Search mails').inputValue()).toBe('Reset your');
  await expect.poll(() => page.locator('.mail-row .badge').allTextContents()).toEqual(Array(4).fill('bounced'));
  await page.getByLabel('Search mails').fill('nobody of that name');
  await page.getByText('No mail fits').waitFor();
  expect(await page.locator('main').getByRole('link', { name: 'Queue' }).getAttribute('href')).toBe('#/queue');
});

it('tells what went wrong in the words of the server, and tries again when asked', async () => {
  held.server.failing = { path: 'mails', status: 503, detail: 'Redis cannot be reached at 127.0.0.1:6379.' };
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('Redis cannot be reached at 127.0.0.1:6379.').waitFor();
  held.server.failing = undefined;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('200 mails').waitFor();
});

it('reads again what it may have missed while the connection was gone', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('200 mails').waitFor();
  held.server.mails.unshift(fresh(7) as never);
  held.server.drop();
  await page.locator('[data-mail=fresh-7]').waitFor();
});

it('shows one mail: its parts, and what became of it', async () => {
  const { page, complaints } = await open();
  const [mail] = held.server.mails;
  await page.goto(`${held.url}#/mails/${mail!.id}`);
  const frame = page.frameLocator('iframe.mail-frame');
  await frame.getByRole('heading', { name: 'Welcome, Ada' }).waitFor();
  const element = page.locator('iframe.mail-frame');
  expect(await element.getAttribute('sandbox')).toBe('');
  expect(await element.evaluate((one) => (one as HTMLIFrameElement).contentDocument)).toBeNull();
  const width = () =>
    page
      .frames()
      .at(-1)!
      .evaluate(() => innerWidth);
  expect(await width()).toBe(1024);
  await page.getByRole('button', { name: 'Phone' }).click();
  await expect.poll(width).toBe(375);
  await page.getByRole('button', { name: 'Load images' }).click();
  await page.getByRole('button', { name: 'Dark mode' }).click();
  await expect.poll(() => element.getAttribute('src')).toContain('images=1&dark=1');
  await page.getByRole('tab', { name: 'Timeline' }).click();
  const said = await page.locator('.moment .badge').allTextContents();
  expect(said).toEqual(['queued', 'attempt 1: sent', 'sent', 'delivered', 'opened', 'machine', 'opened', 'clicked']);
  await page.getByRole('tab', { name: 'Source' }).click();
  await page.getByText('Subject: Hi').waitFor();
  await page.getByRole('tab', { name: 'Links' }).click();
  await page.getByRole('button', { name: 'Check 2 links' }).click();
  await page.getByText('broken').waitFor();
  expect(held.server.asked.filter(({ what }) => what === 'POST links')).toHaveLength(1);
  expect(complaints).toEqual([]);
});

it('says who may not come in, in the words of the application', async () => {
  held.server.failing = { path: 'session', status: 401, detail: 'Sign in at /admin first.' };
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('Sign in at /admin first.').waitFor();
  held.server.failing = undefined;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('200 mails').waitFor();
});

it('says so when it is not kept up to date any more', async () => {
  const { page } = await open();
  await page.goto(held.url);
  await page.getByText('Live', { exact: true }).waitFor();
  held.server.failing = { path: 'events', status: 503, detail: 'Later.' };
  held.server.drop();
  await page.getByText('Not live').waitFor();
});
