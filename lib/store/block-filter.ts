/**
 * A Bloom filter of the terms of one block of the history: it tells for certain that a block has no mail with a term. Bloom, "Space/time
 * trade-offs in hash coding with allowable errors", 1970. A block of 1,024 mails has some 4,000 terms; then one of 350 lies.
 */
export const FILTER_BYTES = 8_192;

/**
 * The bits of a term, by their places as SETBIT counts them: two hashes, and sums of them. Kirsch and Mitzenmacher, "Less hashing, same
 * performance", 2006.
 */
export function bitsOf(term: string): number[] {
  const [first, second] = [hashOf(term, FIRST), hashOf(term, SECOND) | 1];
  return [first & BITS, (first + second) & BITS, (first + 2 * second) & BITS, (first + 3 * second) & BITS];
}

/** A filter with these terms in it. */
export function filterOf(terms: Iterable<string>): Buffer {
  const filter = Buffer.alloc(FILTER_BYTES);
  for (const term of terms) for (const bit of bitsOf(term)) filter[bit >> 3]! |= 0x80 >> (bit & 7);
  return filter;
}

const [FIRST, SECOND] = [0x811c9dc5, 0x9747b28c];
const BITS = FILTER_BYTES * 8 - 1;

/** FNV-1a over the characters, then the last steps of MurmurHash3, so that all bits depend on all characters. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
