import { composeMime } from '../lib/mime/compose-mime.js';
import type { MailMessage } from '../lib/mail/mail-message.interface.js';
import { MailTracker } from '../lib/tracking/mail-tracker.js';
import { TrackingEndpoint } from '../lib/tracking/tracking-endpoint.js';
import { readTracking } from '../lib/tracking/tracking-options.js';
import { TrackingTokens } from '../lib/tracking/tracking-tokens.js';
import { compare, report } from './measure.js';

const settings = readTracking({ url: 'https://mail.acme.test/t', secret: 'a secret of this bench' });
const id = '01234567-89ab-4cde-8f01-23456789abcd';

/** A newsletter of 20 kB with 40 links. */
function newsletter(): string {
  const row = (index: number) =>
    `<tr><td style="font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;color:#333333;padding:0 24px 12px">` +
    `<a href="https://www.acme.test/products/${index}?utm_source=newsletter&amp;utm_medium=email" style="color:#0066cc">Product ${index}</a> ` +
    `${'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(4)}</td></tr>\r\n`;
  const rows = Array.from({ length: 40 }, (_, index) => row(index)).join('');
  return `<!doctype html><html><head><title>News</title></head><body><table>${rows}</table></body></html>`;
}

/** What a newsletter costs in the worker, tracked and not, for one recipient and for ten; and what an open and a click cost to answer. */
export async function tracking(rounds: number, mails: number): Promise<void> {
  const html = newsletter();
  const to = Array.from({ length: 10 }, (_, index) => `user${index}@x.test`);
  const message = {
    subject: 'News',
    date: new Date(1_793_000_000_000),
    messageId: '<1@acme.test>',
    from: { address: 'hello@acme.test' },
    to: [],
    cc: [],
    replyTo: [],
    headers: {},
    attachments: [],
    html,
  } as unknown as MailMessage;
  const tracker = new MailTracker(settings);
  const tracked = (recipients: readonly string[], on: boolean) => async () => {
    const snapshot = { id, envelope: { from: '', to }, ...(on && { track: { opens: true, clicks: true } }) };
    const count = Math.ceil(mails / recipients.length);
    for (let index = 0; index < count; index++)
      for (const copy of tracker.copies(message, snapshot, recipients)) composeMime(copy.message);
    return count * recipients.length;
  };
  const title = `Composing a newsletter of ${Math.round(html.length / 1000)} kB with 40 links`;
  report(
    title,
    await compare(
      [
        { name: 'not tracked', run: tracked(to.slice(0, 1), false) },
        { name: 'tracked', run: tracked(to.slice(0, 1), true) },
        { name: 'tracked, to ten recipients', run: tracked(to, true) },
      ],
      rounds,
    ),
  );
  report('Answering a click, without HTTP', await compare([{ name: 'clicks/s', run: clicks(mails) }], rounds));
}

function clicks(count: number): () => Promise<number> {
  const endpoint = new TrackingEndpoint({ settings, hit: () => {}, now: Date.now });
  const token = new TrackingTokens(settings.secrets).sign({ mailId: id, recipient: 0, url: 'https://www.acme.test/a' });
  const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
  const response = { setHeaders() {}, setHeader() {}, end() {} };
  return async () => {
    for (let index = 0; index < count; index++)
      endpoint.handle({ method: 'GET', headers, socket: {} } as never, response as never, `c/${token}`);
    return count;
  };
}
