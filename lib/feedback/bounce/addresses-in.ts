/** An address as servers write it into prose; bounded, for texts that are not addresses at all. */
export const ADDRESS_SOURCE = String.raw`(?:"[^"\n]{1,64}"|[\w!#$%&'*+/=?^{|}~\-][\w.!#$%&'*+/=?^{|}~\-]{0,127})@[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff.-]{0,250}[a-z0-9\u00a1-\uffff])?`;

const ADDRESS = new RegExp(ADDRESS_SOURCE, 'gi');

/** All addresses of a text, in their order. */
export function addressesIn(text: string): string[] {
  return [...text.matchAll(ADDRESS)].map(([address]) => tidy(address));
}

/** The address that a header field or a line of a report names (RFC 3464 section 2.3.1: `rfc822; ada@x.test`). */
export function addressOf(field: string): string | undefined {
  const value = field.replace(/^\s*[\w-]{1,20}\s*;\s*/, '');
  const whole = /^\s*<?([^\s<>@"']{1,64}@[^\s<>@"']{1,255})>?\s*$/.exec(value)?.[1];
  if (whole !== undefined) return tidy(whole);
  const found = addressesIn(value)[0];
  if (found !== undefined) return found;
  return /^\s*<?([^\s<>@]{1,64})>?\s*$/.exec(value)?.[1];
}

/** Whether the sender is a server that reports, and nobody who writes. */
export function isServer(address: string): boolean {
  return /^(?:mailer[-_.]?daemon|post[-_]?master|mail[-_.]?daemon|noreply-?bounce|mdaemon|smtp[-_.]?daemon)\b/i.test(
    address,
  );
}

function tidy(address: string): string {
  // No top-level domain mixes scripts: what follows one is text.
  return address
    .replace(/^['*/=]+/, '')
    .replace(/(\.[a-z]{2,63})[\u0080-\uffff][^@]*$/i, '$1')
    .replace(/[.-]+$/, '');
}
