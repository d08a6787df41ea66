// Writes the table "provider by feature" into the README, from the transports' own `capabilities`: npm run docs:capabilities
import { readFileSync, writeFileSync } from 'node:fs';
import {
  GoogleWorkspaceTransport,
  MailgunSmtpTransport,
  MailgunTransport,
  PostmarkSmtpTransport,
  PostmarkTransport,
  SendStreakTransport,
  SesSmtpTransport,
  SesTransport,
  SmtpTransport,
} from '../dist/index.js';

const auth = { user: 'x', pass: 'x' };
const TRANSPORTS = {
  SMTP: new SmtpTransport({ host: 'localhost' }),
  'Amazon SES, API': new SesTransport({ region: 'eu-west-1' }),
  'Amazon SES, SMTP': new SesSmtpTransport({ region: 'eu-west-1', auth }),
  'Google Workspace': new GoogleWorkspaceTransport({ mode: 'relay', name: 'acme.test' }),
  'Postmark, API': new PostmarkTransport({ token: 'x' }),
  'Postmark, SMTP': new PostmarkSmtpTransport({ token: 'x' }),
  'Mailgun, API': new MailgunTransport({ key: 'x', domain: 'acme.test' }),
  'Mailgun, SMTP': new MailgunSmtpTransport({ user: 'x', pass: 'x', domain: 'acme.test' }),
  SendStreak: new SendStreakTransport({ key: 'x' }),
};

const yes = (flag) => (flag === false ? 'no' : 'yes');
const limit = (value) => (value === undefined ? 'no limit' : value.toLocaleString('en'));
const COLUMNS = {
  recipients: ({ recipients }) => limit(recipients),
  size: ({ bytes }) => (bytes === undefined ? "the server's" : `${bytes / 1024 / 1024} MiB`),
  'cc, bcc': ({ cc }) => yes(cc),
  headers: ({ headers }) => yes(headers),
  attachments: ({ attachments }) => yes(attachments),
  tags: ({ tags }) => (typeof tags === 'number' ? String(tags) : yes(tags)),
  metadata: ({ metadata }) => yes(metadata),
  batch: ({ batch }) => (batch === undefined ? '' : limit(batch)),
};

/** The table as Markdown, its columns aligned as prettier does it. */
export function capabilityTable() {
  const rows = Object.entries(TRANSPORTS).map(([name, { capabilities = {} }]) => [
    name,
    ...Object.values(COLUMNS).map((cell) => cell(capabilities)),
  ]);
  const all = [['', ...Object.keys(COLUMNS)], ...rows];
  const widths = all[0].map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(all[0]), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

export const MARKS = /(<!-- capabilities -->\n\n)[\s\S]*?(\n\n<!-- \/capabilities -->)/;

if (process.argv[1] === import.meta.filename) {
  const readme = new URL('../README.md', import.meta.url);
  writeFileSync(
    readme,
    readFileSync(readme, 'utf8').replace(MARKS, (_, before, after) => before + capabilityTable() + after),
  );
}
