import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { MailTemplateError } from '../errors/mail-template.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { BoundedCache } from './bounded-cache.js';
import { type TemplateBody, compileForeign } from './foreign-engine.js';
import { type FrontMatter, type FrontMatterText, readFrontMatter } from './front-matter.js';
import type { TemplateImage } from './image.helper.js';
import { localeChain } from './locale-chain.js';
import { didYouMean } from './nearest-name.js';
import type { CompiledTemplate, PartialTable, TemplateCompiler } from './template-compiler.js';
import type { TemplateOptions } from './template-engine.js';
import { type LocalizedFile, type TemplateFiles, type TemplateKind, readTemplateFile } from './template-files.js';
import { checkTemplateName, printable } from './template-name.js';

/** All that one render needs, compiled. */
export interface RenderPlan {
  readonly subject?: CompiledTemplate;
  readonly preheader?: CompiledTemplate;
  readonly html?: TemplateBody;
  readonly text?: TemplateBody;
  /** From the inside out. */
  readonly layouts: readonly LayoutPair[];
  readonly htmlPartials: PartialTable;
  readonly textPartials: PartialTable;
}

export interface LayoutPair {
  readonly html?: CompiledTemplate;
  readonly text?: CompiledTemplate;
}

/** Finds templates with all that belongs to them, compiles each once, and keeps it. */
export class TemplateLibrary {
  readonly #files: TemplateFiles;
  readonly #compiler: TemplateCompiler;
  readonly #options: Pick<TemplateOptions, 'layout' | 'engines'>;
  readonly #plans = new Map<string, RenderPlan>();
  readonly #loaded = new Map<string, Loaded>();
  readonly #partialTables = new Map<string, PartialTable>();
  readonly #partialNames = new Map<boolean, ReadonlySet<string>>();
  readonly #images = new Map<string, TemplateImage>();
  readonly #strings = new BoundedCache<CompiledTemplate>(1000);
  readonly #chains = new BoundedCache<readonly string[]>(1000);

  constructor(files: TemplateFiles, compiler: TemplateCompiler, options: Pick<TemplateOptions, 'layout' | 'engines'>) {
    this.#files = files;
    this.#compiler = compiler;
    this.#options = options;
  }

  /** @throws RelayConfigurationError when there is no such layout as the options name */
  checkDefaultLayout(): void {
    const { layout } = this.#options;
    const names = this.#files.names('layout');
    if (layout === undefined || names.has(layout)) return;
    throw new RelayConfigurationError(
      'templates.layout',
      `there is no layout "${layout}"${didYouMean(layout, names)}; it would be the file ${layout}.hbs ${this.#where('layouts')}`,
    );
  }

  /**
   * @param layout instead of the template's own; `false` for none
   * @throws MailTemplateError
   */
  plan(name: string, locale: string | undefined, layout: string | false | undefined): RenderPlan {
    const chain = this.#chain(locale);
    // Plans are kept for what exists only, so that names from outside cannot fill the memory.
    const key = `${chain[0]}\n${layout === false ? '/' : (layout ?? '')}\n${name}`;
    const kept = this.#plans.get(key);
    if (kept) return kept;
    const plan = this.#plan(name, locale, chain, layout);
    this.#plans.set(key, plan);
    return plan;
  }

  /** The locales that there are files of a template for, `''` for none. */
  localesOf(name: string): readonly string[] {
    return ['', ...this.#files.locales].filter(
      (locale) =>
        this.#files.find('template', name, [locale], false) ?? this.#files.find('template', name, [locale], true),
    );
  }

