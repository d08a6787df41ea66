import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Mail, MailError, MailPreview, MailTransport, SuppressionList } from '../../../lib/index.js';
import { useBrowser } from './support/browser.js';
import { type ConsoleApplication, startConsole } from './support/console-application.js';

/** Says no to one address. */
class PickyTransport extends MailTransport {
  async send(message: { envelope: { to: readonly string[] } }): Promise<void> {
    if (message.envelope.to[0]!.startsWith('nobody'))
      throw new MailError('550 5.1.1 There is no such user', { permanent: true, scope: 'recipient', replyCode: 550 });
  }
}

@Mail<GreetingMail>({ template: 'greeting' })
class GreetingMail {
  constructor(readonly name: string) {}

  @MailPreview('a long name') static longName() {
    return new GreetingMail('Ada Augusta King');
  }
}

const GREETING = '---\nsubject: Welcome, {{name}}\n---\n<h1>Welcome, {{name}}</h1>\n';

const open = useBrowser();
let application: ConsoleApplication;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-console-'));
  await writeFile(join(folder, 'greeting.hbs'), GREETING);
  application = await startConsole({ transport: new PickyTransport(), templates: { dir: folder } });
}, 60_000);
afterAll(async () => {
  await application?.app.close();
  await rm(folder, { recursive: true, force: true });
});

it('shows a mail when it is sent, and what became of it, without being loaded again', async () => {
  const { page, complaints } = await open();
  await page.goto(application.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('No mails yet').waitFor();
  await application.mail.send({ to: 'ada@example.test', subject: 'First', html: '<h1>Hello, Ada</h1>' });
  await application.mail.send({ to: 'nobody@example.test', subject: 'Second', text: 'Hello?' });
  await page.locator('.mail-row', { hasText: 'First' }).getByText('sent', { exact: true }).waitFor();
  await page.locator('.mail-row', { hasText: 'Second' }).getByText('bounced').waitFor();
  expect(await page.evaluate(() => performance.getEntriesByType('navigation').length)).toBe(1);
  await page.getByText('First').click();
  await page.frameLocator('iframe').getByRole('heading', { name: 'Hello, Ada' }).waitFor();
  await page.getByText('Second').click();
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.locator('.moment', { hasText: '550 5.1.1 There is no such user' }).first().waitFor();
  expect(complaints).toEqual([]);
});

it('finds mails by subject, recipient and Message-ID', async () => {
  const { messageId } = await application.mail.send(new GreetingMail('Needle'), {
    to: 'grace@example.test',
    tags: ['hay'],
  });
  const { page } = await open();
  await page.goto(application.url);
  for (const search of ['needle', 'grace@example.test', messageId, 'tag:hay']) {
    await page.getByLabel('Search mails').fill(search);
    await expect
      .poll(() => page.locator('.mail-row-subject').allTextContents(), { message: search })
      .toEqual(['Welcome, Needle']);
  }
});

it('cancels what waits, from the queue', async () => {
  const { id } = await application.mail.send({
    to: 'ada@example.test',
    subject: 'Tomorrow',
    text: 'Later.',
    delay: '1d',
  });
  const { page } = await open();
  await page.goto(`${application.url}#/queue?state=scheduled`);
  await page.getByLabel('Choose Tomorrow to ada@example.test').check();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel this mail' }).click();
  await page.getByText('1 mail cancelled.').waitFor();
  expect((await application.mail.status(id))?.recipients[0]?.state).toBe('cancelled');
});

it('takes addresses on the suppression list, and off it', async () => {
  const list = application.app.get(SuppressionList);
  const { page } = await open();
  await page.goto(`${application.url}#/suppressions`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Address', { exact: true }).fill('Gone@Example.test');
  await page.getByRole('button', { name: 'Add to the list' }).click();
  await page.getByRole('rowheader', { name: 'gone@example.test' }).waitFor();
  expect((await list.check(['gone@example.test'])).get('gone@example.test')).toMatchObject({ reason: 'manual' });
  const buffer = Buffer.from('address,reason\nleft@example.test,unsubscribed\nno address,manual\n');
  await page.getByLabel('CSV file to import').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  await page.getByText('1 address added. 1 row was not valid and left out.').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const text = Buffer.concat(await (await (await download).createReadStream()).toArray()).toString();
  expect(text).toContain('left@example.test,unsubscribed');
  await page.getByRole('button', { name: 'Remove gone@example.test' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('gone@example.test gets mails again.').waitFor();
  expect((await list.check(['gone@example.test'])).size).toBe(0);
});

it('shows each page with what the relay knows, and nothing that went wrong', async () => {
  const { page, complaints } = await open();
  for (const [place, ready] of [
    ['queue', '.counts'],
    ['previews', '.empty, .preview-names'],
    ['charts', 'canvas'],
    ['suppressions', 'table'],
  ]) {
    await page.goto(`${application.url}#/${place}`);
    await page.locator(ready!).first().waitFor();
    expect(await page.getByRole('alert').count(), place).toBe(0);
  }
  expect(complaints).toEqual([]);
});

it('pauses a stream, and lets it go on', async () => {
  const { page } = await open();
  await page.goto(`${application.url}#/queue`);
  await page.getByRole('button', { name: 'Pause the stream transactional' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume the stream transactional' }).waitFor();
  const { id } = await application.mail.send({ to: 'ada@example.test', subject: 'Held', text: 'Hi.' });
  await page.getByRole('link', { name: '1 Deferred' }).click();
  await page.getByRole('row', { name: /Held.*The stream transactional is paused/ }).waitFor();
  await page.getByRole('button', { name: 'Resume the stream transactional' }).click();
  expect((await application.mail.wait(id, { timeout: '20s' })).recipients[0]?.state).toBe('sent');
});

it('renders a preview again when its template is saved, and shows where a template is wrong', async () => {
  const { page } = await open();
  await page.goto(`${application.url}#/previews`);
  await page.getByRole('link', { name: 'a long name' }).click();
  const frame = page.frameLocator('iframe');
  await frame.getByRole('heading', { name: 'Welcome, Ada Augusta King' }).waitFor();
  await writeFile(join(folder, 'greeting.hbs'), GREETING.replace('<h1>Welcome', '<h1>Good day'));
  await frame.getByRole('heading', { name: 'Good day, Ada Augusta King' }).waitFor();
  await writeFile(join(folder, 'greeting.hbs'), `${GREETING}<p>{{plan}}</p>\n`);
  await page
    .getByRole('alert')
    .getByText(/greeting/)
    .first()
    .waitFor();
  await page.getByRole('alert').getByText(/plan/).waitFor();
  await writeFile(join(folder, 'greeting.hbs'), GREETING);
  await frame.getByRole('heading', { name: 'Welcome, Ada Augusta King' }).waitFor();
});
