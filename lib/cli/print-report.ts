import { zoneFileLine } from '../dns/zone-file-line.js';
import type { CheckStatus, DomainCheck, SenderDomainReport } from '../sender-domain/domain-check.interface.js';
import type { Colour, Terminal } from './terminal.js';

/** A line a check; beneath what is not right, why, and what to publish. */
export function printReport(
  { domain, checks }: SenderDomainReport,
  terminal: Terminal,
  { verbose }: { verbose: boolean },
): void {
  const width = Math.min(Math.max(...checks.map(({ subject }) => subject.length)), 40);
  terminal.out('');
  for (const check of checks) printCheck(check, terminal, { width, verbose });
  const counted = (['fail', 'warn', 'pass'] as const).map((status) => {
    const count = checks.filter((check) => check.status === status).length;
    return count > 0 ? terminal.paint(COLOURS[status], `${count} ${status}`) : `${count} ${status}`;
  });
  terminal.out(`\n${terminal.paint('bold', domain)}: ${counted.join(', ')}\n`);
}

function printCheck(
  check: DomainCheck,
  terminal: Terminal,
  { width, verbose }: { width: number; verbose: boolean },
): void {
  const { name, subject, status, summary, details, record } = check;
  const head = `${terminal.paint(COLOURS[status], status)}  ${name.padEnd(9)}  ${subject.padEnd(width)}  `;
  const indent = 4 + 2 + 9 + 2 + Math.max(width, subject.length) + 2;
  const [first = '', ...more] = wrapped(summary, Math.max(terminal.columns - indent, 40));
  terminal.out(head + first);
  for (const line of more) terminal.out(' '.repeat(indent) + line);
  if (status === 'fail' || status === 'warn' || verbose) for (const detail of details) printDetail(detail, terminal);
  if (record) {
    terminal.out(`${MARGIN}publish:`);
    // In one line, so that it can be copied.
    terminal.out(terminal.paint('bold', MARGIN + zoneFileLine(record)));
  }
}

function printDetail(detail: string, terminal: Terminal): void {
  const [first = '', ...more] = wrapped(detail, terminal.columns - MARGIN.length - 2);
  terminal.out(terminal.paint('grey', `${MARGIN}- ${first}`));
  for (const line of more) terminal.out(terminal.paint('grey', `${MARGIN}  ${line}`));
}

const MARGIN = ' '.repeat(6);
const COLOURS: Readonly<Record<CheckStatus, Colour>> = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'grey' };

/** Between words; a word that is longer than a line has it to itself. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
