import { aboutOf, type MailAbout, type MailRecord, type OutcomeStore } from '../delivery/outcome-store.interface.js';
import type { MailEvent } from '../events/mail-event.interface.js';
import { mailIdOf } from '../mail/message-id.js';
import type { MailBody } from '../mail/mail-snapshot.interface.js';
import { decodeValue } from '../mail/snapshot-value.js';
import type { FoundMail } from '../queue/mail-queue.interface.js';

/** A mail that feedback is about, as far as it is known. */
export interface KnownMail {
  id: string;
  messageId: string;
  mail?: string;
  about: MailAbout;
  record: MailRecord | null;
}

/** Where mails are looked up. */
export interface MailSource {
  readonly store: OutcomeStore;
  find(id: string): Promise<FoundMail | null>;
}

/** What names a mail, in the order of how well it does. */
export type MailNames = Pick<MailEvent, 'mailId' | 'messageId' | 'providerMessageId'>;

/** The mail that feedback names by the relay's own id, by Message-ID, or by the id that the provider gave it. */
export async function matchMail(source: MailSource, names: MailNames): Promise<KnownMail | undefined> {
  const { mailId, messageId, providerMessageId } = names;
  for (const id of new Set([mailId, messageId === undefined ? undefined : mailIdOf(messageId)])) {
    const known = id === undefined ? undefined : await knownMail(source, id);
    if (known) return known;
  }
  const id = providerMessageId === undefined ? undefined : await source.store.mailOf(providerMessageId);
  return id === undefined ? undefined : knownMail(source, id);
}

/** What the store knows of it; of one that is still in the queue, what that does. */
export async function knownMail({ store, find }: MailSource, id: string): Promise<KnownMail | undefined> {
  const record = await store.load(id);
  if (record?.about && record.messageId !== undefined) {
    const { messageId, mail, about } = record;
    return { id, messageId, ...(mail !== undefined && { mail }), about, record };
  }
  const found = await find(id);
  if (!found) return undefined;
  const { messageId, mail } = found.snapshot;
  const about = aboutOf(found.snapshot, decodeValue(found.snapshot.body) as MailBody);
  return { id, messageId, ...(mail !== undefined && { mail }), about, record };
}

/** The mail's own spelling of a recipient; `undefined` for somebody it did not go to. */
export function recipientOf({ about }: KnownMail, address: string): string | undefined {
  const wanted = address.toLowerCase();
  return about.to.find((one) => one.toLowerCase() === wanted);
}

/** The transport that sent it to this recipient, or is about to. */
export function transportOf({ record }: KnownMail, recipient: string): string | undefined {
  const attempts = record?.attempts ?? [];
  const sent = attempts.findLast(({ recipients }) =>
    recipients.some(({ address, state }) => address === recipient && state === 'sent'),
  );
  return sent?.transport ?? record?.sendingBy ?? attempts.at(-1)?.transport;
}
