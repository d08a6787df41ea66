import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.js';
import { sampleMail } from './support/sample-data.js';
import { useServer } from './support/with-server.js';

const open = useBrowser();
const held = useServer();
const changes = () => held.server.asked.filter(({ what }) => !what.startsWith('GET'));

it('sends dead letters again, one or all of a page, after asking', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue?state=dead`);
  await page.getByLabel('Choose all mails of this page').check();
  await page.getByText('22 mails chosen').waitFor();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
  await page.getByText('21 mails will be sent again. 1 mail could not be: it was sent meanwhile').waitFor();
  const dead = held.server.mails.filter(({ state }) => state === 'failed').map(({ id }) => id);
  expect(changes()).toEqual([
    expect.objectContaining({ what: 'POST mails/retry', csrf: 'token-1', body: JSON.stringify({ ids: dead }) }),
  ]);
});

it('pauses a transport after asking, and lets a stream go on at once', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue`);
  await page.getByRole('button', { name: 'Pause the transport ses' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.getByText('ses is paused.').waitFor();
  await page.getByRole('button', { name: 'Resume the stream broadcast' }).click();
  await page.getByText('broadcast goes on.').waitFor();
  expect(changes().map(({ what }) => what)).toEqual(['POST transports/ses/pause', 'POST streams/broadcast/resume']);
});

it('shows counts as the server tells them', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue`);
  await page.getByRole('link', { name: '1,284 Waiting' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  held.server.tell('queue', { waiting: 77, scheduled: 0, deferred: 0, sending: 0, dead: 0 });
  await page.getByRole('link', { name: '77 Waiting' }).waitFor();
});

it('stays on the page of mails that the reader has turned to while others come', async () => {
  const { page } = await open();
  held.server.mails = Array.from({ length: 60 }, (_, index) => sampleMail(index)).map((mail) => ({
    ...mail,
    state: 'queued' as const,
  }));
  const asked = () => held.server.asked.filter(({ what }) => what === 'GET queue/mails');
  await page.goto(`${held.url}#/queue?state=waiting`);
  await expect.poll(() => page.locator('tbody tr').count()).toBe(50);
  await page.getByText('Live', { exact: true }).waitFor();
  held.server.tell('queue', { waiting: 60, scheduled: 0, deferred: 0, sending: 0, dead: 0 });
  await page.getByRole('link', { name: '60 Waiting' }).waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await expect.poll(() => page.locator('tbody tr').count()).toBe(10);
  await expect.poll(() => asked().length, { timeout: 10_000 }).toBe(3);
  expect(asked().at(-1)!.query.get('cursor')).toBe('50');
  await page.getByText('Page 2').waitFor();
  expect(await page.locator('tbody tr').count()).toBe(10);
});

it('adds, finds, removes, imports and exports suppressed addresses', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/suppressions`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Address', { exact: true }).fill('Someone@Example.test');
  await page.getByLabel('Reason').selectOption('unsubscribed');
  await page.getByRole('button', { name: 'Add to the list' }).click();
  await page.getByText('Someone@Example.test gets no more mails.').waitFor();
  await page.getByLabel('Find an address').fill('angry');
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
  await page.getByRole('button', { name: 'Remove angry@example.test' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('angry@example.test gets mails again.').waitFor();
  const csv = 'address,reason\na@example.test,manual\nb@example.test,manual\n';
  await page
    .getByLabel('CSV file to import')
    .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  await page.getByText('2 addresses added. 1 row was not valid and left out.').waitFor();
  expect(changes().map(({ what, body }) => [what, body])).toEqual([
    ['POST suppressions', JSON.stringify({ address: 'Someone@Example.test', reason: 'unsubscribed' })],
    ['DELETE suppressions', JSON.stringify({ address: 'angry@example.test', stream: 'broadcast' })],
    ['POST suppressions/import', csv],
  ]);
  expect(await page.getByRole('link', { name: 'Export CSV' }).getAttribute('href')).toBe('api/suppressions/export');
});

it('renders a preview again when a template is saved, and shows where it is wrong', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/previews`);
  await page.getByRole('link', { name: 'long name en de' }).click();
  await page.frameLocator('iframe').getByText('Countess of Lovelace').waitFor();
  await page.getByLabel('Locale').selectOption('de');
  await expect.poll(() => page.locator('iframe').getAttribute('src')).toContain('locale=de');
  held.server.previewError = { message: '"plan" is not there', template: 'welcome.de.hbs', line: 7, column: 12 };
  held.server.tell('preview', { changed: 'welcome.de.hbs' });
  await page.getByText('welcome.de.hbs:7:12').waitFor();
  await page.getByText('"plan" is not there').waitFor();
  held.server.previewError = { message: 'no sample today' };
  held.server.tell('preview', { changed: 'welcome.hbs' });
  await page.getByText('The sample cannot be rendered').waitFor();
  expect(await page.getByText('Mend it and save the file').count()).toBe(0);
  held.server.previewError = undefined;
  held.server.tell('preview', { changed: 'welcome.de.hbs' });
  await page.frameLocator('iframe').getByText('Countess of Lovelace').waitFor();
});

