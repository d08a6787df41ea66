import type { DnsRecord } from '../../dns/dns-record.interface.js';
import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { formatIp, parseIp } from '../ip-address.js';
import { returnPathRecord, type Sender } from '../sender.js';
import { shown } from '../shown.js';
import { evaluateSpf, SPF_LIMITS } from '../spf/evaluate-spf.js';
import { isPermitted } from '../spf/is-permitted.js';
import { mergeSpf } from '../spf/merge-spf.js';
import { isSpfRecord } from '../spf/parse-spf.js';
import { type SpfSurvey, surveySpf } from '../spf/survey-spf.js';
import { addressesOf } from './addresses-of.js';
import { type DomainInCheck, returnPathsOf } from './domain-in-check.js';

/** SPF (RFC 7208) of the domain, and of each domain in a return path, which is what servers look at. */
export function checkSpf(check: DomainInCheck): Promise<DomainCheck>[] {
  const paths = returnPathsOf(check);
  const domains = new Set([check.domain, ...paths.keys()]);
  return [...domains].map((domain) =>
    findingsOf('spf', domain, (findings) =>
      look(findings, domain, paths.get(domain) ?? [], check.senders.length === 0, check.resolver),
    ),
  );
}

async function look(
  findings: Findings,
  domain: string,
  senders: readonly Sender[],
  isUnknown: boolean,
  resolver: DnsResolver,
): Promise<string | void> {
  const answer = await resolver.txt(domain);
  const records = answer.records.filter(isSpfRecord);
  const alias = aliasOf(domain, senders);
  const publish = async (added: readonly string[], useless: readonly string[] = []): Promise<void> => {
    if (alias) return void findings.publish(alias);
    // Nothing can stand beside a CNAME: what is there is another's.
    if (answer.name !== domain.toLowerCase()) return;
    const { text, dropped } = mergeSpf(records, added, useless);
    if (text === records[0] && records.length === 1) return;
    // A record that lets nobody through would turn all mail of the domain away.
    if (!letsThrough(text))
      return void findings.warn(
        `who sends for ${domain} is not known, so no record can be given: name who does, a provider (doctor: --provider) or addresses (--ip)`,
      );
    const { lookups } = await surveySpf(domain, text, resolver);
    if (lookups > SPF_LIMITS.lookups)
      return void findings.fail(
        `with all that is needed the record would ask the DNS ${lookups} times, and ${SPF_LIMITS.lookups} are allowed, so it is not to be published as it would be: ${shown(text)}`,
      );
    findings.publish({ name: domain, type: 'TXT', value: shown(text, LONGEST_RECORD) });
    for (const term of dropped)
      findings.warn(`the record to publish leaves out "${term}", which is wrong; mend it if it is needed`);
  };
  for (const record of records) findings.pass(`found: ${shown(record)}`);
  if (records.length !== 1) {
    await publish(await termsOf(senders, resolver));
    return void judgeNumber(findings, domain, records.length, senders.length > 0 || isUnknown);
  }
  const survey = await surveySpf(domain, records[0]!, resolver);
  judgeSurvey(findings, survey);
  const missing = await missingTerms(findings, domain, senders, survey, resolver);
  judgeEnd(findings, records[0]!);
  await publish(missing, survey.ownVoids);
  return `SPF is in order: ${survey.lookups} of ${SPF_LIMITS.lookups} lookups`;
}

function judgeNumber(findings: Findings, domain: string, count: number, isNeeded: boolean): void {
  if (count > 1)
    findings.fail(`${domain} has ${count} SPF records, which is an error to everyone; merge them into one`);
  else if (isNeeded) findings.fail(`${domain} has no SPF record`);
  else
    findings.warn(
      `${domain} has no SPF record; none of the return paths that are known is at it, but others may write in its name`,
    );
}

/** What a provider wants at a return path, where that is a CNAME to a record of its own. */
function aliasOf(domain: string, senders: readonly Sender[]): DnsRecord | undefined {
  return senders.map((sender) => returnPathRecord(sender, domain)).find((record) => record?.type === 'CNAME');
}

/** DNS names of 253, and so many of them that a record still is one. */
const LONGEST_RECORD = 4_096;

