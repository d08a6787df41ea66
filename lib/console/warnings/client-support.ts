/** What common mail programs do not show, as measured by https://www.caniemail.com (its latest results of each program, read November 2026). */
export interface UnsupportedFeature {
  /** The page there. */
  readonly feature: string;
  readonly name: string;
  /** Programs in their current versions that leave it out. */
  readonly clients: readonly string[];
  /** In a declaration (`display:flex`), an at-rule, or a value. */
  readonly css?: RegExp;
  /** An element. */
  readonly tag?: string;
  /** The source of an image. */
  readonly image?: RegExp;
}

const [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO] = ['Gmail', 'Outlook for Windows', 'Outlook.com', 'Yahoo Mail'];

/** Each expression takes one look at a text that {@link cssOf} has brought into one form: small letters, no spaces around `:` and `;`. */
export const UNSUPPORTED: readonly UnsupportedFeature[] = [
  { feature: 'css-display-flex', name: 'display: flex', clients: [OUTLOOK], css: /display:(?:inline-)?flex/ },
  {
    feature: 'css-display-grid',
    name: 'display: grid',
    clients: [GMAIL, OUTLOOK, YAHOO],
    css: /display:(?:inline-)?grid/,
  },
  {
    feature: 'css-position',
    name: 'position',
    clients: [GMAIL, OUTLOOK, YAHOO],
    css: /[{;]position:(?:absolute|fixed|sticky)/,
  },
  {
    feature: 'css-background-image',
    name: 'background images',
    clients: [OUTLOOK],
    css: /background(?:-image)?:[^;}]{0,200}url\(/,
  },
  { feature: 'css-at-font-face', name: '@font-face', clients: [GMAIL, OUTLOOK_COM, YAHOO], css: /@font-face/ },
  {
    feature: 'css-variables',
    name: 'custom properties',
    clients: [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO],
    css: /[{;]--[a-z]/,
  },
  { feature: 'css-border-radius', name: 'border-radius', clients: [OUTLOOK], css: /border-radius:/ },
  {
    feature: 'css-animation',
    name: 'animations',
    clients: [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO],
    css: /[{;]animation(?:-name)?:/,
  },
  { feature: 'css-transform', name: 'transform', clients: [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO], css: /[{;]transform:/ },
  {
    feature: 'css-filter',
    name: 'filter',
    clients: [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO],
    css: /[{;]filter:(?!progid)/,
  },
  { feature: 'css-unit-calc', name: 'calc()', clients: [OUTLOOK, OUTLOOK_COM, YAHOO], css: /:[^;}]{0,200}\bcalc\(/ },
  { feature: 'html-link', name: '<link> to a stylesheet', clients: [GMAIL, OUTLOOK_COM, YAHOO], tag: 'link' },
  { feature: 'html-svg', name: '<svg>', clients: [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO], tag: 'svg' },
  { feature: 'html-video', name: '<video>', clients: [GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO], tag: 'video' },
  {
    feature: 'image-svg',
    name: 'SVG images',
    clients: [GMAIL, OUTLOOK],
    image: /^(?:data:image\/svg|[^?#]{0,2000}\.svg(?:$|[?#]))/i,
  },
  {
    feature: 'image-webp',
    name: 'WebP images',
    clients: [OUTLOOK],
    image: /^(?:data:image\/webp|[^?#]{0,2000}\.webp(?:$|[?#]))/i,
  },
  { feature: 'image-base64', name: 'data: images', clients: [OUTLOOK], image: /^data:/i },
];
