import { dotted, type IpAddress } from '../ip-address.js';

/** What macros stand for (RFC 7208 section 7). */
export interface SpfMacroValues {
  readonly ip: IpAddress;
  /** `ada@acme.test`. */
  readonly sender: string;
  /** The domain whose record is being evaluated. */
  readonly domain: string;
  readonly helo: string;
  /** The client's name as the DNS confirms it, or `unknown`: asked only when `p` is there. */
  name(): Promise<string>;
}

/** Section 7.1. `c`, `r` and `t` belong to explanations only. */
const EXPAND = '%\\{[slodiphv][0-9]{0,3}r?[.+,/_=-]*\\}|%%|%_|%-';
const LITERAL = '[!-$&-~]';
const MACRO_STRING = new RegExp(`^(?:${EXPAND}|${LITERAL})*$`, 'i');
const TOP_LABEL = /^(?=[0-9]*[a-z-])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const MACRO_AT_END = new RegExp(`(?:${EXPAND})$`, 'i');

export function isMacroString(text: string): boolean {
  return MACRO_STRING.test(text) && !/%\{[a-z]0+[r.+,/_=}-]/i.test(text);
}

/** A macro string that ends with a top label or a macro. */
export function isDomainSpec(text: string): boolean {
  if (!isMacroString(text)) return false;
  const bare = text.replace(/\.$/, '');
  const dot = bare.lastIndexOf('.');
  return (dot >= 0 && TOP_LABEL.test(bare.slice(dot + 1))) || MACRO_AT_END.test(text);
}

/** The name that a domain-spec stands for; at most 253 characters, the first labels left out (section 7.3). */
export async function expandDomainSpec(spec: string, values: SpfMacroValues): Promise<string> {
  let name = await expand(spec, values);
  name = name.replace(/\.$/, '');
  while (name.length > 253) {
    const dot = name.indexOf('.');
    if (dot < 0) return name.slice(-253);
    name = name.slice(dot + 1);
  }
  return name;
}

async function expand(text: string, values: SpfMacroValues): Promise<string> {
  const parts: string[] = [];
  let at = 0;
  for (const match of text.matchAll(MACROS)) {
    parts.push(text.slice(at, match.index));
    const [whole, letter, digits, reverse, delimiters] = match;
    if (letter === undefined) parts.push(PLAIN[whole]!);
    else parts.push(await expandLetter(letter, digits!, reverse !== '', delimiters || '.', values));
    at = match.index + whole.length;
  }
  return parts.join('') + text.slice(at);
}

async function expandLetter(
  letter: string,
  digits: string,
  reverse: boolean,
  delimiters: string,
  values: SpfMacroValues,
): Promise<string> {
  const value = await VALUES[letter.toLowerCase()]!(values);
  let parts = splitAt(value, delimiters);
  if (reverse) parts = parts.toReversed();
  if (digits !== '') parts = parts.slice(-Number(digits));
  const joined = parts.join('.');
  return letter === letter.toLowerCase() ? joined : encodeURIComponent(joined).replace(/[!'()*]/g, percent);
}

const MACROS = /%\{([slodiphv])([0-9]{0,3})(r?)([.+,/_=-]*)\}|%[%_-]/gi;
const PLAIN: Readonly<Record<string, string>> = { '%%': '%', '%_': ' ', '%-': '%20' };

const VALUES: Readonly<Record<string, (values: SpfMacroValues) => string | Promise<string>>> = {
  s: ({ sender }) => sender,
  l: ({ sender }) => sender.slice(0, sender.lastIndexOf('@')),
  o: ({ sender }) => sender.slice(sender.lastIndexOf('@') + 1),
  d: ({ domain }) => domain,
  i: ({ ip }) => dotted(ip),
  p: (values) => values.name(),
  h: ({ helo }) => helo,
  v: ({ ip }) => (ip.version === 4 ? 'in-addr' : 'ip6'),
};

function splitAt(value: string, delimiters: string): string[] {
  const parts = [''];
  for (const letter of value) {
    if (delimiters.includes(letter)) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

function percent(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}
