import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { shown } from '../shown.js';
import { parseTagList } from '../tag-list.js';
import type { DomainInCheck } from './domain-in-check.js';
import { takesMail } from './takes-mail.js';

/** SMTP TLS reporting (RFC 8460): who is told when others cannot deliver to the domain over TLS. */
export function checkTlsRpt(check: DomainInCheck): Promise<DomainCheck>[] {
  const name = `_smtp._tls.${check.domain}`;
  return [findingsOf('tls-rpt', name, (findings) => look(findings, name, check))];
}

async function look(findings: Findings, name: string, { domain, resolver }: DomainInCheck): Promise<string | void> {
  findings.publish({ name, type: 'TXT', value: `v=TLSRPTv1; rua=mailto:tls-reports@${domain}` });
  const records = (await resolver.txt(name)).records.filter((text) => /^v=TLSRPTv1[ \t]*(?:;|$)/.test(text));
  if (records.length === 0) {
    if (!(await takesMail(domain, resolver))) return void findings.skip(`${domain} takes no mail`);
    return void findings.warn('nobody is told when others cannot deliver to the domain over TLS');
  }
  if (records.length > 1)
    return void findings.fail(
      `there are ${records.length} records at ${name}, which is as good as none (RFC 8460 section 3)`,
    );
  findings.pass(`found: ${shown(records[0]!)}`);
  const { tags, problems } = parseTagList(records[0]!);
  for (const problem of problems) findings.fail(`the record is wrong: ${problem}`);
  const wrong = (tags.get('rua') ?? '')
    .split(',')
    .filter((uri) => !/^(?:mailto:[^\s,@]+@[^\s,@]+|https:\/\/[^\s,]+)$/i.test(uri.trim()));
  if (wrong.length > 0) findings.fail(`rua=${tags.get('rua') ?? ''} is no mailto: or https: URI`);
  return 'failures of TLS are reported';
}
