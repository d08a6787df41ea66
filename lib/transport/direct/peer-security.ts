import { createHash } from 'node:crypto';
import type { TlsaRecord } from '../../dns/dns-resolver.interface.js';
import type { MailError } from '../../errors/mail.error.js';
import type { SmtpSettings } from '../smtp/smtp-settings.js';
import { DANE_TA, daneMismatch, usableRecords } from './dane.js';
import { unreachable } from './direct-errors.js';
import type { DirectSettings } from './direct-settings.js';
import type { HostAddresses, MailRoute } from './mail-exchangers.js';
import { allowsHost, type MtaStsPolicy } from './mta-sts/mta-sts-policy.js';
import type { DirectTls } from './direct-transport-options.interface.js';

/** How a connection to a server is to be encrypted. */
export interface PeerSecurity extends Pick<SmtpSettings, 'tls' | 'checkPeer' | 'tlsBecause'> {
  /** Equal for what is equal: connections with one are as good as with the other. */
  readonly key: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * What a server must prove: by DANE where its domain and its addresses are proved themselves (RFC 7672 section 2.2), else by MTA-STS
 * where the domain enforces that, else what the options say.
 *
 * @throws DnsError when the DNS does not say whether there are TLSA records: then nothing must be sent (section 2.1.1); MailError for a
 * server that the domain's policy does not know
 */
export async function peerSecurity(
  host: string,
  route: MailRoute,
  addresses: HostAddresses,
  policy: MtaStsPolicy | undefined,
  tls: DirectTls,
  { dns, dane, port }: Pick<DirectSettings, 'dns' | 'dane' | 'port'>,
): Promise<PeerSecurity> {
  const records = dane && route.authentic && addresses.authentic ? await tlsaRecords(host, addresses, port, dns) : [];
  const usable = usableRecords(records);
  if (usable.length > 0) return byDane(host, route, addresses, usable);
  if (policy?.mode === 'enforce') {
    if (!allowsHost(policy, host)) throw notInPolicy(host, route.domain);
    return { ...BY_OPTION.verified, tlsBecause: `the MTA-STS policy of ${route.domain} demands it` };
  }
  // Section 2.2: nobody can be known by records that are not usable, but that there must be TLS they do say.
  if (records.length > 0 && tls !== 'verified') return { ...BY_OPTION.required, tlsBecause: becauseOfDane(host) };
  return BY_OPTION[tls];
}

const BY_OPTION: Readonly<Record<DirectTls, PeerSecurity>> = {
  opportunistic: { key: 'opportunistic', tls: 'opportunistic', rejectUnauthorized: false },
  required: { key: 'required', tls: 'required', rejectUnauthorized: false },
  verified: { key: 'verified', tls: 'required', rejectUnauthorized: true },
  never: { key: 'never', tls: 'never', rejectUnauthorized: false },
};

/** Those of the name that CNAMEs lead to come first: RFC 7672 section 2.2.2. */
async function tlsaRecords(
  host: string,
  { canonicalName }: HostAddresses,
  port: number,
  dns: DirectSettings['dns'],
): Promise<readonly TlsaRecord[]> {
  for (const name of new Set([canonicalName, host])) {
    const { records, authentic } = await dns.tlsa(`_${port}._tcp.${name}`);
    if (authentic && records.length > 0) return records;
  }
  return [];
}

function byDane(
  host: string,
  { domain }: MailRoute,
  { canonicalName }: HostAddresses,
  usable: readonly TlsaRecord[],
): PeerSecurity {
  // Where the key alone counts, a connection is as good for the domains of others.
  const named = usable.some(({ usage }) => usage === DANE_TA);
  const names = [...new Set([canonicalName, host, domain])];
  return {
    key: `dane ${named ? domain : ''} ${digest(usable)}`,
    tls: 'required',
    rejectUnauthorized: false,
    tlsBecause: becauseOfDane(host),
    checkPeer: (socket) => daneMismatch(socket, usable, names),
  };
}

function becauseOfDane(host: string): string {
  return `${host} has TLSA records (DANE)`;
}

function digest(records: readonly TlsaRecord[]): string {
  const hash = createHash('sha256');
  for (const { usage, selector, matchingType, data } of records)
    hash.update(`${usage} ${selector} ${matchingType} ${Buffer.from(data).toString('hex')}\n`);
  return hash.digest('base64url').slice(0, 16);
}

function notInPolicy(host: string, domain: string): MailError {
  const why = `its server ${host} is none that its MTA-STS policy names`;
  return unreachable(`${domain} cannot be reached: ${why}`, {
    enhancedCode: '4.7.0',
    code: 'EMTASTS',
    reason: 'policy',
  });
}
