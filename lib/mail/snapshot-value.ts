import { parse, stringify } from 'devalue';
import { MailMessageError } from '../errors/mail-message.error.js';

/**
 * A copy of a value as it will come out of the queue: Date, bigint, Map, Set, URL, RegExp, undefined and bytes keep their types; class
 * instances become plain objects of their own enumerable properties and their prototypes' getters, or what their `toJSON` gives.
 *
 * @param path names the place in the error: `context.user.avatar is a function`
 * @param except members of the value itself that are left out
 * @throws MailMessageError for functions, symbols, promises, streams, cycles, and what is nested more than 100 deep
 */
export function snapshotValue(value: unknown, path: string, except?: ReadonlySet<string | symbol>): unknown {
  return copy(value, path, [], except);
}

/** A value made by {@link snapshotValue}, as text: JSON where that keeps every type, which is faster, else devalue's. */
export function encodeValue(value: unknown): string {
  return isPlainObject(value) && isJson(value) ? JSON.stringify(value) : stringify(value);
}

/** What devalue writes never begins with a brace. */
export function decodeValue(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text) : parse(text);
}

/** Whether a value comes out of JSON as it went in. */
function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isJson) && Object.keys(value).length === value.length;
      return isPlainObject(value) && Object.values(value).every(isJson);
    default:
      return false;
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const MAX_DEPTH = 100;

function copy(value: unknown, path: string, parents: object[], except?: ReadonlySet<string | symbol>): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'function') throw new MailMessageError(path, 'is a function; a mail keeps values only');
  if (typeof value === 'symbol') throw new MailMessageError(path, 'is a symbol; a mail keeps values only');
  if (typeof value !== 'object' || value === null) return value;
  if (parents.includes(value)) throw new MailMessageError(path, 'refers back to what holds it; a mail keeps no cycles');
  if (parents.length >= MAX_DEPTH) throw new MailMessageError(path, `is nested more than ${MAX_DEPTH} deep`);
  const within = [...parents, value];
  if (Array.isArray(value)) return value.map((item, index) => copy(item, `${path}[${index}]`, within));
  const type = Object.prototype.toString.call(value).slice(8, -1);
  if (Object.hasOwn(BUILT_IN, type)) return BUILT_IN[type]!(value as never, path, within);
  if ('then' in value && typeof value.then === 'function') return BUILT_IN.Promise!(value as never, path, within);
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return copy(read(value, 'toJSON', path, true), path, within);
  return copyProperties(value, path, within, except);
}

type Clone = (value: never, path: string, within: object[]) => unknown;

/** By `Object.prototype.toString`, which knows a type whatever realm it comes from (a test runner's own, for one). */
const BUILT_IN: Readonly<Record<string, Clone>> = {
  Date: (date: Date) => new Date(date.getTime()),
  Map: (map: Map<unknown, unknown>, path, within) =>
    new Map(
      Array.from(map, ([key, item]) => [
        copy(key, `${path}.key(${label(key)})`, within),
        copy(item, `${path}.get(${label(key)})`, within),
      ]),
    ),
  Set: (set: Set<unknown>, path, within) =>
    new Set(Array.from(set, (item, index) => copy(item, `${path}.item(${index})`, within))),
  URL: (url: URL) => new URL(url.href),
  RegExp: (pattern: RegExp) => new RegExp(pattern.source, pattern.flags),
  Uint8Array: (bytes: Uint8Array) => Uint8Array.from(bytes),
  ArrayBuffer: (buffer: ArrayBuffer) => buffer.slice(0),
  Error: (error: Error) => ({ name: error.name, message: error.message }),
  String: (text: string) => text.valueOf(),
  Number: (number: number) => number.valueOf(),
  Boolean: (boolean: boolean) => boolean.valueOf(),
  Promise: refuse('is a promise; await it first'),
  WeakMap: refuse('is a WeakMap, which cannot be copied'),
  WeakSet: refuse('is a WeakSet, which cannot be copied'),
};

function refuse(why: string): Clone {
  return (_value, path) => {
    throw new MailMessageError(path, why);
  };
}

function copyProperties(value: object, path: string, within: object[], except?: ReadonlySet<string | symbol>): object {
  if ('pipe' in value && typeof value.pipe === 'function')
    throw new MailMessageError(path, 'is a stream; attach it, or read it first');
  const target: Record<string, unknown> = {};
  for (const key of keysOf(value)) {
    if (except?.has(key)) continue;
    target[key] = copy(read(value, key, path), `${path}.${key}`, within);
  }
  return target;
}

/** Own enumerable properties, and the getters of the classes. `__proto__` is no name that a template could ask for. */
function keysOf(value: object): Iterable<string> {
  const own = Object.keys(value);
  const type = Object.getPrototypeOf(value) as object | null;
  const getters = type === null || type === Object.prototype ? NO_GETTERS : gettersOf(type);
  if (getters.length === 0 && !own.includes('__proto__')) return own;
  const keys = new Set([...own, ...getters]);
  keys.delete('__proto__');
  return keys;
}

/** Of a class and those that it extends; looked for once. */
function gettersOf(type: object): readonly string[] {
  const known = GETTERS.get(type);
  if (known) return known;
  const found = Object.entries(Object.getOwnPropertyDescriptors(type)).flatMap(([key, { get }]) => (get ? key : []));
  const parent = Object.getPrototypeOf(type) as object | null;
  const getters = parent === null || parent === Object.prototype ? found : [...found, ...gettersOf(parent)];
  GETTERS.set(type, getters);
  return getters;
}

const GETTERS = new WeakMap<object, readonly string[]>();
const NO_GETTERS: readonly string[] = [];

/** @param call for a method without arguments */
function read(value: object, key: string, path: string, call = false): unknown {
  try {
    const member = (value as Record<string, unknown>)[key];
    return call ? (member as () => unknown).call(value) : member;
  } catch (cause) {
    throw new MailMessageError(
      `${path}.${key}`,
      `it threw: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function label(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key) : String(key);
}
