/** A tag of an HTML text, as it stands there. */
export interface HtmlTag {
  /** In small letters. */
  readonly name: string;
  readonly closing: boolean;
  /** Names in small letters, values with their character references resolved. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Where it begins and ends in the text. */
  readonly from: number;
  readonly to: number;
}

/**
 * The tags of an HTML text, in one pass and whatever it looks like: https://html.spec.whatwg.org/multipage/parsing.html#tokenization, as far as
 * it takes to look at a mail. Nothing is made safe by it: that is the frame's policy.
 */
export function* scanHtml(html: string): Generator<HtmlTag> {
  let at = 0;
  while (at < html.length) {
    const from = html.indexOf('<', at);
    if (from < 0) return;
    if (html.startsWith('<!--', from)) {
      const end = html.indexOf('-->', from + 4);
      if (end < 0) return;
      at = end + 3;
      continue;
    }
    const closing = html[from + 1] === '/';
    const start = from + (closing ? 2 : 1);
    const nameEnd = endOf(html, start, NAME_ENDS, LONGEST_NAME);
    const name = html.slice(start, nameEnd).toLowerCase();
    if (!/^[a-z][^<]*$/.test(name)) {
      at = from + 1;
      continue;
    }
    const { attributes, to } = readAttributes(html, nameEnd);
    yield { name, closing, attributes, from, to };
    at = !closing && RAW_TEXT.has(name) ? rawEnd(html, to, name) : to;
  }
}

/** What stands between two places, without its tags. */
export function textBetween(html: string, from: number, to: number): string {
  let text = '';
  let at = from;
  const part = html.slice(0, to);
  while (at < to) {
    const tag = part.indexOf('<', at);
    text += part.slice(at, tag < 0 ? to : tag);
    if (tag < 0) break;
    const end = part.indexOf('>', tag);
    at = end < 0 ? to : end + 1;
  }
  return unescaped(text).replace(/\s+/g, ' ').trim();
}

const RAW_TEXT: ReadonlySet<string> = new Set(['script', 'style', 'title', 'textarea', 'xmp', 'noembed', 'noframes']);
const SPACE = ' \t\n\f\r';
const NAME_ENDS: ReadonlySet<string> = new Set([...SPACE, '/', '>']);
const ATTRIBUTE_ENDS: ReadonlySet<string> = new Set([...NAME_ENDS, '=']);
const VALUE_ENDS: ReadonlySet<string> = new Set([...SPACE, '>']);
const MOST_ATTRIBUTES = 100;
const LONGEST_NAME = 64;

function rawEnd(html: string, from: number, name: string): number {
  const end = new RegExp(`</${name}[\\s/>]`, 'gi');
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

function readAttributes(html: string, from: number): { attributes: Map<string, string>; to: number } {
  const attributes = new Map<string, string>();
  let at = from;
  while (at < html.length) {
    while (SPACE.includes(html[at] ?? '>') || html[at] === '/') at++;
    if (at >= html.length || html[at] === '>') return { attributes, to: Math.min(html.length, at + 1) };
    const nameEnd = endOf(html, at + 1, ATTRIBUTE_ENDS);
    const name = html.slice(at, nameEnd).toLowerCase();
    at = afterSpace(html, nameEnd);
    let value = '';
    if (html[at] === '=') {
      at = afterSpace(html, at + 1);
      const quote = html[at];
      const quoted = quote === '"' || quote === "'";
      const end = quoted ? closingQuote(html, at + 1, quote) : endOf(html, at, VALUE_ENDS);
      value = html.slice(quoted ? at + 1 : at, end);
      at = quoted ? end + 1 : end;
    }
    // The first of two counts.
    if (attributes.size < MOST_ATTRIBUTES && !attributes.has(name)) attributes.set(name, unescaped(value));
  }
  return { attributes, to: html.length };
}

function closingQuote(html: string, from: number, quote: string): number {
  const end = html.indexOf(quote, from);
  return end < 0 ? html.length : end;
}

function endOf(html: string, from: number, ends: ReadonlySet<string>, most = Infinity): number {
  let at = from;
  const last = Math.min(html.length, from + most);
  while (at < last && !ends.has(html[at]!)) at++;
  return at;
}

function afterSpace(html: string, from: number): number {
  let at = from;
  while (at < html.length && SPACE.includes(html[at]!)) at++;
  return at;
}

/** Those character references that stand in addresses and words. */
export function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));?/gi, (whole, decimal, hex, name: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
    const code = Number.parseInt((decimal ?? hex) as string, decimal === undefined ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};
