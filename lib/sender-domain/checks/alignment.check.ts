import { isWithin } from '../../dns/domain-name.js';
import { isAligned } from '../dmarc/discover-dmarc.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { type Findings, findingsOf } from '../findings.js';
import { returnPathOf, type Sender, signingDomainOf } from '../sender.js';
import type { DomainInCheck } from './domain-in-check.js';

/**
 * Whether SPF and DKIM speak for the domain in the From header, which is what DMARC goes by (RFC 9989 section 4.4): one of them must. A
 * check for each way in which mails leave.
 */
export function checkAlignment(check: DomainInCheck): Promise<DomainCheck>[] {
  return check.senders.map((sender) =>
    findingsOf('alignment', sender.title, (findings) => look(findings, sender, check)),
  );
}

async function look(findings: Findings, sender: Sender, check: DomainInCheck): Promise<string> {
  const { found } = await check.dmarc();
  const path = returnPathOf(sender, check.domain, check.returnPath);
  const bySpf = await aligned(path.domain, found?.record.aspf ?? 'r', check);
  const signing = signingDomains(sender, check.domain);
  const byDkim = await Promise.all(signing.map((domain) => aligned(domain, found?.record.adkim ?? 'r', check)));
  const spf = `the return path is at ${path.domain}, which ${bySpf ? 'is' : 'is not'} of ${check.from}`;
  const dkim =
    signing.length === 0
      ? 'nothing signs with DKIM, as far as is known'
      : signing
          .map(
            (domain, index) => `signatures are of ${domain}, which ${byDkim[index] ? 'is' : 'is not'} of ${check.from}`,
          )
          .join('; ');
  const isSigned = byDkim.includes(true);
  if (!bySpf && !isSigned) {
    // A relay of others may sign by itself: then nothing is known.
    const mayBeSigned = signing.length === 0 && sender.provider === undefined;
    const text = `neither SPF nor DKIM speaks for ${check.from}: DMARC fails`;
    if (mayBeSigned) findings.warn(`${text}, unless ${sender.title} signs for it`);
    else findings.fail(text);
  } else if (!isSigned)
    findings.warn(`only SPF speaks for ${check.from}, which is lost when a mail is forwarded: sign with DKIM as well`);
  findings.pass(spf).pass(dkim);
  const helpful =
    !bySpf && !path.isOwn && sender.provider?.returnPath.kind === 'own' ? sender.provider.returnPath.record : undefined;
  if (helpful)
    findings.pass(
      `with a return path of your own at ${sender.provider!.title}, such as bounces.${check.domain}, SPF would speak for it too`,
    );
  return isSigned && bySpf ? 'SPF and DKIM can both speak for the From domain' : 'DKIM can speak for the From domain';
}

/** Where there is no DMARC record yet, the one to be published makes one organisation of a domain and all beneath it. */
async function aligned(domain: string, mode: 'r' | 's', { from, resolver, dmarc }: DomainInCheck): Promise<boolean> {
  if (await isAligned(domain, from, mode, resolver)) return true;
  if ((await dmarc()).found || mode === 's') return false;
  return isWithin(domain, from) || isWithin(from, domain);
}

function signingDomains(sender: Sender, domain: string): string[] {
  const own = sender.dkim.map((key) => key.domain);
  const provider = sender.provider?.dkim || sender.selectors.length > 0 ? [signingDomainOf(sender, domain)] : [];
  return [...new Set([...own, ...provider])];
}
