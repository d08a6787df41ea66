import { MailTemplateError } from '../errors/mail-template.error.js';
import { didYouMean } from './nearest-name.js';

/**
 * Handlebars' own `strict` lets helper arguments, block parameters and hash values pass, fails with a bare TypeError on
 * `a.b` when there is no `a`, and names no template. So the parsed template is rewritten before it is compiled: every
 * place that reads a variable becomes a call of one of these helpers, which know file, line, column and the whole path.
 * No template can spell their names but on purpose.
 */
export const STRICT = {
  value: 'value of',
  data: 'data of',
  block: 'block of',
  missingPartial: 'missing partial',
} as const;

export interface SyntaxOptions {
  /** For errors. */
  readonly file: string;
  /** `false`: a variable that is not there is empty. */
  readonly strict: boolean;
  readonly helpers: ReadonlySet<string>;
  /** Helpers that mean nothing without an argument: `{{image}}` is the variable of that name. */
  readonly needArguments: ReadonlySet<string>;
  /** The partials that are there in every locale. */
  readonly partials: ReadonlySet<string>;
  /** Of a partial's file: `.hbs`, `.txt.hbs`. */
  readonly partialEnding: string;
}

/** What a template makes use of. */
export interface TemplateUse {
  /** The names it reads of `@data`: `body`, `preheader`. */
  readonly data: ReadonlySet<string>;
  readonly helpers: ReadonlySet<string>;
  readonly partials: boolean;
}

/**
 * Rewrites a parsed template in place.
 *
 * @throws MailTemplateError for a helper or decorator that is not there
 */
export function rewriteSyntax(program: AST.Program, options: SyntaxOptions): TemplateUse {
  const rewriter = new Rewriter(options);
  rewriter.program(program, []);
  return rewriter.use;
}

import AST = hbs.AST;

/** Who may ask for what is not there, in their direct arguments. */
const LENIENT: ReadonlySet<string> = new Set(['if', 'unless', 'lookup']);

/** What a mustache, a block and a subexpression have in common. */
interface Call extends AST.Node {
  path: AST.PathExpression | AST.Literal;
  params: AST.Expression[];
  hash?: AST.Hash;
}

/** A name that a block gave to its items, as in `as |item|`, hides every other meaning of that name. */
type Scope = readonly string[];

class Rewriter {
  readonly use = { data: new Set<string>(), helpers: new Set<string>(Object.values(STRICT)), partials: false };
  readonly #options: SyntaxOptions;

  constructor(options: SyntaxOptions) {
    this.#options = options;
  }

  program(program: AST.Program | undefined, outer: Scope): void {
    if (!program) return;
    const scope = [...outer, ...(program.blockParams ?? [])];
    for (const statement of program.body) this.#statement(statement, scope);
  }

