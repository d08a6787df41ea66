import Handlebars from 'handlebars';
import { MailTemplateError } from '../errors/mail-template.error.js';
import { BUILTIN_HELPERS } from './builtin.helpers.js';
import { type Helper, type HelperOptions, type TemplateData, placeOf } from './helper-options.js';
import { STRICT, type TemplateUse, rewriteSyntax } from './strict-syntax.js';
import { strictHelpers } from './strict.helpers.js';

/** Compiled partials by name. */
export type PartialTable = Readonly<Record<string, Handlebars.TemplateDelegate>>;

export interface CompiledTemplate {
  readonly file: string;
  readonly use: TemplateUse;
  /** For a {@link PartialTable}. */
  readonly delegate: Handlebars.TemplateDelegate;
  /** @throws MailTemplateError */
  render(context: object, data: TemplateData, partials: PartialTable): string;
}

export interface TemplateText {
  readonly source: string;
  /** For errors. */
  readonly file: string;
  /** Where the source starts in its file, counted from 1. */
  readonly line?: number;
  readonly column?: number;
  /** Nothing is escaped: a text, a subject. */
  readonly text: boolean;
}

/** Compiles templates with one set of helpers; knows nothing of files. */
export class TemplateCompiler {
  readonly #environment = bareEnvironment();
  readonly #helpers: Readonly<Record<string, Helper>>;
  readonly #names: ReadonlySet<string>;
  readonly #needArguments: ReadonlySet<string>;
  readonly #strict: boolean;

  /** @param helpers the application's, which win over the built-in ones */
  constructor(helpers: Readonly<Record<string, Helper>>, strict: boolean) {
    const { helperMissing: _, blockHelperMissing, ...own } = Handlebars.create().helpers as Record<string, Helper>;
    const named = { ...own, ...BUILTIN_HELPERS, ...helpers };
    const wrapped = Object.entries(named).map(([name, helper]) => [name, located(helper)] as const);
    this.#helpers = { ...Object.fromEntries(wrapped), ...strictHelpers(), [STRICT.block]: blockHelperMissing! };
    this.#names = new Set(Object.keys(named));
    this.#needArguments = new Set(Object.keys(BUILTIN_HELPERS).filter((name) => !Object.hasOwn(helpers, name)));
    this.#strict = strict;
  }

  /**
   * @param partials the names of those that are there in every locale
   * @throws MailTemplateError for a syntax error or an unknown helper
   */
  compile(template: TemplateText, partials: ReadonlySet<string>): CompiledTemplate {
    const { file, text } = template;
    const program = this.#parse(template);
    const use = rewriteSyntax(program, {
      file,
      strict: this.#strict,
      helpers: this.#names,
      needArguments: this.#needArguments,
      partials,
      partialEnding: text ? '.txt.hbs' : '.hbs',
    });
    const { delegate, forget } = this.#delegate(program, {
      noEscape: text,
      knownHelpers: Object.fromEntries(Object.keys(this.#helpers).map((name) => [name, true])) as KnownHelpers,
      knownHelpersOnly: true,
    });
    const helpers = this.#helpersOf(use);
    const render = (context: object, data: TemplateData, table: PartialTable): string => {
      try {
        const partials = table as Record<string, Handlebars.Template>;
        return delegate(context, { data, helpers, partials, ...OWN_PROPERTIES_ONLY });
      } catch (error) {
        forget();
        throw toTemplateError(error, file);
      }
    };
    return { file, use, delegate, render };
  }

  /**
   * As `Handlebars.compile` does it; but what it would set up anew for every render, the helpers above all, is kept for the next. After a
   * render that failed it is to be forgotten: an inline partial of that render may still be in it.
   */
  #delegate(
    program: hbs.AST.Program,
    options: CompileOptions,
  ): { delegate: Handlebars.TemplateDelegate; forget(): void } {
    const { Compiler, JavaScriptCompiler, template } = this.#environment as unknown as CompilerParts;
    const filled = { data: true, ...options };
    const environment = new Compiler().compile(program, filled);
    const delegate = template(new JavaScriptCompiler().compile(environment, filled, undefined, true));
    const setUp = delegate._setup;
    let last: unknown;
    delegate._setup = (given) => {
      if (!given.partial && last !== undefined && given.partials === last) return;
      setUp(given);
      // Whoever uses it as a partial brings his own.
      last = given.partial ? undefined : given.partials;
    };
    return { delegate, forget: () => (last = undefined) };
  }

  /** Those that are used; partials inherit them. */
  #helpersOf(use: TemplateUse): Record<string, Helper> {
    if (use.partials) return this.#helpers;
    return Object.fromEntries([...use.helpers].map((name) => [name, this.#helpers[name]!]));
  }

  /** Blank lines before the source make Handlebars count from the file's first line, past the front matter. */
  #parse({ source, file, line = 1, column = 1 }: TemplateText): hbs.AST.Program {
    const padding = '\n'.repeat(line - 1) + ' '.repeat(column - 1);
    let program: hbs.AST.Program;
    try {
      program = Handlebars.parse(padding + source, { srcName: file });
    } catch (error) {
      throw toSyntaxError(error as Error, file);
    }
    const [first] = program.body;
    if (padding !== '' && first?.type === 'ContentStatement') {
      const content = first as hbs.AST.ContentStatement;
      content.value = content.value.replace(new RegExp(`^\\n{0,${line - 1}} {0,${column - 1}}`), '');
    }
    return program;
  }
}

