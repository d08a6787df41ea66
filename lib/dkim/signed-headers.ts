import { RelayConfigurationError } from '../errors/relay-configuration.error.js';

/** A header that is signed where it is there. */
export interface SignedHeader {
  readonly name: string;
  /** Signed once more than it is there, so that nobody can add one: what readers and mail programs go by. */
  readonly oversign?: true;
}

/** RFC 6376 section 5.4.1 and its forerunner RFC 4871 section 5.5; List-Unsubscribe-Post is RFC 8058 section 4; oversigning RFC 6376 section 8.15. */
const USUAL: readonly SignedHeader[] = [
  { name: 'From', oversign: true },
  { name: 'To', oversign: true },
  { name: 'Cc', oversign: true },
  { name: 'Reply-To', oversign: true },
  { name: 'Subject', oversign: true },
  { name: 'Date', oversign: true },
  { name: 'Message-ID', oversign: true },
  { name: 'MIME-Version', oversign: true },
  { name: 'Content-Type', oversign: true },
  { name: 'Content-Transfer-Encoding', oversign: true },
  { name: 'Sender' },
  { name: 'In-Reply-To' },
  { name: 'References' },
  { name: 'List-Id' },
  { name: 'List-Help' },
  { name: 'List-Unsubscribe' },
  { name: 'List-Unsubscribe-Post' },
  { name: 'List-Subscribe' },
  { name: 'List-Post' },
  { name: 'List-Owner' },
  { name: 'List-Archive' },
];

/**
 * What to sign: the usual headers, or those named, each as the table has it; From and the two fields of a one-click unsubscription, which
 * is none unless they are signed (RFC 8058 section 4), in any case.
 *
 * @throws RelayConfigurationError for what is no header name
 */
export function signedHeaders(names: readonly string[] | undefined, option: string): readonly SignedHeader[] {
  if (names === undefined) return USUAL;
  if (!Array.isArray(names))
    throw new RelayConfigurationError(option, "is a list of header names, such as ['From', 'Subject']");
  const chosen = new Map<string, SignedHeader>();
  for (const name of ['From', ...names, ...ONE_CLICK]) {
    if (typeof name !== 'string' || !NAME.test(name))
      throw new RelayConfigurationError(option, `${JSON.stringify(name)} is no header name`);
    const key = name.toLowerCase();
    if (key === 'dkim-signature')
      throw new RelayConfigurationError(option, 'DKIM-Signature signs itself; leave it out');
    if (!chosen.has(key)) chosen.set(key, USUAL.find((header) => header.name.toLowerCase() === key) ?? { name });
  }
  return [...chosen.values()];
}

const ONE_CLICK = ['List-Unsubscribe', 'List-Unsubscribe-Post'] as const;

/** RFC 5322 section 3.6.8, without what a list in `h=` may not hold. */
const NAME = /^[!-9<-~]+$/;
