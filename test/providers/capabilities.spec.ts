import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as relay from '../../lib/index.js';
import { capabilityTable, ROWS, withTable } from '../../scripts/capabilities.mjs';
import { STAGES } from './stages/stages.js';

const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

/** Where each row's transport is on stage: there it is proved whether an id comes back. */
const ON_STAGE: Readonly<Record<string, string>> = {
  SMTP: 'smtp',
  'SES API': 'ses',
  'SES SMTP': 'ses over SMTP',
  'Google Workspace': 'google-workspace',
  'Postmark API': 'postmark',
  'Postmark SMTP': 'postmark over SMTP',
  'Mailgun API': 'mailgun',
  'Mailgun SMTP': 'mailgun over SMTP',
  SendStreak: 'sendstreak',
};

describe('the README’s table of capabilities', () => {
  it('says what the code says (else: npm run docs:capabilities)', () => {
    expect(withTable(readme, capabilityTable(relay))).toBe(readme);
  });

  it('says of each transport whether its provider gives an id', () => {
    const ids = ROWS.map(({ name, ownId }) => [name, ownId]);
    expect(ids).toEqual(ROWS.map(({ name }) => [name, STAGES.find((stage) => stage.name === ON_STAGE[name])!.givesId]));
  });

  it('has a row for each transport to a provider', () => {
    const elsewhere = ['MailTransport', 'DirectTransport', 'FileTransport', 'LogTransport', 'MemoryTransport'];
    const adapters = ['NestMailTransport', 'NodemailerTransport'];
    const exported = Object.keys(relay).filter((name) => name.endsWith('Transport') && /^[A-Z]/.test(name));
    expect(ROWS.map(({ create }) => create(relay).constructor.name).toSorted()).toEqual(
      exported.filter((name) => ![...elsewhere, ...adapters].includes(name)).toSorted(),
    );
  });
});
