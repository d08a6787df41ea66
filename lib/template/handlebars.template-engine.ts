import { statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { MailTemplateError } from '../errors/mail-template.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { Helper, TemplateData } from './helper-options.js';
import { EmbeddedImages } from './image.helper.js';
import { type CssInliner, loadCssInliner } from './inline-css.js';
import { canonicalLocale } from './locale-chain.js';
import { didYouMean } from './nearest-name.js';
import { withPreheader } from './preheader.js';
import { TemplateCompiler } from './template-compiler.js';
import { type RenderedTemplate, TemplateEngine, type TemplateOptions } from './template-engine.js';
import { TemplateFiles, type TemplateFolder } from './template-files.js';
import { type RenderPlan, TemplateLibrary } from './template-library.js';
import { TemplateWatcher } from './template-watcher.js';

export interface HandlebarsTemplateOptions extends TemplateOptions {
  /** An edit of a file shows in the next render. Default `false`: all is read and compiled once. */
  watch?: boolean;
}

export interface RenderOptions {
  locale?: string;
  /** Instead of the template's own; `false` for none. */
  layout?: string | false;
  /** For `{{@subject}}`, where it does not come from the front matter. */
  subject?: string;
}

/** Renders Handlebars files: front matter, locales, layouts, partials, embedded images. */
export class HandlebarsTemplateEngine extends TemplateEngine {
  readonly #options: HandlebarsTemplateOptions;
  readonly #compiler: TemplateCompiler;
  readonly #folders: (TemplateFolder & { readonly option: string })[] = [];
  #watcher: TemplateWatcher | undefined;
  #library: TemplateLibrary | undefined;
  #inlineCss: CssInliner | undefined;
  readonly #listeners = new Set<(file: string) => void>();
  #telling: NodeJS.Timeout | undefined;

  /** @throws RelayConfigurationError for an unknown option, or a folder that is not there */
  constructor(options: HandlebarsTemplateOptions) {
    super();
    checkOptions(options);
    this.#options = options;
    this.#compiler = new TemplateCompiler((options.helpers ?? {}) as Record<string, Helper>, options.strict ?? true);
    this.#watcher = options.watch ? new TemplateWatcher() : undefined;
    if (this.#watcher) this.#watcher.onChange = (file) => this.#tell(file ?? '');
    for (const dir of [options.dir].flat())
      this.#folders.push({ dir: resolve(dir), prefix: '', option: 'templates.dir' });
  }

  /**
   * To be called at start: finds what is wrong with the configuration before the first mail does.
   *
   * @throws RelayConfigurationError when a folder, the default layout, or the package for `inlineCss` is not there
   */
  async prepare(): Promise<void> {
    this.#current().checkDefaultLayout();
    if (this.#options.inlineCss) this.#inlineCss ??= await loadCssInliner();
  }

  /**
   * Adds the templates of a feature. With a prefix, the names of all that is in the folder start with it: `billing/invoice`.
   *
   * @throws RelayConfigurationError when the folder is not there
   */
  addDirectory(dir: string, prefix = ''): void {
    const folder = { dir: resolve(dir), prefix: withoutSlashes(prefix), option: 'forFeature: templates.dir' };
    checkFolder(folder);
    if (this.#folders.some((known) => known.dir === folder.dir && known.prefix === folder.prefix)) return;
    this.#folders.push(folder);
    this.#library = undefined;
  }

  /**
   * Without a text template, `text` is left out, and is to be made from the HTML.
   *
   * @throws MailTemplateError
   */
  render(template: string, context: object, options: RenderOptions = {}): RenderedTemplate | Promise<RenderedTemplate> {
    if (this.#options.inlineCss && !this.#inlineCss)
      return this.prepare().then(() => this.render(template, context, options));
    const library = this.#current();
    const plan = library.plan(template, options.locale, options.layout);
    const data: TemplateData = { root: context, locale: canonicalLocale(options.locale), subject: options.subject };
    data.preheader = plan.preheader?.render(context, data, plan.textPartials);
    data.subject ??= plan.subject?.render(context, data, plan.textPartials);
    const images = new EmbeddedImages((name) => library.image(name));
    const text = plan.text?.render(context, data, plan.textPartials);
    const html = plan.html?.render(context, { ...data, images }, plan.htmlPartials);
    const complete = (html: string | undefined, text: string | undefined): RenderedTemplate => ({
      subject: data.subject,
      html: html === undefined ? undefined : this.#html(html, plan, context, { ...data, images }),
      text: text === undefined ? undefined : layOut(text, 'text', plan, context, data),
      attachments: images.attachments,
    });
    if (typeof html === 'object' || typeof text === 'object') {
      return Promise.all([html, text]).then(([html, text]) => complete(html, text));
    }
    return complete(html, text);
  }

  /**
   * Renders a text that is a template itself, such as the subject of `@Mail`. Nothing is escaped.
   *
   * @param where for errors: `subject of WelcomeMail`
   * @throws MailTemplateError
   */
  renderString(source: string, context: object, where: string, { locale }: { locale?: string } = {}): string {
    const library = this.#current();
    const data = { root: context, locale: canonicalLocale(locale) };
    return library.string(source, where).render(context, data, library.partials(locale, true));
  }

  /**
   * Told the name of a template's file when one has changed, where files are watched; empty where the system gives no name. Changes of the
   * same moment are told once. Gives what ends that.
   */
  onChange(listener: (file: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The locales of a template, `''` for the one that names none; an empty list for one that is not there. */
  localesOf(template: string): readonly string[] {
    return this.#current().localesOf(template);
  }

  /** Stops watching. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Once, and when the file is written. */
  #tell(file: string): void {
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      try {
        this.#current();
      } catch {
        // The folder is gone: the next render says so.
      }
      for (const listener of this.#listeners) listener(file);
    }, SETTLED).unref();
  }

  #html(body: string, plan: RenderPlan, context: object, data: TemplateData): string {
    const html = layOut(body, 'html', plan, context, data);
    const placed = plan.layouts.some((layout) => layout.html?.use.data.has('preheader'));
    const complete = data.preheader && !placed ? withPreheader(html, data.preheader) : html;
    try {
      return this.#inlineCss ? this.#inlineCss(complete) : complete;
    } catch (cause) {
      throw new MailTemplateError(
        plan.html!.file,
        `its CSS cannot be inlined: ${(cause as Error).message}`,
        {},
        { cause },
      );
    }
  }

  /** All that is known of the files; read again when one has changed. */
  #current(): TemplateLibrary {
    if (this.#library && !this.#watcher?.changed) return this.#library;
    this.#watcher?.close();
    for (const folder of this.#folders) checkFolder(folder);
    const { partials = 'partials', engines = {} } = this.#options;
    const files = new TemplateFiles(this.#folders, {
      partials: withoutSlashes(partials),
      extensions: ['hbs', ...Object.keys(engines)],
      onFolder: (folder) => this.#watcher?.add(folder),
    });
    return (this.#library = new TemplateLibrary(files, this.#compiler, this.#options));
  }
}

/** An editor writes a file in several steps. Milliseconds. */
const SETTLED = 50;

function layOut(body: string, kind: 'html' | 'text', plan: RenderPlan, context: object, data: TemplateData): string {
  const partials = kind === 'html' ? plan.htmlPartials : plan.textPartials;
  return plan.layouts.reduce(
    (inner, layout) => layout[kind]?.render(context, { ...data, body: inner }, partials) ?? inner,
    body,
  );
}

const OPTIONS: Record<keyof HandlebarsTemplateOptions, true> = {
  dir: true,
  layout: true,
  partials: true,
  helpers: true,
  strict: true,
  inlineCss: true,
  engines: true,
  watch: true,
};

function checkOptions(options: HandlebarsTemplateOptions): void {
  const known = Object.keys(OPTIONS);
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new RelayConfigurationError(`templates.${name}`, `there is no such option${didYouMean(name, known)}`);
  }
  const dirs = [options.dir].flat();
  // None is for a relay whose templates all come with its features.
  if (!dirs.every((dir) => typeof dir === 'string' && dir !== '')) {
    throw new RelayConfigurationError('templates.dir', 'names the folder of the templates, or several');
  }
  if (options.layout !== undefined && (typeof options.layout !== 'string' || options.layout === '')) {
    throw new RelayConfigurationError('templates.layout', 'is the name of a layout');
  }
  if (
    withoutSlashes(options.partials ?? 'partials')
      .split('/')
      .some((part) => ['', '.', '..'].includes(part))
  ) {
    throw new RelayConfigurationError('templates.partials', 'is a folder beneath each folder of templates');
  }
  for (const table of ['helpers', 'engines'] as const) {
    for (const [name, value] of Object.entries(options[table] ?? {})) {
      if (typeof value !== 'function')
        throw new RelayConfigurationError(`templates.${table}.${name}`, 'is not a function');
    }
  }
}

function withoutSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

function checkFolder({ dir, option }: { dir: string; option: string }): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new RelayConfigurationError(option, `there is no folder ${dir}. ${mend(dir)}`);
}

/** The compiler leaves all but TypeScript behind, so the folder is missing in `dist` until nest-cli.json says otherwise. */
function mend(dir: string): string {
  const parts = dir.split(sep);
  const dist = parts.lastIndexOf('dist');
  if (dist < 0) return 'A path from the file that names it is safest: join(import.meta.dirname, "mails")';
  // `include` starts at sourceRoot, which is src whether or not dist has a folder of that name.
  const inside = parts.slice(dist + 1);
  const include = [...(inside[0] === 'src' ? inside.slice(1) : inside), '**/*'].join('/');
  const assets = JSON.stringify({ compilerOptions: { assets: [{ include, outDir: 'dist' }], watchAssets: true } });
  return `The build copies templates only when nest-cli.json says so: ${assets}`;
}
