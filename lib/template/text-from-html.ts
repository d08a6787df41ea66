import { type DomNode, type FormatCallback, type HtmlToTextOptions, compile } from 'html-to-text';

/**
 * The text of an HTML mail: links in angle brackets behind their words (RFC 3986 appendix C), images by their `alt`,
 * a table with header cells in columns, and nothing that is hidden, such as a preheader. Lines are not wrapped. What is nested deeper than
 * anybody writes is cut.
 */
export function textFromHtml(html: string): string {
  return convert(html);
}

const imageByAlt: FormatCallback = (element, _walk, builder) => {
  builder.addInline((element.attribs?.['alt'] as string | undefined)?.trim() ?? '');
};

/** Most tables of mails are there for the layout, and read better as blocks. */
const table: FormatCallback = (element, walk, builder, options) => {
  const { formatters } = builder.options as Required<HtmlToTextOptions>;
  const format = hasHeaderCells(element) ? formatters['dataTable'] : formatters['block'];
  format!(element, walk, builder, options);
};

/** In this table itself, not in one inside of it. */
function hasHeaderCells(element: DomNode, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  return (element.children ?? []).some(
    (child) =>
      child.name === 'th' || (child.name !== 'table' && child.name !== 'td' && hasHeaderCells(child, depth + 1)),
  );
}

/** In elements: the converter calls itself for each. */
const DEEPEST = 200;

const HIDDEN = [
  '[data-preheader]',
  '.preheader',
  '[hidden]',
  '[style*="display:none"]',
  '[style*="display: none"]',
  'style',
  'script',
  'title',
];

const convert = compile({
  wordwrap: false,
  limits: { maxDepth: DEEPEST, ellipsis: '…' },
  formatters: { imageByAlt, mailTable: table },
  selectors: [
    { selector: 'a', options: { linkBrackets: ['<', '>'], hideLinkHrefIfSameAsText: true, noAnchorUrl: true } },
    { selector: 'img', format: 'imageByAlt' },
    {
      selector: 'table',
      format: 'mailTable',
      options: { uppercaseHeaderCells: false, leadingLineBreaks: 1, trailingLineBreaks: 1 },
    },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
      selector,
      options: { uppercase: false, leadingLineBreaks: 2, trailingLineBreaks: 2 },
    })),
    { selector: 'ul', options: { itemPrefix: '- ' } },
    ...HIDDEN.map((selector) => ({ selector, format: 'skip' })),
  ],
});
