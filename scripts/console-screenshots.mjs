// Draws docs/images/console-*.png: each page of the console as Chromium shows it, with mails that are made up.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { runnerImport } from 'vite';

const root = join(import.meta.dirname, '..');
const support = async (name) => (await runnerImport(join(root, 'test', 'console', 'page', 'support', name))).module;
const { ContractServer } = await support('contract-server.ts');
const { sampleMail, NOW } = await support('sample-data.ts');
const { startBrowser } = await support('start-browser.ts');

const MAIL = sampleMail(0).id;
/** Name, place, what is there when it is drawn, and how. */
const PAGES = [
  ['inbox', `mails/${MAIL}`, 'iframe', {}],
  [
    'timeline',
    `mails/${MAIL}?tab=timeline`,
    '.moment',
    { colorScheme: 'dark', viewport: { width: 1120, height: 570 } },
  ],
  ['warnings', `mails/${MAIL}?tab=warnings`, '.tab-panel .card', {}],
  ['previews', 'previews/WelcomeMail.longName?locale=de', 'iframe', {}],
  ['queue', 'queue?state=dead', 'tbody tr', {}],
  ['charts', 'charts', 'canvas', { colorScheme: 'dark' }],
  ['suppressions', 'suppressions', 'tbody tr', {}],
  ['domains', 'domains', '.record', {}],
  ['phone', 'mails', '.mail-row', { viewport: { width: 390, height: 780 } }],
];

const images = join(root, 'docs', 'images');
await mkdir(images, { recursive: true });
const server = new ContractServer();
server.mails = Array.from({ length: 240 }, (_, index) => sampleMail(index));
const url = await server.listen();
const browser = await startBrowser();
for (const [name, place, ready, look] of PAGES) {
  const context = await browser.newContext({
    viewport: { width: 1120, height: 700 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...look,
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(NOW);
  await page.goto(`${url}#/${place}`);
  await page.locator(ready).first().waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  if (ready === 'iframe') await page.frameLocator('iframe').locator('h1').waitFor();
  const image = packed(await page.screenshot());
  await writeFile(join(images, `console-${name}.png`), image);
  console.log(`docs/images/console-${name}.png ${Math.round(image.length / 1_000)} kB`);
  await context.close();
}
await browser.close();
await server.close();

/** The same picture in fewer bytes: a browser compresses in haste. */
function packed(png) {
  const kept = [];
  const pixels = [];
  for (let at = 8; at < png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') pixels.push(png.subarray(at + 8, end - 4));
    else kept.push(png.subarray(at, end));
    at = end;
  }
  const data = deflateSync(inflateSync(Buffer.concat(pixels)), { level: 9, memLevel: 9 });
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from('IDAT'), data, Buffer.alloc(4)]);
  chunk.writeUInt32BE(data.length, 0);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return Buffer.concat([png.subarray(0, 8), ...kept.slice(0, -1), chunk, kept.at(-1)]);
}