  #statement(node: AST.Statement, scope: Scope): void {
    switch (node.type) {
      case 'MustacheStatement':
        return this.#mustache(node as AST.MustacheStatement, scope);
      case 'BlockStatement':
        return this.#block(node as AST.BlockStatement, scope);
      case 'PartialStatement':
        return this.#partial(node as AST.PartialStatement, scope);
      case 'PartialBlockStatement':
        this.#partial(node as AST.PartialBlockStatement, scope);
        return this.program((node as AST.PartialBlockStatement).program, scope);
      case 'Decorator':
      case 'DecoratorBlock':
        return this.#decorator(node as AST.DecoratorBlock, scope);
    }
  }

  #decorator(node: AST.DecoratorBlock, scope: Scope): void {
    const name = asPath(node.path).original;
    if (name !== 'inline') throw this.#error(node, `there is no decorator "${name}"; there is "inline" only`);
    this.program(node.program, scope);
  }

  #mustache(node: AST.MustacheStatement, scope: Scope): void {
    node.path = asPath(node.path);
    if (this.#isCall(node, scope)) return this.#call(node, scope);
    if (!this.#options.strict) node.path = asVariable(node.path as AST.PathExpression, scope);
    else Object.assign(node, this.#read(node.path as AST.PathExpression, scope) ?? {}, { type: node.type });
  }

  #block(node: AST.BlockStatement, scope: Scope): void {
    node.path = asPath(node.path);
    if (this.#isCall(node, scope)) {
      this.#call(node, scope);
    } else {
      const value = this.#expression(node.path, scope);
      if (value === node.path) node.path = asVariable(node.path, scope);
      else Object.assign(node, { path: helperPath(STRICT.block, node.loc), params: [value] });
    }
    this.program(node.program, scope);
    this.program(node.inverse, scope);
  }

  /** A partial that is not there becomes one with a block for that case, as Handlebars has it, and the block throws. */
  #partial(node: AST.PartialStatement | AST.PartialBlockStatement, scope: Scope): void {
    this.use.partials = true;
    node.params = node.params.map((param) => this.#expression(param, scope));
    this.#hash(node.hash, scope);
    const dynamic = isType<AST.SubExpression>(node.name, 'SubExpression') ? node.name : undefined;
    if (dynamic) this.#call(dynamic, scope);
    if (node.type === 'PartialBlockStatement') return;
    const { partials, partialEnding } = this.#options;
    const name = dynamic ? '' : String((node.name as AST.PathExpression).original);
    if (dynamic || !partials.has(name)) {
      const hint = `${didYouMean(name, partials)}; it would be the file ${name}${partialEnding} among the partials`;
      const shown = dynamic ? [dynamic, text('', node.loc)] : [text(name, node.loc), text(hint, node.loc)];
      const fallback = callOf(STRICT.missingPartial, shown, node.loc);
      const program = { type: 'Program', body: [{ ...fallback, type: 'MustacheStatement' }], loc: node.loc };
      Object.assign(node, { type: 'PartialBlockStatement', program });
    }
  }

  /** Whether this calls a helper; all else reads a variable. */
  #isCall({ path, params, hash }: Call, scope: Scope): boolean {
    if (params.length > 0 || hash) return true;
    const { parts, data } = path as AST.PathExpression;
    const name = parts[0]!;
    const simple = parts.length === 1 && !data && !isScoped(path as AST.PathExpression) && !scope.includes(name);
    return simple && this.#options.helpers.has(name) && !this.#options.needArguments.has(name);
  }

  #call(node: Call, scope: Scope): void {
    const path = (node.path = asPath(node.path));
    const name = String(path.original);
    if (path.parts.length !== 1 || path.data || isScoped(path) || scope.includes(name)) {
      throw this.#error(path, `"${name}" is a variable, and takes no arguments as a helper does`);
    }
    if (!this.#options.helpers.has(name)) {
      throw this.#error(path, `there is no helper "${name}"${didYouMean(name, this.#options.helpers)}`);
    }
    this.use.helpers.add(name);
    node.params = node.params.map((param) => this.#expression(param, scope, LENIENT.has(name)));
    this.#hash(node.hash, scope);
  }

  #hash(hash: AST.Hash | undefined, scope: Scope): void {
    for (const pair of hash?.pairs ?? []) pair.value = this.#expression(pair.value, scope);
  }

  #expression(node: AST.Expression, scope: Scope, lenient = false): AST.Expression {
    if (isType<AST.SubExpression>(node, 'SubExpression')) this.#call(node, scope);
    if (!isType<AST.PathExpression>(node, 'PathExpression')) return node;
    if (node.data && node.parts[0]) this.use.data.add(node.parts[0]);
    if (lenient || !this.#options.strict) return node;
    return this.#read(node, scope) ?? node;
  }

  /** The call that reads a variable, or `undefined` where it is always there: `this`, or a block's own parameter. */
  #read(path: AST.PathExpression, scope: Scope): AST.SubExpression | undefined {
    const { parts, depth, data, original, loc } = path;
    if (data && parts[0]) this.use.data.add(parts[0]);
    const shown = text(original, loc);
    const [first, ...rest] = parts.map((part) => text(part, loc));
    if (data) return callOf(STRICT.data, [shown, number(depth, loc), first!, ...rest], loc);
    const ofBlock = depth === 0 && !isScoped(path) && scope.includes(parts[0]!);
    if (!first || (ofBlock && rest.length === 0)) return undefined;
    const base = ofBlock ? { parts: [parts[0]!], original: parts[0]! } : { parts: [], original: 'this' };
    const from: AST.PathExpression = { ...path, ...base };
    return callOf(STRICT.value, ofBlock ? [from, shown, ...rest] : [from, shown, first, ...rest], loc);
  }

  #error({ loc }: AST.Node, message: string): MailTemplateError {
    return new MailTemplateError(this.#options.file, message, { line: loc.start.line, column: loc.start.column + 1 });
  }
}

function isType<T extends AST.Node>(node: AST.Node, type: string): node is T {
  return node.type === type;
}

/** `{{"first name"}}` reads the variable of that name. */
function asPath(path: AST.PathExpression | AST.Literal): AST.PathExpression {
  if (isType<AST.PathExpression>(path, 'PathExpression')) return path;
  const original = String((path as AST.StringLiteral).original);
  return { type: 'PathExpression', data: false, depth: 0, parts: [original], original, loc: path.loc };
}

/** The same path, but never taken for a helper. */
function asVariable(path: AST.PathExpression, scope: Scope): AST.PathExpression {
  const plain = path.data || isScoped(path) || scope.includes(path.parts[0]!);
  return plain ? path : { ...path, original: `this.${path.original}` };
}

/** `this.name`, `./name`, `../name`: not a block's parameter, nor a helper. The test is Handlebars' own. */
function isScoped({ original, depth }: AST.PathExpression): boolean {
  return depth > 0 || /^\.|this\b/.test(original);
}

function callOf(helper: string, params: AST.Expression[], loc: AST.SourceLocation): AST.SubExpression {
  return { type: 'SubExpression', path: helperPath(helper, loc), params, loc } as AST.SubExpression;
}

function helperPath(name: string, loc: AST.SourceLocation): AST.PathExpression {
  return { type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc };
}

function number(value: number, loc: AST.SourceLocation): AST.NumberLiteral {
  return { type: 'NumberLiteral', value, original: value, loc };
}

function text(value: string, loc: AST.SourceLocation): AST.StringLiteral {
  return { type: 'StringLiteral', value, original: value, loc };
}
