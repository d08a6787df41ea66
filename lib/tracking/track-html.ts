import { findLinks } from './html-links.js';
import { trackableUrl, type UntrackedLinks } from './trackable-url.js';

/** A text of HTML with gaps in it, to be filled for each recipient. */
export interface TrackedHtml {
  /** One more than there are gaps. */
  readonly pieces: readonly string[];
  /** Where a link leads to; `null` for what is invisible. */
  readonly gaps: readonly (string | null)[];
}

/** @returns a reason where nothing can be put in */
export function trackedHtml(
  html: string,
  { opens, clicks }: { opens: boolean; clicks: boolean },
  untracked: UntrackedLinks,
): TrackedHtml | string {
  const found = findLinks(html);
  if (typeof found === 'string') return found;
  const places = (clicks ? found.links : []).flatMap((link) => {
    const url = trackableUrl(link, untracked);
    return url === undefined ? [] : [{ start: link.start, end: link.end, url: url as string | null }];
  });
  if (opens) places.push({ start: found.end, end: found.end, url: null });
  places.sort((a, b) => a.start - b.start);
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end } of places) {
    pieces.push(html.slice(from, start));
    from = end;
  }
  return { pieces: [...pieces, html.slice(from)], gaps: places.map(({ url }) => url) };
}

/** @param fill what stands in a gap: the link's new URL, or markup that is not seen */
export function filledHtml({ pieces, gaps }: TrackedHtml, fill: (url: string | null) => string): string {
  let html = pieces[0]!;
  for (const [index, gap] of gaps.entries()) html += fill(gap) + pieces[index + 1]!;
  return html;
}
