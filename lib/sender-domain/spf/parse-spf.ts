import { type IpAddress, parseIp } from '../ip-address.js';
import { isDomainSpec, isMacroString } from './spf-macro.js';
import { SpfError } from './spf.error.js';

export type SpfQualifier = '+' | '-' | '~' | '?';

/** RFC 7208 section 5. */
export interface SpfMechanism {
  readonly kind: 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists';
  readonly qualifier: SpfQualifier;
  /** With its macros. */
  readonly domain?: string;
  readonly network?: IpAddress;
  /** Leading bits that count, of IPv4 and of IPv6. */
  readonly prefix: { readonly 4: number; readonly 6: number };
  /** As written. */
  readonly text: string;
}

export interface SpfRecord {
  readonly text: string;
  /** Those behind `all` are never looked at, and yet must be well-formed. */
  readonly mechanisms: readonly SpfMechanism[];
  readonly redirect?: string;
}

/** RFC 7208 section 4.5. */
export function isSpfRecord(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text);
}

/** @throws SpfError permerror, with the term that is wrong */
export function parseSpf(text: string): SpfRecord {
  const mechanisms: SpfMechanism[] = [];
  const modifiers = new Map<string, string>();
  const terms = text.split(' ').filter(Boolean).slice(1);
  for (const term of terms) {
    const [, name, value] = MODIFIER.exec(term) ?? [];
    if (name === undefined) mechanisms.push(parseMechanism(term));
    else addModifier(modifiers, name.toLowerCase(), value!, term);
  }
  const redirect = modifiers.get('redirect');
  return { text, mechanisms, ...(redirect !== undefined && { redirect }) };
}

/** Section 6: `redirect` and `exp` at most once; what is unknown is ignored, but must have the form. */
function addModifier(modifiers: Map<string, string>, name: string, value: string, term: string): void {
  const isKnown = name === 'redirect' || name === 'exp';
  if (isKnown && modifiers.has(name)) throw wrong(term, `${name}= may be there only once`);
  if (isKnown ? !isDomainSpec(value) : !isMacroString(value))
    throw wrong(term, `${JSON.stringify(value)} is no domain`);
  modifiers.set(name, value);
}

function parseMechanism(term: string): SpfMechanism {
  const [, sign = '+', name = '', rest = ''] = MECHANISM.exec(term) ?? [];
  const kind = name.toLowerCase() as SpfMechanism['kind'];
  if (!Object.hasOwn(FORMS, kind)) throw wrong(term, 'there is no such mechanism');
  const parts = FORMS[kind](rest, term);
  return { kind, qualifier: sign as SpfQualifier, prefix: FULL, ...parts, text: term };
}

type Parts = Partial<Pick<SpfMechanism, 'domain' | 'network' | 'prefix'>>;

const FORMS: Readonly<Record<SpfMechanism['kind'], (rest: string, term: string) => Parts>> = {
  all: (rest, term) => {
    if (rest !== '') throw wrong(term, 'nothing may follow it');
    return {};
  },
  include: neededDomain,
  exists: neededDomain,
  a: domainAndPrefix,
  mx: domainAndPrefix,
  ptr: (rest, term) => (rest === '' ? {} : neededDomain(rest, term)),
  ip4: (rest, term) => network(4, rest, term),
  ip6: (rest, term) => network(6, rest, term),
};

function neededDomain(rest: string, term: string): Parts {
  const domain = rest.slice(1);
  if (!rest.startsWith(':') || !isDomainSpec(domain)) throw wrong(term, 'a domain must follow it, behind a colon');
  return { domain };
}

/** Section 5.3: `a`, `a:acme.test`, `a/24`, `a:acme.test/24//64`. */
function domainAndPrefix(rest: string, term: string): Parts {
  const [cidr, , four, six] = CIDR.exec(rest)!;
  const prefix = { 4: prefixOf(four, 32, term), 6: prefixOf(six, 128, term) };
  const domain = rest.slice(0, rest.length - cidr.length);
  return domain === '' ? { prefix } : { ...neededDomain(domain, term), prefix };
}

function network(version: 4 | 6, rest: string, term: string): Parts {
  const [address = '', length, ...more] = rest.slice(1).split('/');
  const ip = parseAddress(version, address);
  if (!rest.startsWith(':') || !ip || more.length > 0)
    throw wrong(term, `an IPv${version} address must follow it, or a network such as ${EXAMPLE[version]}`);
  return { network: ip, prefix: { ...FULL, [version]: prefixOf(length, version === 4 ? 32 : 128, term) } };
}

/** What is written as IPv6 stays so here, even where it is an IPv4 address. */
function parseAddress(version: 4 | 6, text: string): IpAddress | undefined {
  if (text.includes(':') !== (version === 6)) return undefined;
  const ip = parseIp(text);
  return ip && { ...ip, version, value: ip.version === version ? ip.value : (0xffffn << 32n) | ip.value };
}

function prefixOf(digits: string | undefined, most: number, term: string): number {
  if (digits === undefined) return most;
  if (/^(?:0|[1-9]\d{0,2})$/.test(digits) && Number(digits) <= most) return Number(digits);
  throw wrong(term, `/${digits} is no length of a prefix; it is from 0 to ${most}`);
}

function wrong(term: string, why: string): SpfError {
  return new SpfError('permerror', `"${term.slice(0, 120)}": ${why}`);
}

const FULL = { 4: 32, 6: 128 } as const;
const EXAMPLE = { 4: '192.0.2.0/24', 6: '2001:db8::/32' } as const;
const MODIFIER = /^([a-z][a-z0-9_.-]*)=(.*)$/i;
const MECHANISM = /^([+?~-])?([a-z][a-z0-9_.-]*)([:/].*)?$/i;
const CIDR = /((?:\/(\d{1,4}))?(?:\/\/(\d{1,4}))?)$/;
