import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { parseAddress } from '../../mail/address.js';
import type { MailStream } from '../../mail/mail-message.interface.js';
import { UnsubscribeLinks } from '../../mail/unsubscribe-links.js';
import { readSecrets } from '../../read-secrets.js';
import { refuseUnknown } from '../../refuse-unknown.js';

/** Lets recipients unsubscribe with one click, from their mail program (RFC 8058) or from a link in the mail. */
export interface UnsubscribeOptions {
  /** Where `RelayUnsubscribeModule` answers, as recipients reach it: `https://acme.test/unsubscribe`. */
  url: string;
  /** At least 16 characters. Of several, the first seals and all are taken, so that a secret can be replaced. */
  secret: string | readonly string[];
  /** Takes mails that unsubscribe: a mailbox that is read by `BounceMailbox`, or handed to `MailFeedback.ingest()`. */
  mailto?: string;
  /** The streams whose mails carry it without being told to. Default `['broadcast']`. */
  streams?: readonly MailStream[];
}

/** {@link UnsubscribeOptions}, checked. */
export interface UnsubscribeSettings {
  readonly links: UnsubscribeLinks;
  readonly streams: ReadonlySet<string>;
  /** The path of `url`. */
  readonly path: string;
}

/** @throws RelayConfigurationError that names the option, and never a secret */
export function readUnsubscribe(options: UnsubscribeOptions): UnsubscribeSettings {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('unsubscribe', "is an object: { url: 'https://acme.test/unsubscribe', secret }");
  refuseUnknown(options, ['url', 'secret', 'mailto', 'streams'], 'unsubscribe.');
  const { secret, mailto, streams = ['broadcast'] } = options;
  const secrets = readSecrets(secret, 'unsubscribe.secret');
  if (!Array.isArray(streams) || !streams.every((stream) => typeof stream === 'string' && stream !== ''))
    throw new RelayConfigurationError('unsubscribe.streams', "is an array of streams: ['broadcast']");
  const url = urlOf(options.url);
  return {
    links: new UnsubscribeLinks({
      url: url.href,
      secrets,
      ...(mailto !== undefined && { mailto: mailtoOf(mailto) }),
    }),
    streams: new Set(streams),
    path: url.pathname.replace(/\/$/, ''),
  };
}

/** RFC 8058 section 3.1 wants HTTPS; a machine may talk to itself. */
function urlOf(given: unknown): URL {
  const url = typeof given === 'string' && given.length <= LONGEST_URL ? parsed(given) : null;
  const local = url && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && local)) && !url.hash && !url.username)
    return url;
  throw new RelayConfigurationError(
    'unsubscribe.url',
    "is an https URL of at most 300 characters, such as 'https://acme.test/unsubscribe'",
  );
}

const LONGEST_URL = 300;

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** What a `mailto:` could take for something else has no place in it (RFC 6068 section 2). */
function mailtoOf(given: unknown): string {
  try {
    const { address } = parseAddress(given as string, 'unsubscribe.mailto');
    if (typeof given === 'string' && /^[\w.+~-]+@[\w.-]+$/.test(address)) return address.replaceAll('+', '%2B');
  } catch {
    // Told below.
  }
  throw new RelayConfigurationError('unsubscribe.mailto', "is an address such as 'unsubscribe@acme.test'");
}
