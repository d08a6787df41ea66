/** The `@data` of a render: `{{@locale}}` in a template, `options.data.locale` in a helper. */
export interface TemplateData {
  /** The context. */
  root: object;
  locale?: string;
  subject?: string;
  preheader?: string;
  /** What a layout goes around. */
  body?: string;
  /** Where embedded images are gathered; not in a text. */
  images?: ImageGatherer;
  [name: string]: unknown;
}

/** Takes the name of an image file and gives its content id. */
export interface ImageGatherer {
  embed(name: string): string;
}

/** What Handlebars hands to a helper behind its arguments. */
export interface HelperOptions {
  /** The helper's name in the template. */
  name: string;
  hash: Record<string, unknown>;
  data: TemplateData;
  /** Where the call stands; its column counts from 0. */
  loc?: { source: string; start: { line: number; column: number } };
  lookupProperty(parent: unknown, name: string): unknown;
}

/** Any helper. The last argument is a {@link HelperOptions}. */
export type Helper = (this: unknown, ...args: unknown[]) => unknown;

/** Where a helper was called: the template's file, and the position for an error. */
export function placeOf({ loc }: HelperOptions): { file: string; line?: number; column?: number } {
  if (!loc) return { file: 'template' };
  return { file: loc.source, line: loc.start.line, column: loc.start.column + 1 };
}
