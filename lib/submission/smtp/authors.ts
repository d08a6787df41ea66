/**
 * The addresses of a From field (RFC 5322 section 3.4), strictly: what one reader takes for a name must not be an address to another one.
 *
 * @param value unfolded, in UTF-8
 * @returns `undefined` for what cannot be read in only one way, and for more authors than a message can have
 */
export function readAuthors(value: string): string[] | undefined {
  const mailboxes = withoutComments(value)?.split(',', MOST + 1);
  if (mailboxes === undefined || mailboxes.length > MOST) return undefined;
  const authors: string[] = [];
  for (const mailbox of mailboxes) {
    const address = addressOf(mailbox.trim());
    if (address === undefined) return undefined;
    authors.push(address);
  }
  return authors;
}

/** A quoted string keeps its place, but none of its words; one in an address does, since it is part of that. */
function withoutComments(value: string): string | undefined {
  let text = '';
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at++) {
    const char = value[at]!;
    if ((quoted || depth > 0) && char === '\\') {
      if (++at >= value.length) return undefined;
      if (quoted) text += 'x';
    } else if (depth > 0) {
      if (char === '(') depth++;
      else if (char === ')') depth--;
    } else if (quoted) {
      quoted = char !== '"';
      text += quoted ? hidden(char) : char;
    } else if (char === '(') {
      depth = 1;
      text += ' ';
    } else {
      quoted = char === '"';
      text += char;
    }
  }
  return quoted || depth > 0 ? undefined : text;
}

/** What separates addresses says nothing in a quoted string. */
function hidden(char: string): string {
  return '<>@,;:'.includes(char) ? 'x' : char;
}

/** `name <local@domain>`, or `local@domain`. Groups and source routes are none. */
function addressOf(mailbox: string): string | undefined {
  const [, name = '', bracketed] = /^([^<>]*)<([^<>]*)>$/.exec(mailbox) ?? [];
  if (name.includes('@') || /[:;]/.test(mailbox)) return undefined;
  const address = (bracketed ?? mailbox).trim();
  const [local, domain, ...more] = address.split('@');
  if (!local || !domain || more.length > 0 || /[\s<>]/.test(domain)) return undefined;
  // Blanks belong into a quoted string.
  if (/\s/.test(local) && !local.startsWith('"')) return undefined;
  return address;
}

const MOST = 100;
