/** What to add to an error about a name that is not there: ` (did you mean welcome?)`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}

/** The same name in another folder, or the one that takes the fewest edits, as long as most of it stays. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.ceil(Math.min(name.length, 50) * 0.4) + 1;
  for (const candidate of names) {
    if (candidate.endsWith(`/${name}`)) return candidate;
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}
