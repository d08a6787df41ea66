import { BoundedCache } from './bounded-cache.js';

/** A language tag in its usual spelling (`de_at` becomes `de-AT`), or `undefined` for what is no tag. RFC 5646 section 2.1.1. */
export function canonicalLocale(tag: string | undefined): string | undefined {
  if (!tag) return undefined;
  return spelled.get(tag, () => spell(tag));
}

/** A tag and what it falls back to, most special first: `de-AT`, `de`, and `''` for no locale. RFC 4647 section 3.4. */
export function localeChain(tag: string | undefined): readonly string[] {
  const chain: string[] = [];
  const parts = canonicalLocale(tag)?.split('-') ?? [];
  while (parts.length > 0) {
    chain.push(parts.join('-'));
    parts.pop();
    // A single letter opens an extension; it says nothing by itself.
    if (parts.length > 1 && parts.at(-1)!.length === 1) parts.pop();
  }
  return [...chain, ''];
}

const spelled = new BoundedCache<string | undefined>(1000);

function spell(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}
