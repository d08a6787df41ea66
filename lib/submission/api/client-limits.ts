import { MailMessageError } from '../../errors/mail-message.error.js';
import { parseAddress } from '../../mail/address.js';
import type { MailAddress } from '../../mail/mail-message.interface.js';
import type { AddressInput, InlineMessage } from '../../mail/mail-options.interface.js';
import type { RawOptions } from '../../mail/raw-options.interface.js';
import { readRawHeader, withCrlf } from '../../mime/raw-header.js';
import { readAuthors } from '../smtp/authors.js';
import { maySendFrom, SENDER_FIELDS } from '../smtp/sender-policy.js';
import { ApiRejectedError } from './api-rejected.error.js';
import type { CheckedClient } from './read-api-client.js';
import type { ReadApiMessage } from './read-api-message.js';

/** A message that its client may send, with what the client's key adds to it. */
export type AllowedMessage =
  | { readonly kind: 'composed'; readonly message: InlineMessage }
  | { readonly kind: 'raw'; readonly raw: Uint8Array; readonly options: RawOptions };

export interface ClientLimits {
  client: CheckedClient;
  /** The relay's own sender, of messages that name none. */
  defaultFrom: MailAddress | undefined;
  /** Of the header `Idempotency-Key`. */
  idempotencyKey: string | undefined;
}

/** Holds a message to what its client may do. @throws ApiRejectedError 403; MailMessageError */
export function allowedMessage(
  read: ReadApiMessage,
  { client, defaultFrom, idempotencyKey }: ClientLimits,
): AllowedMessage {
  const given = read.kind === 'composed' ? read.message : read.options;
  const bound = {
    ...only('tenant', given.tenant, client.tenant),
    ...only('stream', given.stream, client.stream),
    ...keyOf(client, given.idempotencyKey, idempotencyKey),
  };
  if (read.kind === 'composed') {
    checkSenders(client, () => sendersOf(read.message, defaultFrom));
    return { kind: 'composed', message: { ...read.message, ...bound } };
  }
  const { envelope } = read.options;
  const authors = client.senders || envelope.from === undefined ? authorsOf(read.raw) : [];
  const from = envelope.from ?? authors[0]!;
  checkSenders(client, () => [
    ...authors.map((address) => ['raw', address] as const),
    ...(from === '' ? [] : [['envelope.from', parseAddress(from, 'envelope.from').address] as const]),
  ]);
  return { kind: 'raw', raw: read.raw, options: { ...read.options, ...bound, envelope: { from, to: envelope.to } } };
}

/** A client that is bound to one need not name it, and may name no other. */
function only<K extends 'tenant' | 'stream'>(
  field: K,
  given: string | undefined,
  bound: string | undefined,
): { [P in K]?: string } {
  if (bound === undefined) return {};
  if (given !== undefined && given !== bound)
    throw new ApiRejectedError(403, `${field}-not-allowed`, `${field}: this key is for another ${field}`, { field });
  return { [field]: bound } as { [P in K]?: string };
}

/** Keys of two clients are two keys, whatever they call them. */
function keyOf({ id }: CheckedClient, own: unknown, header: string | undefined): { idempotencyKey?: string } {
  if (own === undefined) return header === undefined ? {} : { idempotencyKey: scoped(id, header) };
  if (header !== undefined)
    throw new MailMessageError('idempotencyKey', 'cannot go with the header Idempotency-Key; give one of them');
  if (typeof own !== 'string' || own === '' || own.length > LONGEST_KEY)
    throw new MailMessageError('idempotencyKey', `is a string of 1 to ${LONGEST_KEY} characters`);
  return { idempotencyKey: scoped(id, own) };
}

/** Its length tells where the id ends, whatever is in it. */
function scoped(id: string, key: string): string {
  return `api:${id.length}:${id}:${key}`;
}

/** Characters; the client's id comes in front of them. */
export const LONGEST_KEY = 255;

type Senders = readonly (readonly [field: string, address: string])[];

function checkSenders({ senders }: CheckedClient, given: () => Senders): void {
  if (!senders) return;
  for (const [field, address] of given()) {
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
    if (!maySendFrom(domain, senders))
      throw new ApiRejectedError(403, 'sender-not-allowed', `${field}: this key may not send from ${domain}`, {
        field,
      });
  }
}

/** Everybody that a reader or a server may take for the sender. */
function sendersOf({ from, envelope, headers }: InlineMessage, defaultFrom: MailAddress | undefined): Senders {
  const author = from === undefined ? defaultFrom : parseAddress(from, 'from');
  const back = envelope?.from;
  const named = Object.entries(headers ?? {}).filter(([name]) => SENDER_FIELDS.has(name.toLowerCase()));
  return [
    ...(author ? [['from', author.address] as const] : []),
    ...(back ? [['envelope.from', parseAddress(back, 'envelope.from').address] as const] : []),
    ...named.map(
      ([name, value]) => [`headers.${name}`, parseAddress(value as AddressInput, `headers.${name}`).address] as const,
    ),
  ];
}

/**
 * All whom a finished message says to be from, its author first, read strictly: of two From lines, or of words that two readers may take for two addresses,
 * nobody knows which one is shown.
 */
function authorsOf(raw: Uint8Array): string[] {
  const fields = readRawHeader(withCrlf(raw));
  const from = fields.filter(({ name }) => name === 'from');
  if (from.length !== 1) throw new MailMessageError('raw', 'a message has a From, and one only (RFC 5322 section 3.6)');
  return [...from, ...fields.filter(({ name }) => SENDER_FIELDS.has(name))].flatMap(({ name, value }) => {
    const authors = readAuthors(Buffer.from(value, 'latin1').toString());
    if (authors) return authors;
    throw new MailMessageError('raw', `its ${name} is no list of mail addresses (RFC 5322 section 3.4)`);
  });
}
