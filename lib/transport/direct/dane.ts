import { createHash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsaRecord } from '../../dns/dns-resolver.interface.js';

/** Usages, RFC 6698 section 2.1.1: a certificate of the records' own authority, or the server's own. */
export const DANE_TA = 2;
const DANE_EE = 3;

/**
 * DANE for SMTP: the DNS says, provably, by which key a server is known (RFC 7672).
 *
 * Of its records those are usable that SMTP may rely on: DANE-TA (2) and DANE-EE (3), section 3.1, with a selector and a matching type
 * that are known (RFC 6698 section 2.1), and as many bytes as these need.
 */
export function usableRecords(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  return records.filter(
    ({ usage, selector, matchingType, data }) =>
      (usage === DANE_TA || usage === DANE_EE) &&
      (selector === 0 || selector === 1) &&
      MATCHES[matchingType] !== undefined &&
      (DIGEST_BYTES[matchingType] ?? data.length) === data.length &&
      data.length > 0,
  );
}

/**
 * Whether the other side of a connection is the one that the records mean; gives what is wrong, if not.
 *
 * @param names for which a certificate of an authority may be: the server's, and that of the domain (section 3.2.3)
 */
export function daneMismatch(
  socket: TLSSocket,
  records: readonly TlsaRecord[],
  names: readonly string[],
): Error | undefined {
  const chain = presentedChain(socket);
  const [leaf] = chain;
  if (!leaf) return mismatch('it has no certificate');
  // Section 3.1.1: of the server's own certificate the key alone counts, neither names nor dates.
  if (records.some((record) => record.usage === DANE_EE && matches(record, leaf))) return undefined;
  const anchor = chain.findIndex(
    (certificate, index) =>
      index > 0 && records.some((record) => record.usage === DANE_TA && matches(record, certificate)),
  );
  if (anchor < 0) return mismatch('its certificate is not the one that the TLSA records mean');
  if (!isSigned(chain.slice(0, anchor + 1)))
    return mismatch('its certificate is not validly signed by the one that the TLSA records mean');
  if (!names.some((name) => leaf.checkHost(name) !== undefined))
    return mismatch(`its certificate is not for ${names.join(' or ')}`);
  return undefined;
}

/** By matching type. */
const MATCHES: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>> = {
  0: (bytes) => bytes,
  1: (bytes) => createHash('sha256').update(bytes).digest(),
  2: (bytes) => createHash('sha512').update(bytes).digest(),
};
const DIGEST_BYTES: Readonly<Record<number, number>> = { 1: 32, 2: 64 };

/** Longer chains are nobody's. */
const LONGEST_CHAIN = 10;

function matches({ selector, matchingType, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const whole = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' });
  return Buffer.from(MATCHES[matchingType]!(whole)).equals(data);
}

/** From the server's own certificate up. */
function presentedChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let link = socket.getPeerCertificate(true);
  while (link?.raw && chain.length < LONGEST_CHAIN) {
    chain.push(new X509Certificate(link.raw));
    if (link.issuerCertificate === link) break;
    link = link.issuerCertificate;
  }
  return chain;
}

function isSigned(chain: readonly X509Certificate[]): boolean {
  const now = Date.now();
  return chain.every((certificate, index) => {
    const issuer = chain[index + 1];
    const timely = Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
    return (
      timely && (!issuer || (issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)))
    );
  });
}

function mismatch(why: string): Error {
  return Object.assign(new Error(`DANE: ${why}`), { code: 'EDANE' });
}
