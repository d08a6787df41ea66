import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { shown } from '../shown.js';
import { parseTagList } from '../tag-list.js';
import type { DomainInCheck } from './domain-in-check.js';

/** BIMI (draft-brand-indicators-for-message-identification): the logo beside mails. Looked at only when asked for. */
export function checkBimi(check: DomainInCheck): Promise<DomainCheck>[] {
  if (!check.bimi) return [];
  const name = `default._bimi.${check.domain}`;
  return [findingsOf('bimi', name, (findings) => look(findings, name, check))];
}

async function look(
  findings: Findings,
  name: string,
  { domain, resolver, dmarc }: DomainInCheck,
): Promise<string | void> {
  const records = (await resolver.txt(name)).records.filter((text) => /^v=BIMI1[ \t]*(?:;|$)/i.test(text));
  if (records.length === 0) return void findings.skip('no logo is published');
  if (records.length > 1) return void findings.fail(`there are ${records.length} records at ${name}`);
  findings.pass(`found: ${shown(records[0]!)}`);
  findings.publish({ name, type: 'TXT', value: `v=BIMI1; l=https://${domain}/logo.svg; a=https://${domain}/logo.pem` });
  const { tags, problems } = parseTagList(records[0]!);
  for (const problem of problems) findings.fail(`the record is wrong: ${problem}`);
  const [logo = '', certificate = ''] = [tags.get('l'), tags.get('a')];
  if (logo === '' && certificate === '') return 'says that the domain shows no logo';
  if (!/^https:\/\/[^\s;]+\.svgz?$/i.test(logo)) findings.fail(`l=${logo} is no https: URL of an SVG file`);
  if (certificate === '') findings.warn('has no certificate (a=): Gmail and Apple show a logo only with a VMC or CMC');
  const policy = (await dmarc()).found?.record;
  if (!policy || policy.p === 'none' || policy.testing || policy.pct < 100)
    findings.fail('logos are shown only for domains whose DMARC policy is quarantine or reject, for all mails');
  return 'a logo is published';
}
