import { generateDkimKey } from '../../lib/index.js';
import type { ZoneEntry } from '../support/dns-server.js';

export const rsa = await generateDkimKey({ domain: 'acme.test', selector: 'relay202611a' });
export const ed25519 = await generateDkimKey({
  domain: 'acme.test',
  selector: 'relay202611a-ed25519',
  type: 'ed25519',
});

/** Where acme.test sends from; not one of the addresses that are for documentation, which nobody sends from. */
export const ADDRESS = '198.41.0.4';

export const POLICY = 'version: STSv1\r\nmode: enforce\r\nmx: mx.acme.test\r\nmax_age: 604800\r\n';

/** A domain in whose DNS all is as it should be. */
export function wellKept(changes: Record<string, ZoneEntry> = {}): Record<string, ZoneEntry> {
  return {
    'acme.test': { TXT: [`v=spf1 ip4:${ADDRESS} include:spf.mtasv.net -all`], MX: '10 mx.acme.test', A: ADDRESS },
    'mx.acme.test': { A: ADDRESS },
    '_dmarc.acme.test': { TXT: 'v=DMARC1; p=reject; rua=mailto:dmarc@acme.test' },
    'relay202611a._domainkey.acme.test': { TXT: [split(rsa.record.value)] },
    'relay202611a-ed25519._domainkey.acme.test': { TXT: ed25519.record.value },
    '_mta-sts.acme.test': { TXT: 'v=STSv1; id=20261128' },
    '_smtp._tls.acme.test': { TXT: 'v=TLSRPTv1; rua=mailto:tls@acme.test' },
    '4.0.41.198.in-addr.arpa': { PTR: 'mx.acme.test' },
    'spf.mtasv.net': { TXT: 'v=spf1 ip4:50.31.156.96/27 ip4:104.245.209.192/26 ~all' },
    'amazonses.com': { TXT: 'v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all' },
    'mailgun.org': { TXT: 'v=spf1 include:_spf.mailgun.org ~all' },
    '_spf.mailgun.org': { TXT: 'v=spf1 ip4:209.61.151.0/24 ~all' },
    ...changes,
  };
}

function split(text: string): string[] {
  return text.match(/.{1,255}/g)!;
}
