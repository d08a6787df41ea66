import { scanHtml } from '../view/scan-html.js';

/** What of a mail's HTML the checks look at. */
export interface MailMarkup {
  readonly images: readonly {
    readonly src: string;
    readonly alt?: string;
    readonly sized: boolean;
    /** One pixel, or hidden: it is not to be seen. */
    readonly unseen: boolean;
  }[];
  readonly tags: ReadonlySet<string>;
  /** Of stylesheets and style attributes, in one form: small letters, no spaces around `:`, `;` and braces. */
  readonly css: string;
  /** Of the first element, where there is one. */
  readonly lang?: string;
  readonly isDocument: boolean;
}

export function markupOf(html: string): MailMarkup {
  const images: MailMarkup['images'][number][] = [];
  const tags = new Set<string>();
  const styles: string[] = [];
  let lang: string | undefined;
  let styleFrom: number | undefined;
  for (const { name, closing, attributes, from, to } of scanHtml(html)) {
    if (styleFrom !== undefined) styles.push(html.slice(styleFrom, from));
    styleFrom = name === 'style' && !closing ? to : undefined;
    if (closing) continue;
    tags.add(name);
    lang ??= attributes.get('lang');
    const style = attributes.get('style');
    if (style) styles.push(`{${style}}`);
    if (name === 'img' && images.length < MOST) images.push(imageOf(attributes));
  }
  return {
    images,
    tags,
    css: cssOf(styles.join('\n')),
    ...(lang !== undefined && { lang }),
    isDocument: tags.has('html'),
  };
}

function imageOf(attributes: ReadonlyMap<string, string>): MailMarkup['images'][number] {
  const [src, alt, width, height, style] = ['src', 'alt', 'width', 'height', 'style'].map((name) =>
    attributes.get(name),
  );
  return {
    src: src ?? '',
    ...(alt !== undefined && { alt }),
    sized: width !== undefined || /(?:^|[;\s])width\s*:/i.test(style ?? ''),
    unseen: width === '1' || height === '1' || /display\s*:\s*none/i.test(style ?? ''),
  };
}

function cssOf(css: string): string {
  return withoutComments(css.slice(0, LONGEST))
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?([:;{}]) ?/g, '$1');
}

/** One that is never closed goes to the end. Each character is looked at once: no regular expression does that for unclosed ones. */
function withoutComments(css: string): string {
  let kept = '';
  let at = 0;
  for (let open = css.indexOf('/*'); open >= 0; open = css.indexOf('/*', at)) {
    kept += css.slice(at, open);
    const end = css.indexOf('*/', open + 2);
    if (end < 0) return kept;
    at = end + 2;
  }
  return kept + css.slice(at);
}

const MOST = 500;
const LONGEST = 512 * 1024;
