import { LineCounter, isMap, isScalar, parseDocument } from 'yaml';
import { MailTemplateError } from '../errors/mail-template.error.js';
import { didYouMean } from './nearest-name.js';

/** What a template says of itself between two lines of `---` at its top. */
export interface FrontMatter {
  readonly subject?: FrontMatterText;
  readonly preheader?: FrontMatterText;
  /** `false` for none. */
  readonly layout?: string | false;
}

/** A value that is a template itself, and where it stands in its file (counted from 1). */
export interface FrontMatterText {
  readonly source: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface TemplateSource {
  readonly front: FrontMatter;
  /** What follows the front matter. */
  readonly body: string;
  /** The line at which the body starts, counted from 1. */
  readonly line: number;
}

/**
 * Takes a template apart. `keys` are those that may be there.
 *
 * @throws MailTemplateError for front matter that is not closed, is no YAML, or has an unknown key
 */
export function readFrontMatter(source: string, file: string, keys: readonly (keyof FrontMatter)[]): TemplateSource {
  const lines = source.split(/(?<=\n)/);
  if (lines[0]?.trimEnd() !== '---') return { front: {}, body: lines.join(''), line: 1 };
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---');
  if (end < 0)
    throw new MailTemplateError(file, 'its front matter is not closed: a second line of "---" is missing', { line: 1 });
  return {
    front: parse(lines.slice(1, end).join(''), file, keys),
    body: lines.slice(end + 1).join(''),
    line: end + 2,
  };
}

function parse(yaml: string, file: string, keys: readonly (keyof FrontMatter)[]): FrontMatter {
  const counter = new LineCounter();
  // In the failsafe schema every value is text: `subject: 42` and `subject: yes` mean what they say.
  const document = parseDocument(yaml, { schema: 'failsafe', lineCounter: counter });
  // The opening `---` is line 1.
  const at = (offset: number) => ({ line: counter.linePos(offset).line + 1, column: counter.linePos(offset).col });
  const fail = (message: string, offset: number) => new MailTemplateError(file, `front matter: ${message}`, at(offset));

  const [error] = document.errors;
  if (error) throw fail(`${error.message.split(' at line ')[0]}. ${QUOTES}`, error.pos[0]);
  if (document.contents === null) return {};
  if (!isMap(document.contents)) throw fail(`it holds "key: value" lines, with ${keys.join(', ')} for keys`, 0);

  const front: { -readonly [K in keyof FrontMatter]: FrontMatter[K] } = {};
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const offset = (isScalar(key) && key.range?.[0]) || 0;
    if (!isKey(name, keys))
      throw fail(`there is no key "${name}"${didYouMean(name, keys)}; it may hold ${keys.join(', ')}`, offset);
    if (!isScalar(value) || hidesText(value.comment))
      throw fail(`the value of ${name} is not one text. ${QUOTES}`, offset);
    const text = String(value.value ?? '').trim();
    if (text === '') throw fail(`${name} has no value`, offset);
    if (name === 'layout') {
      front.layout = text === 'false' ? false : text;
    } else {
      const quoted = value.type?.startsWith('QUOTE') ? 1 : 0;
      const { line, column } = at((value.range?.[0] ?? offset) + quoted);
      front[name] = { source: text, file, line, column };
    }
  }
  return front;
}

const QUOTES = 'A value that starts with "{{", or holds ": " or " #", stands in quotes: subject: "Order #{{number}}"';

function isKey(name: string, keys: readonly (keyof FrontMatter)[]): name is keyof FrontMatter {
  return (keys as readonly string[]).includes(name);
}

/** `subject: Order #{{number}}` is the text "Order" and a comment to YAML, and hardly so to its writer. */
function hidesText(comment: string | null | undefined): boolean {
  return typeof comment === 'string' && (!comment.startsWith(' ') || comment.includes('{{'));
}
