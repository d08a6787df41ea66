import { dkimKey } from '../dkim/dkim-key.js';
import { type DkimRotationStep, nextDkimSelector, rotateDkimKeys } from '../dkim/dkim-rotation.js';
import { DkimKey, type DkimKeyOptions, type DkimKeyType, generateDkimKeys } from '../dkim/generate-dkim-key.js';
import { zoneFileLine } from '../dns/zone-file-line.js';
import { readDomain, readSelectors } from '../sender-domain/read-senders.js';
import { readKey } from './doctor.command.js';
import { onlyWord, parseCommand } from './parse-command.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage.error.js';
import { writeKey } from './write-key.js';

export const DKIM_HELP = `npx nestjs-mail-relay dkim generate <domain> [options]   a new key, and what to publish
npx nestjs-mail-relay dkim rotate <domain> [options]     new keys, and how to come from the old ones to them
npx nestjs-mail-relay dkim record <domain> --selector <selector> --key <file>   what to publish for a key that is there

  --selector <selector>    generate: default by the month, such as relay202611a
  --current <selector>     rotate: one that is in the DNS now; several times for several
  --algorithm <algorithm>  rsa, ed25519 or both; generate: default rsa, rotate: default both
  --bits <bits>            of an RSA key: 2048 (default), 3072 or 4096
  --out <folder>           where private keys are written, as <selector>.<domain>.pem, readable by you only; default here
  --print-private          prints private keys; without --out they are not written
  --json                   prints the records as JSON

A private key is printed only with --print-private, and a file that is there is never written over.
Exit code: 0 done, 1 not done, 2 the command line is wrong.`;

/** @throws UsageError, RelayConfigurationError */
export async function dkim(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseCommand(args, OPTIONS);
  const [action, ...words] = positionals;
  if (action === undefined || !Object.hasOwn(ACTIONS, action))
    throw new UsageError(
      `${action === undefined ? 'an action' : JSON.stringify(action)} is missing or not known; there are ${Object.keys(ACTIONS).join(', ')}`,
    );
  const domain = readDomain(onlyWord(words, 'the domain'), 'domain');
  await ACTIONS[action as keyof typeof ACTIONS](domain, values, terminal);
  return 0;
}

const OPTIONS = {
  selector: { type: 'string' },
  current: { type: 'string', multiple: true },
  algorithm: { type: 'string' },
  bits: { type: 'string' },
  key: { type: 'string' },
  out: { type: 'string' },
  'print-private': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseCommand<typeof OPTIONS>>['values'];

const ACTIONS = { generate, rotate, record } as const;

async function generate(domain: string, values: Values, terminal: Terminal): Promise<void> {
  const selector = values.selector ?? nextDkimSelector();
  const keys = await generateDkimKeys(typesOf(values.algorithm ?? 'rsa'), { domain, selector, ...bitsOf(values) });
  const files = await keep(keys, values);
  print(keys, files, values, terminal, [
    `Publish, and once \`npx nestjs-mail-relay doctor ${domain} ${keys.map((key) => `--selector ${key.selector}`).join(' ')}\` sees it, give it to the transport:`,
    `  dkim: [${keys.map(({ selector }) => `{ domain: '${domain}', selector: '${selector}', privateKey }`).join(', ')}]`,
  ]);
}

async function rotate(domain: string, values: Values, terminal: Terminal): Promise<void> {
  const types = typesOf(values.algorithm ?? 'both');
  const current = readSelectors(values.current, '--current');
  const { keys, steps } = await rotateDkimKeys({ domain, current, types, ...bitsOf(values) });
  const files = await keep(keys, values);
  print(keys, files, values, terminal, steps.flatMap(stepLines), { steps });
}

async function record(domain: string, values: Values, terminal: Terminal): Promise<void> {
  if (values.selector === undefined || values.key === undefined)
    throw new UsageError('record needs --selector and --key');
  readSelectors([values.selector], '--selector');
  const { key } = dkimKey(await readKey(values.key), 'key');
  const { record: found } = new DkimKey(domain, values.selector, key);
  terminal.out(values.json ? JSON.stringify(found, undefined, 2) : zoneFileLine(found));
}

/** Where they were written. */
async function keep(keys: readonly DkimKey[], values: Values): Promise<string[]> {
  if (values['print-private'] && values.out === undefined) return [];
  const files: string[] = [];
  for (const key of keys) files.push(await writeKey(key, values.out ?? '.'));
  return files;
}

function print(
  keys: readonly DkimKey[],
  files: readonly string[],
  values: Values,
  terminal: Terminal,
  lines: readonly string[],
  more: { steps?: readonly DkimRotationStep[] } = {},
): void {
  const isPrivate = values['print-private'] ?? false;
  if (values.json) {
    const all = keys.map(({ domain, selector, type, record, privateKey }, index) => ({
      domain,
      selector,
      type,
      record,
      ...(files[index] !== undefined && { file: files[index] }),
      ...(isPrivate && { privateKey }),
    }));
    return terminal.out(JSON.stringify({ keys: all, ...more }, undefined, 2));
  }
  keys.forEach(({ record, privateKey }, index) => {
    if (files[index] !== undefined) terminal.out(`The private key is in ${files[index]}, readable by you only.`);
    if (!more.steps) terminal.out(`\n${zoneFileLine(record)}\n`);
    if (isPrivate) terminal.out(privateKey);
  });
  for (const line of lines) terminal.out(line);
}

function stepLines({ when, what, records }: DkimRotationStep, index: number): string[] {
  return [
    '',
    `${index + 1}. ${when[0]!.toUpperCase()}${when.slice(1)}:`,
    `   ${what}`,
    ...records.map((record) => `   ${zoneFileLine(record)}`),
  ];
}

function typesOf(algorithm: string): readonly DkimKeyType[] {
  if (algorithm === 'both') return ['rsa', 'ed25519'];
  if (algorithm === 'rsa' || algorithm === 'ed25519') return [algorithm];
  throw new UsageError(`--algorithm ${algorithm}: is rsa, ed25519 or both`);
}

function bitsOf({ bits }: Values): Pick<DkimKeyOptions, 'bits'> {
  return bits === undefined ? {} : { bits: Number(bits) as NonNullable<DkimKeyOptions['bits']> };
}
