import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MailTemplateError } from '../../lib/errors/mail-template.error.js';
import {
  HandlebarsTemplateEngine,
  type HandlebarsTemplateOptions,
} from '../../lib/template/handlebars.template-engine.js';
import type { RenderedTemplate } from '../../lib/template/template-engine.js';

export type Files = Record<string, string | Uint8Array>;

/** A folder with these files, gone after the test. */
export function folderOf(files: Files): string {
  const dir = mkdtempSync(join(tmpdir(), 'relay-mails-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  write(dir, files);
  return dir;
}

export function write(dir: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** An engine over a folder with these files. */
export function engineOf(
  files: Files,
  options: Partial<HandlebarsTemplateOptions> = {},
): HandlebarsTemplateEngine & { dir: string } {
  const dir = folderOf(files);
  const engine = new HandlebarsTemplateEngine({ dir, ...options });
  onTestFinished(() => engine.close());
  return Object.assign(engine, { dir });
}

/** Renders `mail` out of these files, or out of one HTML template. */
export function render(
  files: Files | string,
  context: object = {},
  options: Partial<HandlebarsTemplateOptions> & { locale?: string } = {},
): RenderedTemplate {
  const { locale, ...engineOptions } = options;
  const engine = engineOf(typeof files === 'string' ? { 'mail.hbs': files } : files, engineOptions);
  return engine.render('mail', context, { locale }) as RenderedTemplate;
}

/** What a run throws, which must be a MailTemplateError. */
export function templateError(run: () => unknown): MailTemplateError {
  try {
    run();
  } catch (error) {
    if (error instanceof MailTemplateError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
