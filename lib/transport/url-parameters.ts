import { type Duration, toMilliseconds } from '../duration.js';

/** What a query parameter may be; a list is the words to choose from. */
export type ParameterType = 'text' | 'boolean' | 'integer' | 'duration' | readonly string[];

/** Parameters by name; a name with a dot is an option within an option: `timeouts.connect`. */
export type ParameterTypes = Readonly<Record<string, ParameterType>>;

/**
 * A query as options, each of its type. A `+` is a plus, since tokens hold them.
 *
 * @throws Error that says which parameter is wrong, without its value
 */
export function readParameters(query: string, types: ParameterTypes): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const [index, parameter] of query.split('&').filter(Boolean).entries()) {
    const equals = parameter.indexOf('=');
    if (equals < 0) throw new Error('a parameter has no value; parameters are name=value, with & between them');
    const name = decode(parameter.slice(0, equals), 'the name of a parameter');
    if (!Object.hasOwn(types, name)) throw new Error(unknown(name, index, Object.keys(types)));
    if (seen.has(name)) throw new Error(`the parameter ${name} is there twice`);
    seen.add(name);
    const value = decode(parameter.slice(equals + 1), `the parameter ${name}`);
    set(options, name.split('.'), read(value, types[name]!, `the parameter ${name}`));
  }
  return options;
}

/**
 * Undoes percent-encoding.
 *
 * @param part names the part of the URL in the error
 */
export function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${part} is not properly percent-encoded; a % itself is written %25`);
  }
}

function read(value: string, type: ParameterType, part: string): unknown {
  if (type === 'text') return value;
  if (type === 'boolean') return value === 'true' || (value === 'false' ? false : fail(part, 'true or false'));
  if (type === 'integer') return /^\d{1,15}$/.test(value) ? Number(value) : fail(part, 'a whole number');
  if (type === 'duration') return readDuration(value, part);
  return type.includes(value) ? value : fail(part, `one of ${type.join(', ')}`);
}

function readDuration(value: string, part: string): number {
  try {
    return toMilliseconds((/^\d+$/.test(value) ? Number(value) : value) as Duration, part);
  } catch {
    return fail(part, "milliseconds, or a duration such as '500ms', '10s', '5m'");
  }
}

function fail(part: string, what: string): never {
  throw new Error(`${part} must be ${what}`);
}

/** A name that is like none of those there are is not repeated: it may be a piece of a secret. */
function unknown(name: string, index: number, known: readonly string[]): string {
  const there = known.length > 0 ? `there are ${known.join(', ')}` : 'there are none';
  const meant = known.find((one) => one.startsWith(`${name}.`) || distance(one.toLowerCase(), name.toLowerCase()) <= 2);
  return meant === undefined
    ? `parameter ${index + 1} is unknown; ${there}`
    : `the parameter ${name} is unknown, perhaps ${meant} is meant; ${there}`;
}

/** Levenshtein's: how many characters to add, drop or change. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length]!;
}

function set(options: Record<string, unknown>, [first, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) options[first!] = value;
  else set((options[first!] ??= {}) as Record<string, unknown>, rest, value);
}
