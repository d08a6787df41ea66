export interface JsonLimits {
  /** Levels of objects and arrays. */
  readonly depth: number;
  /** Objects, arrays and values, all together; default no limit. */
  readonly values?: number;
  /** The error for what cannot be read: always 400. */
  readonly reject: (status: number, why: string) => Error;
}

/** A body as JSON in UTF-8. What is nested too deep, or holds too many values, is refused before anything is made of it. */
export function parseJson(body: Uint8Array, { depth, values = Infinity, reject }: JsonLimits): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw reject(400, 'the body is not UTF-8');
  }
  const measured = measure(text);
  if (measured.deepest > depth) throw reject(400, `the body is nested more than ${depth} deep`);
  if (measured.values > values) throw reject(400, `the body holds more than ${values} values`);
  try {
    return JSON.parse(text);
  } catch {
    throw reject(400, 'the body is no JSON');
  }
}

/** By brackets and commas outside of strings. */
function measure(text: string): { deepest: number; values: number } {
  let [depth, deepest, values] = [0, 0, 1];
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      deepest = Math.max(deepest, ++depth);
      values++;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
    else if (code === COMMA) values++;
  }
  return { deepest, values };
}

const [BACKSLASH, QUOTE, COMMA] = [0x5c, 0x22, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