it('goes on with the new token when the application was started again', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue`);
  await page.getByRole('button', { name: 'Resume the stream broadcast' }).waitFor();
  held.server.session['csrf'] = 'token-2';
  await page.getByRole('button', { name: 'Resume the stream broadcast' }).click();
  await page.getByText('broadcast goes on.').waitFor();
  expect(changes().map(({ csrf }) => csrf)).toEqual(['token-1', 'token-2']);
});

it('offers no change where none is allowed', async () => {
  held.server.session['readonly'] = true;
  const { page } = await open();
  for (const place of ['queue?state=dead', 'suppressions', 'mails']) {
    await page.goto(`${held.url}#/${place}`);
    await page.getByText('read only').waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('table, .mail-row').first().waitFor();
    const names = await page.locator('main').getByRole('button').allTextContents();
    expect(names.filter((name) => /Pause|Resume|Add|Remove|Import|Send|Cancel|Clear/.test(name))).toEqual([]);
    expect(await page.getByRole('checkbox').count()).toBe(0);
  }
});

it('copies the records of a domain', async () => {
  const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(`${held.url}#/domains`);
  await page.getByRole('button', { name: 'Copy the value of _dmarc.acme.test' }).click();
  await page.getByText('Copied the value of _dmarc.acme.test.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    'v=DMARC1; p=quarantine; rua=mailto:dmarc@acme.test',
  );
});

it('draws charts, says the same in tables, and splits them', async () => {
  const { page, complaints } = await open();
  await page.goto(`${held.url}#/charts`);
  await expect.poll(() => page.locator('canvas').count()).toBe(3);
  const figure = page.getByRole('figure', { name: 'Sent and what became of it' });
  await figure.getByText('As a table').click();
  expect(await figure.getByRole('columnheader').allTextContents()).toEqual([
    'Day',
    'Sent',
    'Delivered',
    'Deferred',
    'Bounced',
    'Complained',
  ]);
  expect(await figure.locator('tbody tr').count()).toBe(28);
  await page.getByLabel('Split by').selectOption('tag');
  await page.getByRole('figure', { name: 'Sent by tag' }).waitFor();
  await page.getByText('1 more in the table').waitFor();
  expect(held.server.asked.at(-1)!.query.get('by')).toBe('tag');
  expect(complaints).toEqual([]);
});

it('offers to clear the inbox only where nothing leaves the machine', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/mails`);
  await page.getByRole('button', { name: 'Clear' }).waitFor();
  held.server.session['features'] = { content: true, previews: true, tracking: true, clear: false };
  await page.reload();
  await page.locator('.mail-row').first().waitFor();
  expect(await page.getByRole('button', { name: 'Clear' }).count()).toBe(0);
});

it('takes a question back with the page that asked it', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/charts`);
  await page.goto(`${held.url}#/queue`);
  await page.getByRole('button', { name: 'Pause the transport ses' }).click();
  await page.getByRole('dialog').waitFor();
  await page.goBack();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(changes()).toEqual([]);
});

it('covers no button with a message that cannot be scrolled out from under it', async () => {
  const { page } = await open();
  held.server.mails = [];
  await page.setViewportSize({ width: 1280, height: 600 });
  await page.goto(`${held.url}#/queue`);
  await page.getByRole('button', { name: 'Resume the stream broadcast' }).click();
  const message = page.locator('.toast');
  await message.waitFor();
  await page.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
  const ends = await page
    .locator('main')
    .getByRole('button')
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().bottom));
  expect(Math.max(...ends)).toBeLessThan((await message.boundingBox())!.y);
});

it('says that the suppression list holds back what is sent again', async () => {
  const { page } = await open();
  await page.goto(`${held.url}#/queue?state=dead`);
  await page.getByLabel('Choose all mails of this page').check();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('dialog').getByText('must be taken off it first').waitFor();
});

it('says when a quota that is used up begins anew', async () => {
  const { page } = await open();
  await page.route('**/api/queue', async (route) => {
    const response = await route.fetch();
    const queue = await response.json();
    const until = new Date(Date.now() + 86_400_000).toISOString();
    for (const transport of queue.transports) transport.quota = { limit: '5/day', used: 5, until };
    await route.fulfill({ response, json: queue });
  });
  await page.goto(`${held.url}#/queue`);
  const said = page.locator('p', { hasText: 'Used up' }).first();
  expect(await said.innerText()).toMatch(/^Used up\. It begins anew (in 24 hours|tomorrow|in 1 day)\.$/);
});

it('opens a mail in plain text at its text', async () => {
  const { page } = await open();
  await page.route('**/content', async (route) => {
    const response = await route.fetch();
    const { html: _html, ...plain } = await response.json();
    await route.fulfill({ response, json: plain });
  });
  await page.goto(`${held.url}#/mails`);
  await page.locator('.mail-row').first().click();
  await page.getByRole('tab', { name: 'Text', selected: true }).waitFor();
});
