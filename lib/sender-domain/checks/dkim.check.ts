import type { DkimIdentity } from '../../dkim/dkim-identity.js';
import { dkimRecord, dkimRecordName, publicKeyBytes } from '../../dkim/dkim-record.js';
import { type DkimKeyRecord, parseDkimRecord } from '../dkim/parse-dkim-record.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { signingDomainOf } from '../sender.js';
import { shown } from '../shown.js';
import type { DomainInCheck } from './domain-in-check.js';

/** DKIM (RFC 6376): each key that the relay or a provider signs with. */
export function checkDkim(check: DomainInCheck): Promise<DomainCheck>[] {
  const keys = keysOf(check);
  const checks = [...keys.values()].map((key) => {
    const name = dkimRecordName(key.domain, key.selector);
    return findingsOf('dkim', name, (findings) => look(findings, name, key, check));
  });
  const untold = check.senders.filter(({ provider, selectors }) => provider?.dkim && selectors.length === 0);
  for (const { title, provider } of untold)
    checks.push(
      findingsOf('dkim', title, async (findings) => {
        findings.warn(
          `with which selectors ${title} signs is not known here, so its keys were not looked at: name them (they are in its ${provider!.dkim!.where})`,
        );
      }),
    );
  if (checks.length === 0)
    checks.push(
      findingsOf('dkim', check.domain, async (findings) => {
        findings.warn(
          `no key is known to look for: name selectors, or give the transport a key (dkim generate ${check.domain})`,
        );
      }),
    );
  return checks;
}

interface ExpectedKey extends DkimIdentity {
  /** Who signs with it. */
  readonly by: string;
  readonly where?: string;
}

/** Each once; where we have the key itself, with it. */
function keysOf({ domain, senders, selectors }: DomainInCheck): Map<string, ExpectedKey> {
  const keys = new Map<string, ExpectedKey>();
  const add = (key: ExpectedKey): void => {
    const name = dkimRecordName(key.domain, key.selector).toLowerCase();
    if (!keys.get(name)?.publicKey) keys.set(name, key);
  };
  for (const sender of senders) {
    for (const key of sender.dkim) add({ ...key, by: 'the relay' });
    for (const selector of sender.selectors) {
      const where = sender.provider?.dkim?.where;
      add({
        domain: signingDomainOf(sender, domain),
        selector,
        by: sender.title,
        ...(where !== undefined && { where }),
      });
    }
  }
  for (const selector of selectors) add({ domain, selector, by: 'whoever signs with it' });
  return keys;
}

async function look(
  findings: Findings,
  name: string,
  key: ExpectedKey,
  { resolver }: DomainInCheck,
): Promise<string | void> {
  if (key.publicKey) findings.publish(dkimRecord(key.domain, key.selector, key.publicKey));
  const { records, name: canonical } = await resolver.txt(name);
  if (canonical !== name.toLowerCase()) findings.pass(`leads to ${canonical}`);
  if (records.length === 0) {
    const mend = key.publicKey ? '' : key.where === undefined ? '' : `: take it from its ${key.where}`;
    return void findings.fail(`there is no key at ${name}, with which ${key.by} signs${mend}`);
  }
  if (records.length > 1)
    return void findings.fail(
      `there are ${records.length} records at ${name}; which one counts is left to chance (RFC 6376 section 3.6.2.2)`,
    );
  findings.pass(`found: ${shown(records[0]!)}`);
  const record = parseDkimRecord(records[0]!);
  judge(findings, record, key);
  if (record.publicKey)
    return `a key of ${kindOf(record)}${key.publicKey ? ', the one that the relay signs with' : ''}`;
}

function judge(findings: Findings, record: DkimKeyRecord, key: ExpectedKey): void {
  if (record.revoked) return void findings.fail(`the key is revoked (p= is empty), and yet ${key.by} signs with it`);
  for (const problem of record.problems) findings.fail(`the record is wrong: ${problem}`);
  const { publicKey, bits } = record;
  if (!publicKey) return;
  if (key.publicKey && !publicKeyBytes(publicKey).equals(publicKeyBytes(key.publicKey)))
    findings.fail(
      'the published key is not that of the private key which the relay signs with: no signature of it can be verified',
    );
  if (bits !== undefined) judgeLength(findings, bits);
  else findings.pass('Ed25519 is not known to all receivers: sign with an RSA key as well (RFC 8463 section 3)');
  if (record.testing)
    findings.warn('has the flag t=y (testing): verifiers treat its mails as if they were not signed; take it out');
  if (record.strict) findings.pass('has the flag t=s: it signs for addresses at the very domain, not beneath it');
}

/** RFC 8301 section 3.2. */
function judgeLength(findings: Findings, bits: number): void {
  if (bits < 1024) findings.fail(`an RSA key of ${bits} bits is refused by verifiers; make one of 2048`);
  else if (bits < 2048) findings.warn(`an RSA key of ${bits} bits is too short for these days; make one of 2048`);
  else if (bits > 4096)
    findings.warn(`an RSA key of ${bits} bits is longer than verifiers must understand (4096); make one of 2048`);
  else findings.pass(`an RSA key of ${bits} bits`);
}

function kindOf({ bits }: DkimKeyRecord): string {
  return bits === undefined ? 'Ed25519' : `RSA, ${bits} bits`;
}
