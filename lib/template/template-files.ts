import { type Dirent, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { MailTemplateError } from '../errors/mail-template.error.js';
import { canonicalLocale } from './locale-chain.js';

/** A folder of templates. With a prefix, every name in it starts with that: `billing/invoice`. */
export interface TemplateFolder {
  readonly dir: string;
  /** `''` for none. */
  readonly prefix: string;
}

/** One file beneath a {@link TemplateFolder}. */
export interface TemplateFile {
  /** For errors: relative to its folder, behind the folder's prefix. */
  readonly label: string;
  readonly path: string;
  readonly folder: TemplateFolder;
}

/** A template that was found, and in which language. */
export interface LocalizedFile extends TemplateFile {
  /** `''` where the file names none. */
  readonly locale: string;
  readonly extension: string;
}

export type TemplateKind = 'template' | 'layout' | 'partial';

/**
 * What there is in the folders of templates, read once. A name is looked up in this list and never made into a path, so
 * that no name, whatever characters it has, can lead to another file.
 */
export class TemplateFiles {
  /** The locales that files are there for. */
  readonly locales = new Set<string>();
  readonly folders: readonly TemplateFolder[];
  readonly #options: TemplateFilesOptions;
  readonly #files: Record<TemplateKind | 'asset', Map<string, TemplateFile>> = {
    template: new Map(),
    layout: new Map(),
    partial: new Map(),
    asset: new Map(),
  };
  readonly #names: Record<TemplateKind, Set<string>> = { template: new Set(), layout: new Set(), partial: new Set() };

  constructor(folders: readonly TemplateFolder[], options: TemplateFilesOptions) {
    this.folders = folders;
    this.#options = options;
    for (const folder of folders) this.#scan(folder, folder.dir, '', new Set());
  }

  /** The file for a name in the first locale of the chain that has one; `text` for its text version. */
  find(kind: TemplateKind, name: string, chain: readonly string[], text: boolean): LocalizedFile | undefined {
    for (const locale of chain) {
      for (const extension of kind === 'template' ? this.#options.extensions : ['hbs']) {
        const file = this.#files[kind].get(fileName({ name, locale, text, extension }));
        if (file) return { ...file, locale, extension };
      }
    }
    return undefined;
  }

  /** The text version that belongs to an HTML file: of the same locale, from the same folder, so that languages never mix. */
  textOf(kind: TemplateKind, name: string, html: LocalizedFile): LocalizedFile | undefined {
    const text = this.find(kind, name, [html.locale], true);
    return text?.folder === html.folder ? text : undefined;
  }

  /** Any file, by its path beneath a folder. */
  asset(name: string): TemplateFile | undefined {
    return this.#files.asset.get(name);
  }

  /** All names of a kind, without locale and ending. */
  names(kind: TemplateKind): ReadonlySet<string> {
    return this.#names[kind];
  }

  #scan(folder: TemplateFolder, path: string, relative: string, seen: Set<string>): void {
    const real = realpathSync(path);
    if (seen.has(real) || !isWithin(real, realpathSync(folder.dir))) return;
    seen.add(real);
    // Before it is read, so that no change falls between reading and watching.
    this.#options.onFolder?.(path);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const entryPath = join(path, entry.name);
      const entryName = relative + entry.name;
      const type = entryType(entry, entryPath);
      if (type === 'folder') this.#scan(folder, entryPath, `${entryName}/`, seen);
      if (type === 'file') this.#add(folder, entryPath, entryName);
    }
  }

  #add(folder: TemplateFolder, path: string, relative: string): void {
    const prefix = folder.prefix && `${folder.prefix}/`;
    const file: TemplateFile = { label: prefix + relative, path, folder };
    addFirst(this.#files.asset, file.label, file);
    const [kind, name] = this.#kindOf(relative);
    const parsed = parseFileName(prefix + name);
    if (!this.#options.extensions.includes(parsed.extension)) return;
    addFirst(this.#files[kind], prefix + name, file);
    addFirst(this.#files[kind], fileName(parsed), file);
    this.#names[kind].add(parsed.name);
    if (parsed.locale) this.locales.add(parsed.locale);
  }

  #kindOf(relative: string): [TemplateKind, string] {
    const { partials } = this.#options;
    if (relative.startsWith(`${partials}/`)) return ['partial', relative.slice(partials.length + 1)];
    if (relative.startsWith('layouts/')) return ['layout', relative.slice('layouts/'.length)];
    return ['template', relative];
  }
}

export interface TemplateFilesOptions {
  /** The folder of partials, beneath each folder of templates. */
  readonly partials: string;
  /** Of templates, best first: `['hbs', 'pug']`. */
  readonly extensions: readonly string[];
  /** Called with every folder, before it is read. */
  readonly onFolder?: (path: string) => void;
}

/**
 * The bytes of a file.
 *
 * @throws MailTemplateError when it is a link that leaves its folder, or cannot be read
 */
export function readTemplateFile({ label, path, folder }: TemplateFile): Buffer {
  try {
    if (isWithin(realpathSync(path), realpathSync(folder.dir))) return readFileSync(path);
  } catch (cause) {
    throw new MailTemplateError(label, `cannot be read: ${(cause as Error).message}`, {}, { cause });
  }
  throw new MailTemplateError(label, `is a link that leaves the folder of templates, ${folder.dir}`);
}

interface FileName {
  name: string;
  locale: string;
  text: boolean;
  extension: string;
}

/** `welcome.de-AT.txt.hbs` */
function fileName({ name, locale, text, extension }: FileName): string {
  return `${name}${locale && `.${locale}`}${text ? '.txt' : ''}.${extension}`;
}

/** Takes `welcome.de_at.hbs` and `welcome.txt.de.hbs` for what they mean. */
function parseFileName(path: string): FileName {
  const [first, ...rest] = basename(path).split('.');
  const name = [path.slice(0, path.length - basename(path).length) + first, ...rest];
  const extension = name.length > 1 ? name.pop()! : '';
  let locale = '';
  let text = false;
  while (name.length > 1) {
    const part = name.at(-1)!;
    const tag = LOCALE.test(part) ? canonicalLocale(part) : undefined;
    if (part === 'txt' && !text) text = true;
    else if (part !== 'txt' && tag && !locale) locale = tag;
    else break;
    name.pop();
  }
  return { name: name.join('.'), locale, text, extension };
}

/** A language of two or three letters, and what may follow it. */
const LOCALE = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$/;

function addFirst(files: Map<string, TemplateFile>, key: string, file: TemplateFile): void {
  if (!files.has(key)) files.set(key, file);
}

function isWithin(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep);
}

function entryType(entry: Dirent, path: string): 'file' | 'folder' | undefined {
  const stats = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
  if (stats?.isFile()) return 'file';
  return stats?.isDirectory() ? 'folder' : undefined;
}
