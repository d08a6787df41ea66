import { UnsupportedFeatureError } from '../../errors/unsupported-feature.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';

/** The message tag that holds a mail's id. */
export const SES_ID_TAG = 'relay-id';

/**
 * A mail's id, tags and metadata as message tags of SES, which have a name and a value of `[A-Za-z0-9_-]` each: `relay-id`, then `tag`,
 * `tag-2`, `tag-3` ..., and metadata by its own names. A name or value that does not fit is written as `b64_` and its base64url;
 * {@link readSesTags} undoes it.
 *
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html
 * @throws UnsupportedFeatureError for what is too long
 */
export function sesTags({ id, tags, metadata }: Pick<MailMessage, 'id' | 'tags' | 'metadata'>): Map<string, string> {
  const written = new Map([[SES_ID_TAG, encoded(id, 'id')]]);
  [...new Set(tags)].forEach((tag, index) => {
    written.set(index === 0 ? 'tag' : `tag-${index + 1}`, encoded(tag, 'tags'));
  });
  for (const [name, value] of Object.entries(metadata)) {
    written.set(OURS.test(name) ? base64(name) : encoded(name, 'metadata'), encoded(value, 'metadata'));
  }
  return written;
}

/** What {@link sesTags} wrote, out of the `mail.tags` of an event. SES adds tags of its own, `ses:...`, which are left out. */
export function readSesTags(tags: Readonly<Record<string, readonly string[]>>): {
  id?: string;
  tags: string[];
  metadata: Record<string, string>;
} {
  const metadata = new Map<string, string>();
  const read: string[] = [];
  let id: string | undefined;
  for (const [name, [value = '']] of Object.entries(tags)) {
    if (name === SES_ID_TAG) id = decoded(value);
    else if (OURS.test(name)) read.push(decoded(value));
    else if (!name.includes(':')) metadata.set(decoded(name), decoded(value));
  }
  return { ...(id !== undefined && { id }), tags: read, metadata: Object.fromEntries(metadata) };
}

/** Names and values that SES takes as they are. */
export const SES_TAG = /^[A-Za-z0-9_-]{1,256}$/;

/** Names of which the rest of a mail cannot make use. */
const OURS = /^(?:relay-id|tag(?:-\d+)?)$/;
const BASE64 = 'b64_';

function encoded(text: string, feature: string): string {
  if (SES_TAG.test(text) && !text.startsWith(BASE64)) return text;
  const written = base64(text);
  if (written.length <= 256) return written;
  throw new UnsupportedFeatureError(
    feature,
    'ses',
    `${feature}: ${JSON.stringify(text.slice(0, 40))}... is too long: SES takes 256 of A-Z, a-z, 0-9, - and _, or 189 bytes of anything else`,
  );
}

function base64(text: string): string {
  return BASE64 + Buffer.from(text).toString('base64url');
}

function decoded(text: string): string {
  return text.startsWith(BASE64) ? Buffer.from(text.slice(BASE64.length), 'base64url').toString() : text;
}
