/** A header's text as its reader sees it: encoded words (RFC 2047), and UTF-8 that stands there as it is. @param value a character a byte */
export function decodeHeader(value: string): string {
  const joined = value.slice(0, 4_000).replaceAll(/\?=\s+=\?/g, '?==?');
  const words = joined.replaceAll(
    /=\?([\w-]{1,40})(?:\*[\w-]{0,10})?\?([bq])\?([^?\s]{0,500})\?=/gi,
    (_, charset: string, encoding: string, text: string) =>
      decodeBytes(
        encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : decodeQuotedPrintable(text.replaceAll('_', ' ')),
        charset,
      ),
  );
  return words === joined ? decodeBytes(Buffer.from(joined, 'latin1'), undefined) : words;
}

/** @param text a character a byte, its lines ended by LF */
export function decodeQuotedPrintable(text: string): Buffer {
  return Buffer.from(
    text
      .replaceAll(/=[ \t]{0,10}\n/g, '')
      .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** In the charset that is named; in UTF-8, else Latin-1, where there is none or nobody knows it. */
export function decodeBytes(bytes: Uint8Array, charset: string | undefined): string {
  for (const label of [charset, 'utf-8', 'latin1']) {
    if (label === undefined) continue;
    try {
      return new TextDecoder(label, { fatal: label !== charset && label === 'utf-8' }).decode(bytes);
    } catch {
      // The next one.
    }
  }
  return '';
}
