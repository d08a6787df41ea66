import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConsoleAnswer } from './console-answer.js';
import { ConsoleRejectedError } from './console-rejected.error.js';

/** Where the built page is: beside this file in the package, or where a build of this repository puts it. */
const BUILT = import.meta.url.endsWith('.ts') ? '../../../dist/console/page/' : '../page/';

/** The page, as it was built: an index and files whose names tell their content. */
export class PageFiles {
  readonly #folder: string;
  #files?: ReadonlyMap<string, PageFile>;
  #builtAt = 0;

  constructor(folder = fileURLToPath(new URL(BUILT, import.meta.url))) {
    this.#folder = folder;
  }

  /** @param rest of the path @throws ConsoleRejectedError 404; 503 when the page is not built */
  async answer(request: IncomingMessage, rest: string): Promise<ConsoleAnswer> {
    const path = pathOf(request);
    // The page names its files from its own folder.
    if (rest === '' && !path.endsWith('/'))
      return { status: 308, headers: { Location: `${path.slice(path.lastIndexOf('/') + 1)}/` }, body: '' };
    const files = await this.#read();
    const name = rest === '' ? 'index.html' : rest;
    const file = files.get(name);
    if (!file) throw new ConsoleRejectedError(404, 'There is no such file');
    const { encoding, content } = chosen(file, request.headers['accept-encoding']);
    const isPage = name === 'index.html';
    const etag = `"${file.hash}${encoding === undefined ? '' : `-${encoding}`}"`;
    const headers = {
      'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
      'Cache-Control': name.startsWith('assets/') ? 'private, max-age=31536000, immutable' : 'no-cache',
      ETag: etag,
      Vary: 'Accept-Encoding',
      ...(encoding !== undefined && { 'Content-Encoding': encoding }),
      ...(isPage && { 'Content-Security-Policy': PAGE_POLICY }),
    };
    if (request.headers['if-none-match'] === etag) return { status: 304, headers };
    return { status: 200, headers, body: content };
  }

  /** Again when it was built anew. */
  async #read(): Promise<ReadonlyMap<string, PageFile>> {
    const index = await stat(join(this.#folder, 'index.html')).catch(() => undefined);
    if (!index)
      throw new ConsoleRejectedError(
        503,
        'The console’s page is not built. It comes built with the package; in a clone of its repository run: npm run build',
      );
    if (this.#files && this.#builtAt === index.mtimeMs) return this.#files;
    const names = (await readdir(this.#folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
    const files = new Map<string, PageFile>();
    for (const name of names.filter((one) => !/\.(?:br|gz)$/.test(one))) {
      const read = (ending: string): Promise<Buffer | undefined> =>
        readFile(join(this.#folder, name + ending)).catch(() => undefined);
      const [plain, br, gzip] = await Promise.all(['', '.br', '.gz'].map(read));
      if (plain) files.set(name, { plain, br, gzip, hash: hashOf(plain) });
    }
    this.#builtAt = index.mtimeMs;
    return (this.#files = files);
  }
}

interface PageFile {
  readonly plain: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
  readonly hash: string;
}

/** Nothing but the page's own files, and the frames that it shows mails in. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

function chosen(
  { plain, br, gzip }: PageFile,
  accepted: string | string[] | undefined,
): {
  encoding?: string;
  content: Buffer;
} {
  const names = String(accepted ?? '')
    .slice(0, 200)
    .split(',')
    .filter((one) => !/;\s*q=0(?:\.0*)?\s*$/.test(one))
    .map((one) => one.split(';', 1)[0]!.trim());
  if (br && names.includes('br')) return { encoding: 'br', content: br };
  if (gzip && names.includes('gzip')) return { encoding: 'gzip', content: gzip };
  return { content: plain };
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 22);
}

function pathOf(request: IncomingMessage): string {
  const { originalUrl, url = '' } = request as IncomingMessage & { originalUrl?: string };
  return (originalUrl ?? url).split(/[?#]/, 1)[0]!;
}
