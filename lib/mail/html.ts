/** HTML in which every interpolated value was escaped. Made by {@link html} only. */
export interface SafeHtml {
  readonly __safeHtml: unique symbol;
}

/**
 * Writes HTML and escapes what is interpolated; arrays are joined, `null`, `undefined` and `false` are left out,
 * and the result of another `html` goes in as it is.
 *
 * @example
 * await mail.send({ to, subject: 'Hi', html: html`<p>Hello ${name}</p>` });
 */
export function html(strings: TemplateStringsArray, ...values: unknown[]): SafeHtml {
  const text = strings.reduce((all, part, index) => all + escaped(values[index - 1]) + part);
  return new Html(text) as unknown as SafeHtml;
}

/** The text of an HTML body, whichever way it was given. */
export function htmlToString(value: string | SafeHtml): string {
  return value instanceof Html ? value.toString() : String(value);
}

/** Whether a value came out of {@link html}. */
export function isSafeHtml(value: unknown): value is SafeHtml {
  return value instanceof Html;
}

class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(value: unknown): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(escaped).join('');
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
