// Writes the README's table of what each transport carries, out of the transports' own `capabilities`: npm run docs:capabilities
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * The rows: how each transport is made, from the package's exports. Whether a provider gives a message an id of its own, which is kept as
 * `providerMessageId`, is no capability; test/providers/capabilities.spec.ts holds it against what the transports do.
 */
export const ROWS = [
  { name: 'SMTP', ownId: false, create: ({ SmtpTransport }) => new SmtpTransport({ host: 'smtp.acme.test' }) },
  { name: 'SES API', ownId: true, create: ({ SesTransport }) => new SesTransport({ region: 'eu-west-1' }) },
  {
    name: 'SES SMTP',
    ownId: true,
    create: ({ SesSmtpTransport }) =>
      new SesSmtpTransport({ region: 'eu-west-1', auth: { user: 'user', pass: 'pass' } }),
  },
  {
    name: 'Google Workspace',
    ownId: false,
    create: ({ GoogleWorkspaceTransport }) => new GoogleWorkspaceTransport({ mode: 'relay', name: 'acme.test' }),
  },
  { name: 'Postmark API', ownId: true, create: ({ PostmarkTransport }) => new PostmarkTransport({ token: 'token' }) },
  {
    name: 'Postmark SMTP',
    ownId: false,
    create: ({ PostmarkSmtpTransport }) => new PostmarkSmtpTransport({ token: 'token' }),
  },
  {
    name: 'Mailgun API',
    ownId: true,
    create: ({ MailgunTransport }) => new MailgunTransport({ key: 'key', domain: 'mg.acme.test' }),
  },
  {
    name: 'Mailgun SMTP',
    ownId: false,
    create: ({ MailgunSmtpTransport }) =>
      new MailgunSmtpTransport({ user: 'postmaster', pass: 'pass', domain: 'mg.acme.test' }),
  },
  { name: 'SendStreak', ownId: false, create: ({ SendStreakTransport }) => new SendStreakTransport({ key: 'key' }) },
];

/** A column's heading, and what it says of a transport. */
const COLUMNS = [
  ['recipients a mail', ({ recipients }) => recipients ?? 'any'],
  ['size', ({ bytes }) => (bytes === undefined ? 'any' : `${bytes / 1024 / 1024} MB`)],
  ['tags', ({ tags }) => (tags === false ? 'no' : (tags ?? 'any'))],
  ['metadata', ({ metadata }) => yesOrNo(metadata)],
  ['headers', ({ headers }) => yesOrNo(headers)],
  ['cc, bcc', ({ cc }) => yesOrNo(cc)],
  ['attachments', ({ attachments }) => yesOrNo(attachments)],
  ['mails a call', ({ batch }) => batch ?? 1],
  ['id of its own', (_, { ownId }) => (ownId ? 'yes' : 'no')],
];

const BEGIN = '<!-- capabilities: written by `npm run docs:capabilities` -->';
const END = '<!-- /capabilities -->';

/** The table, as prettier would have it, of the transports that the package exports. */
export function capabilityTable(exported) {
  const head = ['', ...COLUMNS.map(([heading]) => heading)];
  const body = ROWS.map((row) => {
    const { capabilities = {} } = row.create(exported);
    return [row.name, ...COLUMNS.map(([, cell]) => String(cell(capabilities, row)))];
  });
  const widths = head.map((_, column) => Math.max(3, ...[head, ...body].map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** The page with this table in the place of the one it has. @throws Error for a page with no such place */
export function withTable(page, table) {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`The page has no ${BEGIN} ... ${END}`);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

/** What is left out of `capabilities` has no limit. */
function yesOrNo(capability) {
  return capability === false ? 'no' : 'yes';
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const readme = new URL('../README.md', import.meta.url);
  const table = capabilityTable(await import('../dist/index.js'));
  writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), table));
}
