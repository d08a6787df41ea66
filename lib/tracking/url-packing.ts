/**
 * Links are in their tokens, so each character of them counts. An URL is ASCII (https://url.spec.whatwg.org/#url-serializing), which leaves
 * the upper half of a byte free for what links are often made of.
 */
export function packUrl(url: string): Buffer {
  return Buffer.from(
    url.replace(PATTERN, (piece) => CODES.get(piece)!),
    'latin1',
  );
}

/** `undefined` for what {@link packUrl} never gave. */
export function unpackUrl(packed: Uint8Array): string | undefined {
  let url = '';
  for (const byte of packed) {
    const piece = byte < FIRST ? String.fromCharCode(byte) : PIECES[byte - FIRST];
    if (piece === undefined) return undefined;
    url += piece;
  }
  return url;
}

const FIRST = 0x80;

/** Never changed and never moved, since mails that were sent have links with them; a new one goes to the end. 128 at most. */
const PIECES = [
  [
    'https://www.',
    'https://',
    'http://www.',
    'http://',
    'https://app.',
    'https://shop.',
    'https://docs.',
    'https://help.',
  ],
  [
    '.com/',
    '.com',
    '.org/',
    '.net/',
    '.io/',
    '.co/',
    '.de/',
    '.fr/',
    '.co.uk/',
    '.eu/',
    '.app/',
    '.dev/',
    '.ai/',
    '.test/',
  ],
  ['?utm_source=', '&utm_source=', '?utm_medium=', '&utm_medium=', '?utm_campaign=', '&utm_campaign='],
  ['&utm_content=', '&utm_term=', '&utm_id=', 'newsletter', 'email', 'transactional', 'campaign', 'mail'],
  [
    'account',
    'profile',
    'settings',
    'preferences',
    'password',
    'reset',
    'confirm',
    'verify',
    'activate',
    'login',
    'sign',
  ],
  [
    'invite',
    'invitation',
    'token=',
    '?token=',
    '?id=',
    '&id=',
    '?code=',
    '&code=',
    '?ref=',
    '&ref=',
    'lang=',
    'redirect',
  ],
  ['users/', 'orders/', 'order', 'invoices/', 'invoice', 'payment', 'billing', 'subscription', 'checkout', 'cart'],
  [
    'products/',
    'product',
    'categor',
    'collections/',
    'shop',
    'store',
    'sale',
    'offer',
    'search',
    'download',
    'tracking',
  ],
  [
    'blog/',
    'news',
    'article',
    'event',
    'docs/',
    'guide',
    'help',
    'support',
    'contact',
    'about',
    'privacy',
    'terms',
    'team',
  ],
  [
    'facebook.com/',
    'instagram.com/',
    'linkedin.com/',
    'youtube.com/',
    'x.com/',
    'github.com/',
    'google.com/',
    'apple.com/',
  ],
  [
    '.html',
    '.php',
    '.pdf',
    'index',
    '%20',
    '%2F',
    '%3A',
    '%3D',
    '/en/',
    '/de/',
    'api/',
    'view',
    'dashboard',
    'project',
  ],
].flat();

const CODES = new Map(PIECES.map((piece, index) => [piece, String.fromCharCode(FIRST + index)]));

/** Longer ones first, so that they win. */
const PATTERN = new RegExp(
  PIECES.toSorted((a, b) => b.length - a.length)
    .map((piece) => piece.replace(/[.?]/g, '\\$&'))
    .join('|'),
  'g',
);
