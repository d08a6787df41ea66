import { MailTemplateError } from '../errors/mail-template.error.js';
import { type Helper, type HelperOptions, placeOf } from './helper-options.js';
import { didYouMean } from './nearest-name.js';
import { STRICT } from './strict-syntax.js';

/**
 * What the rewritten templates call (see {@link STRICT}). An own property is there, whatever its value; what a prototype
 * has is not, so that no template reaches a constructor.
 */
export function strictHelpers(): Record<string, Helper> {
  return {
    [STRICT.value]: function (this: unknown, base: unknown, ...args: unknown[]) {
      const options = args[args.length - 1] as HelperOptions;
      return read(this, base, args, options);
    },
    [STRICT.data]: function (this: unknown, path: unknown, depth: unknown, ...args: unknown[]) {
      const options = args[args.length - 1] as HelperOptions;
      let frame: unknown = options.data;
      for (let up = depth as number; up > 0; up--) frame = (frame as { _parent?: unknown } | undefined)?._parent;
      args.unshift(path);
      return read(this, frame, args, options);
    },
    [STRICT.missingPartial]: (name: unknown, hint: unknown, options: unknown) => {
      throw missingPartial(String(name), String(hint), options as HelperOptions);
    },
  };
}

/** Follows the names between `args[0]`, the path as it was written, and the options at the end. */
function read(context: unknown, base: unknown, args: unknown[], options: HelperOptions): unknown {
  let value = base;
  for (let index = 1; index < args.length - 1; index++) {
    const name = args[index] as string;
    if (value === null || value === undefined || !Object.hasOwn(value as object, name)) {
      throw missingVariable(value, name, args[0] as string, options);
    }
    value = options.lookupProperty(value, name);
  }
  return typeof value === 'function' ? value.call(context) : value;
}

function missingVariable(parent: unknown, name: string, path: string, options: HelperOptions): MailTemplateError {
  const { file, line, column } = placeOf(options);
  return new MailTemplateError(file, `${path} is not there${reason(parent, name)}`, { line, column, variable: path });
}

function reason(parent: unknown, name: string): string {
  if (parent === null || parent === undefined) return `: what "${name}" is to be read of is ${parent}`;
  if (typeof parent !== 'object') return `: a ${typeof parent} has no "${name}"`;
  if (name in parent) return `: "${name}" is no property of its own but of its prototype, which templates do not read`;
  return didYouMean(name, Object.keys(parent));
}

function missingPartial(name: string, hint: string, options: HelperOptions): MailTemplateError {
  const { file, ...position } = placeOf(options);
  const message =
    name === '@partial-block' ? 'no block was given to this partial' : `there is no partial "${name}"${hint}`;
  return new MailTemplateError(file, message, position);
}