  /** A template that is no file: the subject that `@Mail` names. */
  string(source: string, where: string): CompiledTemplate {
    return this.#strings.get(`${where}\n${source}`, () =>
      this.#compile({ source, file: where, line: 1, column: 1 }, true),
    );
  }

  /** The partials of a locale, for HTML or for a text. Each is compiled when it is first used. */
  partials(locale: string | undefined, text: boolean): PartialTable {
    const chain = this.#chain(locale);
    const key = `${chain[0]} ${text}`;
    let table = this.#partialTables.get(key);
    if (!table) this.#partialTables.set(key, (table = this.#partialTable(chain, text)));
    return table;
  }

  /**
   * An image by its path in a folder of templates, or in `images` beneath it.
   *
   * @throws MailTemplateError
   */
  image(name: string): TemplateImage {
    checkTemplateName(name, 'image');
    const nested = name.replace(/[^/]*$/, 'images/$&');
    const file = this.#files.asset(name) ?? this.#files.asset(nested) ?? this.#files.asset(`images/${name}`);
    if (!file) throw new MailTemplateError(printable(name), `there is no such image ${this.#where()}`);
    let image = this.#images.get(file.path);
    if (!image) {
      const content = readTemplateFile(file);
      const hash = createHash('sha256').update(file.label).update('\0').update(content).digest('hex').slice(0, 24);
      this.#images.set(file.path, (image = { filename: basename(file.path), content, cid: `${hash}@image` }));
    }
    return image;
  }

  #plan(
    name: string,
    locale: string | undefined,
    chain: readonly string[],
    layout: string | false | undefined,
  ): RenderPlan {
    const { html, text } = this.#pair('template', name, locale, chain);
    const front = { ...text?.front, ...html?.front };
    const outer = layout ?? front.layout ?? this.#options.layout ?? false;
    const wanted = html ? 'html' : 'text';
    return {
      subject: front.subject && this.#compile(front.subject, true),
      preheader: front.preheader && this.#compile(front.preheader, true),
      html: html?.body,
      text: text?.body,
      layouts: outer === false ? [] : this.#layouts(outer, locale, chain, wanted, []),
      htmlPartials: this.partials(locale, false),
      textPartials: this.partials(locale, true),
    };
  }

  #layouts(
    name: string,
    locale: string | undefined,
    chain: readonly string[],
    wanted: 'html' | 'text',
    inner: readonly string[],
  ): LayoutPair[] {
    if (inner.includes(name)) {
      throw new MailTemplateError(
        `layouts/${name}`,
        `layouts name each other without end: ${[...inner, name].join(', ')}`,
      );
    }
    const { html, text } = this.#pair('layout', name, locale, chain);
    if (wanted === 'html' && !html)
      throw new MailTemplateError(`layouts/${name}`, `there is a text version only, and the mail is HTML`);
    const parent = html?.front.layout ?? text?.front.layout;
    const outer = parent ? this.#layouts(parent, locale, chain, wanted, [...inner, name]) : [];
    return [
      { html: html?.body as CompiledTemplate | undefined, text: text?.body as CompiledTemplate | undefined },
      ...outer,
    ];
  }

  /** HTML and text of a name, of which one must be there. */
  #pair(
    kind: TemplateKind,
    name: string,
    locale: string | undefined,
    chain: readonly string[],
  ): { html?: Loaded; text?: Loaded } {
    checkTemplateName(name, kind);
    const html = this.#files.find(kind, name, chain, false);
    const text = html ? this.#files.textOf(kind, name, html) : this.#files.find(kind, name, chain, true);
    if (!html && !text) throw this.#missing(kind, name, locale);
    return { html: html && this.#load(kind, html, false), text: text && this.#load(kind, text, true) };
  }

  #load(kind: TemplateKind, file: LocalizedFile, text: boolean): Loaded {
    let loaded = this.#loaded.get(file.path);
    if (!loaded) this.#loaded.set(file.path, (loaded = this.#compileFile(kind, file, text)));
    return loaded;
  }

  #compileFile(kind: TemplateKind, file: LocalizedFile, text: boolean): Loaded {
    const source = readTemplateFile(file)
      .toString('utf8')
      .replace(/^\uFEFF/, '');
    if (kind === 'partial')
      return { front: {}, body: this.#compile({ source, file: file.label, line: 1, column: 1 }, text) };
    const keys = kind === 'layout' ? (['layout'] as const) : (['subject', 'preheader', 'layout'] as const);
    const { front, body, line } = readFrontMatter(source, file.label, keys);
    const engine = this.#options.engines?.[file.extension];
    if (engine && file.extension !== 'hbs') return { front, body: compileForeign(engine, file, body) };
    return { front, body: this.#compile({ source: body, file: file.label, line, column: 1 }, text) };
  }

  #compile({ source, file, line, column }: FrontMatterText, text: boolean): CompiledTemplate {
    return this.#compiler.compile({ source, file, line, column, text }, this.#partialsEverywhere(text));
  }

  #partialTable(chain: readonly string[], text: boolean): PartialTable {
    const table: Record<string, PartialTable[string]> = {};
    for (const name of this.#files.names('partial')) {
      const file = this.#files.find('partial', name, chain, text);
      if (!file) continue;
      table[name] = (context, options) =>
        (this.#load('partial', file, text).body as CompiledTemplate).delegate(context, options);
    }
    return table;
  }

  #partialsEverywhere(text: boolean): ReadonlySet<string> {
    let names = this.#partialNames.get(text);
    if (!names) {
      const all = [...this.#files.names('partial')];
      names = new Set(all.filter((name) => this.#files.find('partial', name, [''], text)));
      this.#partialNames.set(text, names);
    }
    return names;
  }

  /** What a locale falls back to, as far as there are files for it. */
  #chain(locale: string | undefined): readonly string[] {
    return this.#chains.get(locale ?? '', () =>
      localeChain(locale).filter((tag) => tag === '' || this.#files.locales.has(tag)),
    );
  }

  #missing(kind: TemplateKind, name: string, locale: string | undefined): MailTemplateError {
    const tried = localeChain(locale).map((tag) => `${printable(name)}${tag && `.${tag}`}.hbs`);
    const hint = didYouMean(name, this.#files.names(kind));
    return new MailTemplateError(
      printable(name),
      `there is no ${kind} of that name${hint}; looked for ${tried.join(', ')} ${this.#where(kind === 'layout' ? 'layouts' : '')}`,
    );
  }

  #where(beneath = ''): string {
    const folders = this.#files.folders.map(({ dir }) => (beneath ? `${dir}/${beneath}` : dir));
    return folders.length === 0 ? 'but no folder of templates is configured' : `in ${folders.join(', ')}`;
  }
}

/** A file, compiled, and what it says of itself. */
interface Loaded {
  readonly front: FrontMatter;
  readonly body: TemplateBody;
}
