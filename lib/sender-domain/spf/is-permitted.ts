import type { DnsResolver } from '../../dns/dns-resolver.interface.js';
import { bitsOf, formatIp } from '../ip-address.js';
import { evaluateSpf } from './evaluate-spf.js';
import { findSpf } from './find-spf.js';
import { SpfError } from './spf.error.js';
import { type SpfSurvey, surveySpf } from './survey-spf.js';

/** `include`: it is named. `networks`: its addresses are let through all the same. `unknown`: the provider's own record could not be read. */
export type Permission = 'include' | 'networks' | 'none' | 'unknown';

/**
 * Whether a domain's record lets a provider's servers through: by an `include:`, or because all addresses tried, out of each of the
 * networks that the provider's own record names, are let through.
 *
 * @param include the domain whose record names the provider's servers
 */
export async function isPermitted(
  domain: string,
  survey: SpfSurvey,
  include: string,
  resolver: DnsResolver,
): Promise<Permission> {
  if (survey.included.has(include)) return 'include';
  try {
    const text = await findSpf(include, resolver);
    if (text === undefined) return 'unknown';
    const { networks, problems } = await surveySpf(include, text, resolver);
    if (networks.length === 0) return problems.length > 0 ? 'unknown' : 'none';
    for (const { ip, prefix } of networks.slice(0, MOST_TRIED)) {
      const bits = bitsOf(ip.version);
      // The last address of the network, lest only the first ones are let through.
      const last = ip.value | ((1n << BigInt(bits - prefix)) - 1n);
      const { result } = await evaluateSpf({ ip: formatIp({ version: ip.version, value: last }), domain }, resolver);
      if (result === 'temperror') return 'unknown';
      if (result !== 'pass') return 'none';
    }
    return 'networks';
  } catch (error) {
    if (error instanceof SpfError) return 'unknown';
    throw error;
  }
}

const MOST_TRIED = 32;
