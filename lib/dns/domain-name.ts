import { domainToASCII } from 'node:url';

/**
 * A name as the DNS is asked for it: in ASCII (RFC 5891), in lower case, without a dot at its end. `undefined` for what the DNS cannot
 * hold (RFC 1035 section 2.3.4: labels of 1 to 63 octets, 253 characters in all), so that there is no such name.
 */
export function asciiName(name: string): string | undefined {
  const bare = name.replace(/\.$/, '');
  // Node reads the host of a URL, and would forget what stands behind it: bücher.test/other.test.
  const ascii = PRINTABLE.test(bare) ? bare.toLowerCase() : UNICODE.test(bare) ? domainToASCII(bare) : '';
  return ascii.length <= 253 && LABELS.test(ascii) ? ascii : undefined;
}

/** A name out of an answer, in the same form; `''` is the root. `undefined` for one with characters that no name of a host has. */
export function answeredName(name: string): string | undefined {
  if (name === '.' || name === '') return '';
  return PRINTABLE.test(name) ? asciiName(name) : undefined;
}

/** Whether a name is a domain's, or that of something beneath it. */
export function isWithin(name: string, domain: string): boolean {
  const [inner, outer] = [name, domain].map((one) => one.toLowerCase().replace(/\.$/, ''));
  return inner === outer || inner!.endsWith(`.${outer}`);
}

const PRINTABLE = /^[!-~]+$/;
const UNICODE = /^[\w.*\u0080-\u{10FFFF}-]+$/u;
const LABELS = /^[a-z0-9_*/-]{1,63}(?:\.[a-z0-9_*/-]{1,63})*$/;
