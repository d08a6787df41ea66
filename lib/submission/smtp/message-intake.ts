import type { SendResult } from '../../mail-status.js';
import type { MailStream } from '../../mail/mail-message.interface.js';
import type { DeliveryNotifications, RecipientNotification } from '../../mail/delivery-notifications.interface.js';
import type { RawOptions } from '../../mail/raw-options.interface.js';
import { headerEnd, type RawField, readRawHeader, withFields } from '../../mime/raw-header.js';
import type { MessageQuota } from './message-quota.js';
import { receivedField } from './received-field.js';
import { readRelayHeaders, type RelayHeaders } from './relay-headers.js';
import { checkAuthors } from './sender-policy.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionUser } from './submission-authenticator.js';

/** What a transaction says beside its message. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly EnvelopeRecipient[];
  readonly ret?: 'FULL' | 'HDRS';
  readonly envid?: string;
  readonly helo: string;
  readonly protocol: string;
  /** Of the transaction, for Received. */
  readonly id: string;
}

export interface EnvelopeRecipient extends RecipientNotification {
  readonly address: string;
}

/** The relay, as far as it is needed here. */
export interface RawRelay {
  sendRaw(raw: Uint8Array, options: RawOptions): Promise<Pick<SendResult, 'id'>>;
}

/** Checks a message that has come in, writes its trace field, and queues it. */
export class MessageIntake {
  readonly #relay: RawRelay;
  readonly #quota: MessageQuota;
  readonly #name: string;
  readonly #traceUser: boolean;

  constructor(relay: RawRelay, quota: MessageQuota, { name, traceUser }: { name: string; traceUser: boolean }) {
    this.#relay = relay;
    this.#quota = quota;
    this.#name = name;
    this.#traceUser = traceUser;
  }

  /** Resolves with the mail's id once it is durably stored. @throws SmtpRefusalError, and what `sendRaw()` throws */
  async take(bytes: Buffer, user: SubmissionUser | undefined, envelope: Envelope, address: string): Promise<string> {
    const fields = readHeader(bytes);
    checkAuthors(fields, user?.senders);
    const asked = readRelayHeaders(fields);
    const options = optionsOf(asked, user, envelope);
    if (user) await this.#quota.take(user);
    const received = receivedField({
      helo: envelope.helo,
      address,
      by: this.#name,
      protocol: envelope.protocol,
      id: envelope.id,
      ...(envelope.to.length === 1 && { recipient: envelope.to[0]!.address }),
      ...(this.#traceUser && user && { user: user.id }),
      date: new Date(),
    });
    const raw = Buffer.concat([Buffer.from(received), withFields(bytes, asked.fields, {})]);
    const { id } = await this.#relay.sendRaw(raw, options);
    return id;
  }
}

function readHeader(bytes: Buffer): RawField[] {
  const end = headerEnd(bytes);
  if (end > LONGEST_HEADER)
    throw new SmtpRefusalError(552, '5.3.4', `The header is longer than ${LONGEST_HEADER / 1024} KiB`);
  const fields = readRawHeader(bytes.subarray(0, end));
  // Others would read a line that is no field as the header's end, and so another message.
  const read = fields.reduce((sum, field) => sum + field.end - field.start, 0);
  if (read !== end)
    throw new SmtpRefusalError(
      550,
      '5.6.0',
      'A line of the header is no field (RFC 5322 section 2.2); an empty line ends the header',
    );
  if (fields.filter(({ name }) => name === 'received').length >= MOST_HOPS)
    throw new SmtpRefusalError(554, '5.4.6', `The message came through ${MOST_HOPS} servers: it goes in a loop`);
  return fields;
}

function optionsOf({ options }: RelayHeaders, user: SubmissionUser | undefined, envelope: Envelope): RawOptions {
  const { stream, tenant, id = '' } = user ?? {};
  if (stream !== undefined && options.stream !== undefined && options.stream !== stream)
    throw new SmtpRefusalError(550, '5.7.1', `X-Relay-Stream: you may send in the stream ${stream} only`);
  const { idempotencyKey } = options;
  return {
    ...options,
    ...(stream !== undefined && { stream: stream as MailStream }),
    ...(tenant !== undefined && { tenant }),
    // One user's key says nothing of another's mails.
    ...(idempotencyKey !== undefined && { idempotencyKey: `submission ${JSON.stringify([id, idempotencyKey])}` }),
    envelope: { from: envelope.from, to: envelope.to.map(({ address }) => address) },
    notify: notifyOf(envelope),
  };
}

/** RFC 3461: what the client asked for, or what it is told without a word. */
function notifyOf({ ret, envid, to }: Envelope): true | DeliveryNotifications {
  const recipients: Record<string, RecipientNotification> = {};
  for (const { address, notify, orcpt } of to)
    if (notify || orcpt !== undefined)
      recipients[address] = { ...(notify && { notify }), ...(orcpt !== undefined && { orcpt }) };
  if (ret === undefined && envid === undefined && Object.keys(recipients).length === 0) return true;
  return {
    ...(ret !== undefined && { ret }),
    ...(envid !== undefined && { envid }),
    ...(Object.keys(recipients).length > 0 && { recipients }),
  };
}

/** RFC 5321 section 6.3: at least 100, so that long ways through forwarders and lists are no loops. */
const MOST_HOPS = 100;

/** Bytes. */
const LONGEST_HEADER = 256 * 1024;