function judgeSurvey(findings: Findings, { lookups, voids, problems, unfollowed, usesPtr }: SpfSurvey): void {
  for (const problem of problems) {
    if (problem.result === 'permerror') findings.fail(`the record is wrong: ${problem.message}`);
    else findings.warn(problem.message);
  }
  if (lookups > SPF_LIMITS.lookups)
    findings.fail(
      `${lookups} terms ask the DNS, and ${SPF_LIMITS.lookups} are allowed (RFC 7208 section 4.6.4): beyond them SPF is an error; leave out what no longer sends, or write networks (ip4:, ip6:) in place of includes`,
    );
  else findings.pass(`${lookups} of ${SPF_LIMITS.lookups} allowed lookups`);
  if (voids.length > SPF_LIMITS.voids)
    findings.fail(
      `${voids.length} terms ask for what is not there, and ${SPF_LIMITS.voids} are allowed: ${voids.join(' ')}`,
    );
  else if (voids.length > 0) findings.warn(`asks for what is not there, to no use: ${voids.join(' ')}`);
  if (usesPtr)
    findings.warn('uses ptr, which is not to be used (RFC 7208 section 5.5): it is slow, and many ignore it');
  if (unfollowed.length > 0) findings.pass(`depends on the mail, and was not followed: ${unfollowed.join(' ')}`);
}

/** Whether each sender is let through; the terms that would let those through that are not. */
async function missingTerms(
  findings: Findings,
  domain: string,
  senders: readonly Sender[],
  survey: SpfSurvey,
  resolver: DnsResolver,
): Promise<string[]> {
  const missing: string[] = [];
  for (const { title, provider, hosts } of senders) {
    if (provider?.spf !== undefined) {
      const permission = await isPermitted(domain, survey, provider.spf, resolver);
      if (permission === 'none') {
        findings.fail(`${title} is not let through: include:${provider.spf} is missing`);
        missing.push(`include:${provider.spf}`);
      } else if (permission === 'unknown') {
        findings.warn(`${title} is not included, and its own record (${provider.spf}) could not be read`);
        missing.push(`include:${provider.spf}`);
      } else
        findings.pass(
          `${title} is let through by ${permission === 'include' ? `include:${provider.spf}` : 'its networks'}`,
        );
    } else if (hosts.length === 0)
      findings.pass(`from where ${title} sends is not known here, so nobody looked whether it is let through`);
    for (const ip of await addressesOf(hosts, resolver)) {
      const { result, matched, problem } = await evaluateSpf({ ip, domain }, resolver);
      if (result === 'pass') findings.pass(`${ip} is let through by ${matched}`);
      else if (result === 'temperror') findings.warn(`whether ${ip} is let through is not known: ${problem}`);
      else {
        const by = matched === undefined ? '' : ` by ${matched}`;
        findings.fail(`${ip}, from which ${title} sends, is not let through: ${result}${by}`);
        missing.push(ipTerm(ip));
      }
    }
  }
  return missing;
}

function judgeEnd(findings: Findings, record: string): void {
  const all = / ([+?~-]?)all(?: |$)/i.exec(record)?.[1];
  if (all === '-' || all === '~') findings.pass(`ends with ${all}all`);
  else if (all === '' || all === '+')
    findings.fail('ends with +all: the whole world may write in its name; end it with ~all or -all');
  else if (all === '?') findings.warn('ends with ?all, which says nothing of strangers; end it with ~all or -all');
  else if (!/ redirect=/i.test(record))
    findings.warn('has no end, so nothing is said of strangers; end it with ~all or -all');
}

/** Whether anybody is named, by a mechanism or by a record elsewhere. */
function letsThrough(text: string): boolean {
  return text
    .split(' ')
    .slice(1)
    .some((term) => !/^(?:[+?~-]?all|exp=.*)$/i.test(term) && (!term.includes('=') || /^redirect=/i.test(term)));
}

async function termsOf(senders: readonly Sender[], resolver: DnsResolver): Promise<string[]> {
  const addresses = await addressesOf(
    senders.flatMap(({ hosts }) => hosts),
    resolver,
  );
  const includes = senders.flatMap(({ provider }) => (provider?.spf === undefined ? [] : [`include:${provider.spf}`]));
  return [...includes, ...addresses.map(ipTerm)];
}

function ipTerm(text: string): string {
  const ip = parseIp(text);
  return ip?.version === 6 ? `ip6:${text}` : `ip4:${ip ? formatIp(ip) : text}`;
}
