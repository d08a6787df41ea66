import { MailTemplateError } from '../errors/mail-template.error.js';
import type { TemplateData } from './helper-options.js';
import type { PartialTable } from './template-compiler.js';
import type { TemplateFile } from './template-files.js';

/** Anything that renders: a Handlebars template, or one of another engine. */
export interface TemplateBody {
  readonly file: string;
  /** @throws MailTemplateError, or rejects with it */
  render(context: object, data: TemplateData, partials: PartialTable): string | Promise<string>;
}

/** As in `TemplateOptions.engines`. */
export type ForeignEngine = (source: string, file: string) => (context: object) => string | Promise<string>;

/** Compiles a template of another engine, which gets its file without the front matter. */
export function compileForeign(engine: ForeignEngine, { label, path }: TemplateFile, source: string): TemplateBody {
  const fail = (cause: unknown) => {
    if (cause instanceof MailTemplateError) return cause;
    return new MailTemplateError(label, cause instanceof Error ? cause.message : String(cause), {}, { cause });
  };
  const attempt = <T>(run: () => T): T => {
    try {
      return run();
    } catch (cause) {
      throw fail(cause);
    }
  };
  const checked = (output: unknown): string => {
    if (typeof output === 'string') return output;
    throw new MailTemplateError(label, 'its engine gave no string');
  };
  const template = attempt(() => engine(source, path));
  const render = (context: object): string | Promise<string> => {
    const output = attempt(() => template(context));
    if (typeof output === 'string') return output;
    return Promise.resolve(output).then(checked, (cause) => Promise.reject(fail(cause)));
  };
  return { file: label, render };
}
