import { MailMessageError } from '../errors/mail-message.error.js';
import { mailgunListOf, mailgunSuppression } from '../providers/mailgun/mailgun-suppression.js';
import { postmarkSuppression } from '../providers/postmark/postmark-suppression.js';
import { type ProviderRow, timeOf } from '../providers/provider-suppression.interface.js';
import { sesSuppression } from '../providers/ses/ses-suppression.js';
import type { SuppressionInput } from './suppression-entry.interface.js';
import { CSV_COLUMNS, unescapeFormula } from './write-csv.js';

interface Format {
  readonly columns: readonly string[];
  /** The first so many must be there. */
  readonly needed: number;
  /** @throws MailMessageError for a row that is no entry */
  readonly read: (row: ProviderRow) => SuppressionInput;
}

/** From the special to the general. */
const FORMATS: readonly Format[] = [
  { columns: ['EmailAddress', 'SuppressionReason', 'Origin', 'CreatedAt'], needed: 2, read: postmarkSuppression },
  { columns: ['EmailAddress', 'Reason', 'LastUpdateTime'], needed: 2, read: sesSuppression },
  { columns: ['address', 'created_at', 'code', 'error', 'tags', 'tag'], needed: 2, read: mailgunRow },
  { columns: CSV_COLUMNS, needed: 1, read: ownRow },
  {
    columns: ['email', ...CSV_COLUMNS.slice(1)],
    needed: 1,
    read: ({ email, ...row }) => ownRow({ address: email, ...row }),
  },
];

/**
 * How to read rows with these columns, whatever their order and case: by the first format whose columns are there.
 * Undefined when there is no column of addresses.
 *
 * @returns what reads the cells of one row
 */
export function rowReader(header: readonly string[]): ((cells: readonly unknown[]) => SuppressionInput) | undefined {
  const names = header.map(plain);
  const format = FORMATS.find(({ columns, needed }) =>
    columns.slice(0, needed).every((column) => names.includes(plain(column))),
  );
  if (!format) return undefined;
  const places = format.columns.map((column) => [column, names.indexOf(plain(column))] as const);
  const present = places.filter(([, place]) => place >= 0);
  return (cells) => format.read(Object.fromEntries(present.map(([column, place]) => [column, cells[place]])));
}

/** `E-Mail Address`, `email_address` and `EmailAddress` are one. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '');
}

function mailgunRow(row: ProviderRow): SuppressionInput {
  return mailgunSuppression(
    mailgunListOf((name) => name in row),
    row,
  );
}

function ownRow(row: ProviderRow): SuppressionInput {
  const text = (name: string): string | undefined => {
    const value = row[name];
    return typeof value === 'string' && value !== '' ? unescapeFormula(value) : undefined;
  };
  const time = (name: string): Date | undefined => {
    if (text(name) === undefined) return undefined;
    const date = timeOf(text(name));
    if (!date) throw new MailMessageError(name, 'is no time');
    return date;
  };
  return withoutUndefined({
    address: text('address') ?? '',
    reason: text('reason'),
    stream: text('stream'),
    tenant: text('tenant'),
    source: text('source'),
    at: time('at'),
    expires: time('expires'),
  });
}

function withoutUndefined(entry: { address: string } & Record<string, unknown>): SuppressionInput {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as SuppressionInput;
}
