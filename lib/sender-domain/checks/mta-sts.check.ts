import { allowsHost, type MtaStsPolicy, parsePolicy } from '../../transport/direct/mta-sts/mta-sts-policy.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf, reason } from '../findings.js';
import { shown } from '../shown.js';
import { parseTagList } from '../tag-list.js';
import type { DomainInCheck } from './domain-in-check.js';
import { takesMail } from './takes-mail.js';

/** MTA-STS (RFC 8461): that mail to the domain comes over TLS, and to its own servers. */
export function checkMtaSts(check: DomainInCheck): Promise<DomainCheck>[] {
  const name = `_mta-sts.${check.domain}`;
  return [findingsOf('mta-sts', name, (findings) => look(findings, name, check))];
}

async function look(findings: Findings, name: string, check: DomainInCheck): Promise<string | void> {
  const { domain, resolver } = check;
  const id = new Date().toISOString().slice(0, 19).replace(/\D/g, '');
  findings.publish({ name, type: 'TXT', value: `v=STSv1; id=${id}` });
  const records = (await resolver.txt(name)).records.filter((text) => /^v=STSv1[ \t]*;/.test(text));
  if (records.length === 0) {
    if (!(await takesMail(domain, resolver))) return void findings.skip(`${domain} takes no mail`);
    findings.warn('there is no MTA-STS: who sits in between may read mail to the domain');
    return void findings.pass(
      `serve this at https://mta-sts.${domain}/.well-known/mta-sts.txt, then publish the record: ${await proposedPolicy(check)}`,
    );
  }
  if (records.length > 1)
    return void findings.fail(
      `there are ${records.length} records at ${name}, which is as good as none (RFC 8461 section 3.1)`,
    );
  findings.pass(`found: ${shown(records[0]!)}`);
  const { tags, problems } = parseTagList(records[0]!);
  for (const problem of problems) findings.fail(`the record is wrong: ${problem}`);
  if (!/^[A-Za-z0-9]{1,32}$/.test(tags.get('id') ?? '')) findings.fail('id= is not 1 to 32 letters and digits');
  let text: string;
  try {
    text = await check.fetchPolicy(domain);
  } catch (error) {
    return void findings.warn(
      `the record is there, and the policy could not be had, without which it does nothing: ${reason(error)}`,
    );
  }
  let policy: MtaStsPolicy;
  try {
    policy = parsePolicy(text);
  } catch (error) {
    return void findings.fail(`the policy is wrong: ${reason(error)}`);
  }
  await judge(findings, policy, check);
  return `mail to the domain must come over TLS (mode ${policy.mode})`;
}

async function judge(findings: Findings, policy: MtaStsPolicy, { domain, resolver }: DomainInCheck): Promise<void> {
  if (policy.mode !== 'enforce')
    findings.warn(
      `the mode is ${policy.mode}, which keeps nobody from delivering without TLS; when the TLS reports are clean, make it enforce`,
    );
  if (policy.maxAge < ONE_DAY)
    findings.warn(
      `max_age is ${policy.maxAge} seconds; a week (604800) or more is usual, since only a policy that is remembered protects`,
    );
  const { records } = await resolver.mx(domain);
  const hosts = records.map(({ exchange }) => exchange).filter(Boolean);
  const strangers = hosts.filter((host) => !allowsHost(policy, host));
  if (strangers.length === 0) return void findings.pass(`all servers are named in the policy: ${policy.mx.join(', ')}`);
  const text = `the policy does not name ${strangers.slice(0, 5).join(', ')}: mail is not delivered there`;
  if (policy.mode === 'enforce') findings.fail(text);
  else findings.warn(text);
}

const ONE_DAY = 86_400;

async function proposedPolicy({ domain, resolver }: DomainInCheck): Promise<string> {
  const { records } = await resolver.mx(domain);
  const hosts = records.slice(0, 10).map(({ exchange }) => `mx: ${exchange}`);
  return ['version: STSv1', 'mode: testing', ...hosts, 'max_age: 604800'].join(' / ');
}
