import type { AttachmentInput } from '../mail/mail-options.interface.js';

/** How the templates of an application are found and rendered. */
export interface TemplateOptions {
  /** One folder or several, searched in their order. They must exist at start. */
  dir: string | readonly string[];
  /** Name of the layout that templates use unless they say otherwise. Default none. */
  layout?: string;
  /** The folder of partials, beneath each `dir`. Default `'partials'`. */
  partials?: string;
  /** Handlebars helpers by name. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a helper says itself what it takes
  helpers?: Record<string, (...args: any[]) => unknown>;
  /** A variable that is not there is an error. Default `true`. */
  strict?: boolean;
  /** Moves `<style>` into `style=""` attributes; needs the package `@css-inline/css-inline`. Default `false`. */
  inlineCss?: boolean;
  /** Further engines by file extension: `{ pug: (source, file) => compile(source, { filename: file }) }`. */
  engines?: Record<string, (source: string, file: string) => (context: object) => string | Promise<string>>;
}

/** The words of a mail. */
export interface RenderedTemplate {
  html?: string;
  /** Left out, it is made from the HTML. */
  text?: string;
  subject?: string;
  /** Images that the template embeds. */
  attachments?: readonly AttachmentInput[];
}

/** Turns a template's name and a context into words. Extend it to bring an engine of your own: `templates: new MyEngine()`. */
export abstract class TemplateEngine {
  /** @throws MailTemplateError */
  abstract render(
    template: string,
    context: object,
    options: { locale?: string; layout?: string | false },
  ): RenderedTemplate | Promise<RenderedTemplate>;
}