/** The parts that `Handlebars.compile` is made of: https://github.com/handlebars-lang/handlebars.js/blob/master/docs/compiler-api.md */
interface CompilerParts {
  readonly Compiler: new () => { compile(program: hbs.AST.Program, options: CompileOptions): object };
  readonly JavaScriptCompiler: new () => {
    compile(environment: object, options: CompileOptions, context: undefined, asObject: true): object;
  };
  template(specification: object): PreparedDelegate;
}

type PreparedDelegate = Handlebars.TemplateDelegate & {
  _setup: (options: { partial?: boolean; partials?: unknown }) => void;
};

/**
 * Without helpers and partials of its own: these are given to every render, and Handlebars would copy them each time. What
 * it compiles is parsed already; a second pass of its parser would treat white space twice, and trip over what is rewritten.
 */
function bareEnvironment(): typeof Handlebars {
  const environment = Handlebars.create();
  for (const name of Object.keys(environment.helpers)) {
    if (!name.endsWith('Missing')) environment.unregisterHelper(name);
  }
  return Object.assign(environment, { partials: undefined, parse: (program: hbs.AST.Program) => program });
}

/** Said outright, so that Handlebars does not log every refusal. */
const OWN_PROPERTIES_ONLY = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

/** The helper, with errors that say where it was called. */
function located(helper: Helper): Helper {
  return function (this: unknown, ...args: unknown[]) {
    const options = args[args.length - 1] as HelperOptions;
    let result: unknown;
    try {
      result = helper.apply(this, args);
    } catch (error) {
      if (error instanceof MailTemplateError || isStackOverflow(error)) throw error;
      throw helperError(options, (error as Error).message, error);
    }
    if (typeof (result as PromiseLike<unknown> | null)?.then !== 'function') return result;
    throw helperError(options, 'it gave a promise, and a helper must give its value at once');
  };
}

function helperError(options: HelperOptions, message: string, cause?: unknown): MailTemplateError {
  const { file, ...position } = placeOf(options);
  return new MailTemplateError(file, `helper "${options.name}": ${message}`, position, { cause });
}

function toTemplateError(error: unknown, file: string): MailTemplateError {
  if (error instanceof MailTemplateError) return error;
  if (isStackOverflow(error))
    return new MailTemplateError(file, 'its partials call each other without end', {}, { cause: error });
  const { message, lineNumber, column } = error as Handlebars.Exception;
  const position = typeof lineNumber === 'number' ? { line: lineNumber, column: (column as number) + 1 } : {};
  return new MailTemplateError(file, message.replace(/ - \d+:\d+$/, ''), position, { cause: error });
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack');
}

/** What the parser found instead of what it expected, in words. */
const UNEXPECTED: Readonly<Record<string, string>> = {
  EOF: 'the template ends before a block, a "{{" or a quote is closed',
  OPEN_ENDBLOCK: 'this closes a block that is not open',
  CLOSE: 'a name is missing before "}}"',
  INVERSE: 'there is more than one {{else}}',
  INVALID: 'there is a character that does not belong here',
};

/** Handlebars says `Parse error on line 3:`, a piece of the source, an arrow, and the tokens of its grammar. */
function toSyntaxError(error: Error & { lineNumber?: number; column?: number }, file: string): MailTemplateError {
  if (error.lineNumber !== undefined) return toTemplateError(error, file);
  const [, line, near] = /on line (\d+)\S*\s*(.*)/.exec(error.message) ?? [];
  const token = /got '(\w+)'/.exec(error.message)?.[1] ?? 'INVALID';
  const reason = UNEXPECTED[token] ?? 'this is not the syntax of Handlebars';
  const position = line === undefined ? {} : { line: Number(line) };
  return new MailTemplateError(file, `syntax error near "${near?.trim()}": ${reason}`, position, { cause: error });
}
