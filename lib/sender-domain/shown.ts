/** Text of a stranger's DNS as it may be shown: no control characters, which a terminal would obey, and not without end. */
export function shown(text: string, longest = 300): string {
  const plain = text.slice(0, longest + 1).replace(UNPRINTABLE, '\ufffd');
  return plain.length > longest ? `${plain.slice(0, longest)}...` : plain;
}

/** Controls of C0 and C1, what turns the direction of writing, and line ends of Unicode. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
