import { Token, Tokenizer, TokenizerMode, type TokenHandler } from 'parse5';

/** An address in HTML: where its value stands, and what it is once decoded. */
export interface HtmlLink {
  /** Offsets of the value, without its quotes. */
  readonly start: number;
  readonly end: number;
  readonly href: string;
  /** By its name in lower case. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** What can be tracked in a text of HTML. */
export interface HtmlLinks {
  readonly links: readonly HtmlLink[];
  /** Where something invisible may be put in. */
  readonly end: number;
}

/**
 * Finds links as a browser would: with a tokenizer by the book (https://html.spec.whatwg.org/multipage/parsing.html#tokenization), and in
 * what Outlook reads in comments. No tree is built: time and memory grow with the text and with nothing else.
 *
 * @returns why not, for a text that something cannot be put into safely
 */
export function findLinks(html: string): HtmlLinks | string {
  if (html.length > LONGEST_HTML) return `it is longer than ${LONGEST_HTML} characters`;
  const finder = new LinkFinder(html, 0, html.length, true);
  const trouble = finder.run();
  return trouble ?? { links: finder.links, end: finder.bodyEnd ?? html.length };
}

/** Characters. Gmail cuts at 102 kB what it shows. */
const LONGEST_HTML = 1_000_000;
const MOST_LINKS = 2_000;
const MOST_ATTRIBUTES = 1_000;
/** Characters at once: a tag with very many attributes is noticed before it fills the memory. */
const CHUNK = 65_536;

/** `<a>`, `<area>`, and the shapes of VML that take a link: https://learn.microsoft.com/windows/win32/vml/msdn-online-vml-href-attribute */
const LINKING: ReadonlySet<string> = new Set([
  'a',
  'area',
  ...['arc', 'curve', 'group', 'image', 'line', 'oval', 'polyline', 'rect', 'roundrect', 'shape'].map(
    (name) => `v:${name}`,
  ),
]);

/** Elements whose content is text: section 13.2.6.4. Mail is read without scripts, so `noscript` is not one of them. */
const TEXT: Readonly<Record<string, TextMode>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
};

type TextMode = (typeof TokenizerMode)[keyof typeof TokenizerMode];

class LinkFinder extends Tokenizer {
  readonly links: HtmlLink[] = [];
  bodyEnd?: number;
  trouble?: string;
  readonly #html: string;
  readonly #start: number;
  readonly #end: number;
  readonly #outer: boolean;
  /** Inside of SVG or MathML, where `<title/>` ends at once. */
  #foreign = 0;

  /** @param outer it is not in a comment */
  constructor(html: string, start: number, end: number, outer: boolean) {
    const ignore = () => {};
    const handler: TokenHandler = {
      onStartTag: (tag) => this.#startTag(tag),
      onEndTag: (tag) => this.#endTag(tag),
      onComment: (comment) => this.#comment(comment),
      onEof: () => this.#eof(),
      onDoctype: ignore,
      onCharacter: ignore,
      onNullCharacter: ignore,
      onWhitespaceCharacter: ignore,
      onParseError: null,
    };
    super({ sourceCodeLocationInfo: true }, handler);
    this.#html = html;
    this.#start = start;
    this.#end = end;
    this.#outer = outer;
  }

  /** @returns what is in the way */
  run(): string | undefined {
    for (let at = this.#start; at < this.#end && this.trouble === undefined; at += CHUNK) {
      const next = Math.min(at + CHUNK, this.#end);
      this.write(this.#html.slice(at, next), next === this.#end);
      const token = this.currentToken;
      if (token?.type === Token.TokenType.START_TAG) this.#check(token as Token.TagToken);
    }
    if (this.#outer) this.#checkLinks();
    return this.trouble;
  }

  #check({ attrs }: Token.TagToken): void {
    if (attrs.length > MOST_ATTRIBUTES) this.trouble ??= `an element has more than ${MOST_ATTRIBUTES} attributes`;
    this.#checkLinks();
  }

  #checkLinks(): void {
    if (this.links.length > MOST_LINKS) this.trouble ??= `it has more than ${MOST_LINKS} links`;
  }

  #startTag(tag: Token.TagToken): void {
    const { tagName, selfClosing, attrs, location } = tag;
    if (tagName === 'svg' || tagName === 'math') {
      if (!selfClosing) this.#foreign++;
      return;
    }
    const mode = TEXT[tagName];
    if (mode !== undefined && !(selfClosing && this.#foreign > 0)) this.state = mode;
    if (!LINKING.has(tagName)) return;
    this.#check(tag);
    const href = Token.getTokenAttr(tag, 'href');
    const at = location?.attrs?.['href'];
    const range =
      href === null || !at ? undefined : this.#valueIn(this.#start + at.startOffset, this.#start + at.endOffset);
    if (range)
      this.links.push({ ...range, href: href!, attributes: new Map(attrs.map(({ name, value }) => [name, value])) });
  }

  #endTag({ tagName, location }: Token.TagToken): void {
    if (tagName === 'svg' || tagName === 'math') this.#foreign = Math.max(0, this.#foreign - 1);
    if (tagName === 'body' && this.#outer) this.bodyEnd = location!.startOffset;
  }

  /** Outlook reads what others take for a comment: `<!--[if mso]> ... <![endif]-->`. */
  #comment({ location }: Token.CommentToken): void {
    if (!this.#outer || !location) return;
    const { startOffset, endOffset } = location;
    const head = CONDITION.exec(this.#html.slice(startOffset, startOffset + LONGEST_CONDITION));
    if (!head) return;
    const inner = new LinkFinder(this.#html, startOffset + head[0].length, endOffset, false);
    this.trouble ??= inner.run();
    this.links.push(...inner.links);
    this.#checkLinks();
  }

  /** What is put in behind an open tag, comment or script would be lost in it. */
  #eof(): void {
    if (this.#outer && this.state !== TokenizerMode.DATA)
      this.trouble ??= 'it ends within a tag, a comment, or the like';
  }

  #valueIn(start: number, end: number): { start: number; end: number } | undefined {
    const html = this.#html;
    const equals = html.indexOf('=', start + 1);
    if (equals < 0 || equals >= end) return undefined;
    let from = equals + 1;
    while (from < end && html.charCodeAt(from) <= SPACE) from++;
    const quote = html[from];
    if (quote !== '"' && quote !== "'") return { start: from, end };
    return { start: from + 1, end: html[end - 1] === quote && end - 1 > from ? end - 1 : end };
  }
}

const SPACE = 0x20;
const CONDITION = /^<!--\[if [^\]<>]{1,100}\]>/;
const LONGEST_CONDITION = 120;
