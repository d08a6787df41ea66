import { parseTagList } from '../tag-list.js';

export type DmarcRequest = 'none' | 'quarantine' | 'reject';

/** A DMARC record (RFC 9989 section 4.7; before, RFC 7489 section 6.3). */
export interface DmarcRecord {
  readonly text: string;
  readonly p: DmarcRequest;
  /** For domains beneath; default `p`. */
  readonly sp: DmarcRequest;
  /** For domains beneath that do not exist; default `sp`. */
  readonly np: DmarcRequest;
  readonly adkim: 'r' | 's';
  readonly aspf: 'r' | 's';
  /** `t=y`: the policy is only tried. */
  readonly testing: boolean;
  /** Of RFC 7489, and no longer in RFC 9989; default 100. */
  readonly pct: number;
  /** `y`: a public suffix; `n`: the top of an organisation. */
  readonly psd: 'y' | 'n' | 'u';
  /** Where aggregate reports go: URIs. */
  readonly rua: readonly string[];
  readonly ruf: readonly string[];
  /** Without a `p` that can be read, it asks for nothing but reports. */
  readonly problems: readonly string[];
}

/** RFC 9989 section 4.7: the version comes first, and is written just so. */
export function isDmarcRecord(text: string): boolean {
  return /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text);
}

export function parseDmarc(text: string): DmarcRecord {
  const { tags, problems: ill } = parseTagList(text);
  const problems = [...ill];
  const oneOf = <const V extends string>(name: string, values: readonly V[], fallback: V): V => {
    const given = tags.get(name);
    if (given === undefined) return fallback;
    const value = values.find((one) => one === given.toLowerCase());
    if (value === undefined) problems.push(`${name}=${given} is none of ${values.join(', ')}`);
    return value ?? fallback;
  };
  const requests = ['none', 'quarantine', 'reject'] as const;
  if (!tags.has('p')) problems.push('p=, the policy, is missing');
  const p = oneOf('p', requests, 'none');
  const sp = oneOf('sp', requests, p);
  return {
    text,
    p,
    sp,
    np: oneOf('np', requests, sp),
    adkim: oneOf('adkim', ['r', 's'], 'r'),
    aspf: oneOf('aspf', ['r', 's'], 'r'),
    testing: oneOf('t', ['y', 'n'], 'n') === 'y',
    pct: percentage(tags.get('pct'), problems),
    psd: oneOf('psd', ['y', 'n', 'u'], 'u'),
    rua: uris('rua', tags.get('rua'), problems),
    ruf: uris('ruf', tags.get('ruf'), problems),
    problems,
  };
}

function percentage(text: string | undefined, problems: string[]): number {
  if (text === undefined) return 100;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  problems.push(`pct=${text} is no percentage`);
  return 100;
}

function uris(name: string, text: string | undefined, problems: string[]): string[] {
  if (text === undefined) return [];
  const all = text.split(',').map((uri) => uri.trim());
  const wrong = all.filter((uri) => !URI.test(uri));
  for (const uri of wrong) problems.push(`${name}=${uri} is no URI such as mailto:dmarc@acme.test`);
  return all.filter((uri) => URI.test(uri));
}

const URI = /^[a-z][a-z0-9+.-]{0,20}:[^\s,]{1,500}$/i;
