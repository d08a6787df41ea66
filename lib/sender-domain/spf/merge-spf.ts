import { parseSpf } from './parse-spf.js';
import { SpfError } from './spf.error.js';

/** One record that says what several say, and more. */
export interface MergedSpf {
  readonly text: string;
  /** Terms that could not be kept, as they are wrong. */
  readonly dropped: readonly string[];
}

/**
 * The record to publish: all terms that there are, those to be added before the end, and an end that tells strangers from senders.
 *
 * @param texts the records there are, none to several
 * @param added terms such as `include:amazonses.com`
 * @param useless terms to be left out
 */
export function mergeSpf(
  texts: readonly string[],
  added: readonly string[] = [],
  useless: readonly string[] = [],
): MergedSpf {
  const terms = texts
    .flatMap((text) => text.split(' ').filter(Boolean).slice(1))
    .filter((term) => !useless.includes(term));
  const dropped = terms.filter((term) => !isWellFormed(term));
  const kept = unique(terms.filter((term) => !dropped.includes(term)));
  const mechanisms = kept.filter((term) => !ALL.test(term) && !isModifier(term));
  const modifiers = kept.filter(isModifier);
  const redirects = modifiers.filter((term) => /^redirect=/i.test(term));
  const alls = kept.filter((term) => ALL.test(term));
  // A redirect says how it ends; several cannot stand together, nor with an end of its own.
  const [redirect] = alls.length === 0 && redirects.length === 1 ? redirects : [];
  const others = modifiers.filter((term) => !redirects.includes(term));
  const end = redirect === undefined ? [endOf(alls)] : [redirect];
  return { text: ['v=spf1', ...unique([...mechanisms, ...added]), ...end, ...others].join(' '), dropped };
}

/** `-all` where all say so, else `~all`: `?all` and `+all` tell nobody anything. */
function endOf(alls: readonly string[]): string {
  return alls.length > 0 && alls.every((term) => term.startsWith('-')) ? '-all' : '~all';
}

const ALL = /^[+?~-]?all$/i;

function isModifier(term: string): boolean {
  return /^[a-z][a-z0-9_.-]*=/i.test(term);
}

function isWellFormed(term: string): boolean {
  try {
    parseSpf(`v=spf1 ${term}`);
    return true;
  } catch (error) {
    if (error instanceof SpfError) return false;
    throw error;
  }
}

function unique(terms: readonly string[]): string[] {
  const seen = new Set<string>();
  return terms.filter((term) => {
    const key = term.toLowerCase().replace(/^\+/, '');
    return !seen.has(key) && seen.add(key);
  });
}
