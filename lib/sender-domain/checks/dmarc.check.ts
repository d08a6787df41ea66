import { DnsError } from '../../dns/dns.error.js';
import { asciiName } from '../../dns/domain-name.js';
import { isAligned } from '../dmarc/discover-dmarc.js';
import { type DmarcRecord, type DmarcRequest, isDmarcRecord } from '../dmarc/parse-dmarc.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { shown } from '../shown.js';
import type { DomainInCheck } from './domain-in-check.js';

/** DMARC (RFC 9989; before, RFC 7489): what receivers are asked to do with mails that are not authentic, and who is told. */
export function checkDmarc(check: DomainInCheck): Promise<DomainCheck>[] {
  return [findingsOf('dmarc', check.from, (findings) => look(findings, check)), checkReportDestinations(check)];
}

async function look(findings: Findings, check: DomainInCheck): Promise<string | void> {
  const { from } = check;
  const { found, ambiguous, organization } = await check.dmarc();
  for (const at of ambiguous)
    findings.fail(`there are several DMARC records at _dmarc.${at}, which is as good as none (RFC 9989 section 4.10)`);
  if (!found) {
    const at = from.endsWith(`.${check.domain}`) ? check.domain : from;
    findings.publish({ name: `_dmarc.${at}`, type: 'TXT', value: `v=DMARC1; p=none; rua=mailto:dmarc@${at}` });
    return void findings.fail(
      `there is no DMARC record: large receivers refuse bulk mail without one; begin with p=none, read the reports, then ask for quarantine and reject`,
    );
  }
  const { at, record } = found;
  findings.pass(`found at _dmarc.${at}: ${shown(record.text)}`);
  if (at !== from)
    findings.pass(`it stands at ${organization}, the top of the organisation, and holds for ${from} by its sp`);
  for (const problem of record.problems) findings.fail(`the record is wrong: ${problem}`);
  const policy = at === from ? record.p : record.sp;
  const value = improved(record, at, policy === 'none', policy === 'none' || at === from);
  findings.publish({ name: `_dmarc.${at}`, type: 'TXT', value });
  judgePolicy(findings, record, policy, at === from);
  return `DMARC asks receivers to ${policy} what is not authentic`;
}

function judgePolicy(findings: Findings, record: DmarcRecord, policy: DmarcRequest, isOwn: boolean): void {
  const { p, sp, pct, testing, rua } = record;
  if (policy === 'none')
    findings.warn(
      `the policy is none: nobody is kept from writing in the domain's name; once the reports are clean, ask for quarantine, then reject`,
    );
  else findings.pass(`the policy is ${policy}`);
  if (isOwn && WEIGHT[sp] < WEIGHT[p])
    findings.warn(`sp=${sp} is weaker than p=${p}: names beneath the domain, even made-up ones, are less protected`);
  if (pct < 100)
    findings.warn(
      `pct=${pct} leaves out some mails at older receivers, and newer ones do not know it (RFC 9989 appendix A.6): take it out`,
    );
  if (testing)
    findings.warn(
      't=y only tries the policy: receivers do the next milder thing; take it out when the reports are clean',
    );
  if (rua.length === 0) findings.warn('nobody gets the reports: without rua= you do not see who is refused');
}

/**
 * The same record, without what is wrong and with what is missing; what nobody was warned of stays.
 *
 * @param asksMore whether the policy is to be stricter
 * @param evensOut whether names beneath the domain are to have no weaker one
 */
function improved(record: DmarcRecord, at: string, asksMore: boolean, evensOut: boolean): string {
  const tags = record.text
    .split(';')
    .map((tag) => tag.trim())
    .filter(
      (tag) =>
        /^(?:sp|np|adkim|aspf|fo|ruf|psd)[ \t]*=/i.test(tag) &&
        !record.problems.some((problem) => problem.startsWith(tag)),
    );
  const stricter = asksMore && record.p === 'none' ? 'quarantine' : record.p;
  const rua = record.rua.length > 0 ? record.rua.join(',') : `mailto:dmarc@${at}`;
  const isWeaker = evensOut && WEIGHT[record.sp] < WEIGHT[stricter];
  const beneath = tags.filter((tag) => !(isWeaker && /^sp[ \t]*=/i.test(tag)));
  return shown(['v=DMARC1', `p=${stricter}`, ...beneath, `rua=${rua}`].join('; '), 1_000);
}

const WEIGHT: Readonly<Record<DmarcRequest, number>> = { none: 0, quarantine: 1, reject: 2 };

/** Who is to get reports of another organisation's domain must have said so (RFC 9990 section 4; before, RFC 7489 section 7.1). */
function checkReportDestinations(check: DomainInCheck): Promise<DomainCheck> {
  return findingsOf('dmarc', `reports of ${check.from}`, async (findings) => {
    const { found } = await check.dmarc();
    const destinations = [...new Set((found?.record.rua ?? []).map(domainOf).filter((domain) => domain !== ''))];
    if (!found || destinations.length === 0) return void findings.skip('no reports are asked for');
    for (const domain of destinations.slice(0, MOST_DESTINATIONS))
      await judgeDestination(findings, found.at, domain, check);
    return 'whoever gets reports takes them';
  });
}

const MOST_DESTINATIONS = 10;

async function judgeDestination(
  findings: Findings,
  at: string,
  domain: string,
  { resolver }: DomainInCheck,
): Promise<void> {
  const name = `${at}._report._dmarc.${domain}`;
  try {
    if (await isAligned(at, domain, 'r', resolver))
      return void findings.pass(`reports stay in the organisation: ${domain}`);
    if ((await resolver.txt(name)).records.some(isDmarcRecord))
      return void findings.pass(`${domain} takes reports of ${at}`);
    findings.publish({ name, type: 'TXT', value: 'v=DMARC1' });
    findings.warn(
      `${domain} has not said that it takes reports of ${at}, so none are sent there: whoever runs it must publish a record at ${name}`,
    );
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    findings.unknown(`whether ${domain} takes reports`, error);
  }
}

/** Of a `mailto:` URI; a limit of size (`!10m`) is no part of it. */
function domainOf(uri: string): string {
  const address = /^mailto:([^?!]+)/i.exec(uri)?.[1] ?? '';
  return asciiName(address.slice(address.lastIndexOf('@') + 1)) ?? '';
}
