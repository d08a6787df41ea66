/**
 * `v=DMARC1; p=none`: tags by name, in lower case, their values without the space around them. The form that DKIM, DMARC, MTA-STS, TLS-RPT
 * and BIMI share (RFC 6376 section 3.2).
 */
export interface TagList {
  readonly tags: ReadonlyMap<string, string>;
  /** Names, in their order. */
  readonly order: readonly string[];
  /** What does not fit the form, a sentence each. */
  readonly problems: readonly string[];
}

export function parseTagList(text: string): TagList {
  const tags = new Map<string, string>();
  const problems: string[] = [];
  const parts = text.split(';').map((part) => part.trim());
  // The last semicolon may have nothing behind it.
  if (parts.at(-1) === '') parts.pop();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (!NAME.test(name)) problems.push(`${JSON.stringify(part.slice(0, 60))} is no tag=value`);
    else if (tags.has(name)) problems.push(`the tag ${name} is there twice`);
    else tags.set(name, part.slice(equals + 1).trim());
  }
  return { tags, order: [...tags.keys()], problems };
}

const NAME = /^[a-z][a-z0-9_]*$/;
