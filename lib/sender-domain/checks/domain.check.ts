import type { DnsAnswer, DnsResolver } from '../../dns/dns-resolver.interface.js';
import { DnsError } from '../../dns/dns.error.js';
import type { DomainCheck } from '../domain-check.interface.js';
import { Findings } from '../findings.js';

/** Whether there is such a domain. */
export interface DomainExistence {
  /** `false`: the DNS does not tell. */
  readonly answered: boolean;
  /** Where it is not there. A `fail`: nothing above it is there either, so that there is nothing to be set up. */
  readonly check?: DomainCheck;
}

/** Looks for the domain itself, before anything is looked for in it. */
export async function findDomain(domain: string, resolver: DnsResolver): Promise<DomainExistence> {
  const answers = await Promise.all([answerOf(resolver.txt(domain)), answerOf(resolver.mx(domain))]);
  const answered = answers.some((answer) => answer !== undefined);
  if (!answered || answers.some((answer) => answer?.exists)) return { answered };
  const findings = new Findings('domain', domain);
  const parent = await nearestAbove(domain, resolver);
  if (parent === undefined)
    findings.fail(`there is no such domain in the DNS: look for a slip of the pen, or register it first`);
  else
    findings.warn(`there is nothing in the DNS by the name ${domain}, though ${parent} is there: is it written right?`);
  return { answered, check: findings.toCheck() };
}

/** The nearest that is there, but for a top-level domain. */
async function nearestAbove(domain: string, resolver: DnsResolver): Promise<string | undefined> {
  const labels = domain.split('.');
  for (let at = 1; at < labels.length - 1; at++) {
    const name = labels.slice(at).join('.');
    const answer = await answerOf(resolver.txt(name));
    if (answer === undefined || answer.exists) return name;
  }
  return undefined;
}

async function answerOf<T>(asked: Promise<DnsAnswer<T>>): Promise<DnsAnswer<T> | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}
