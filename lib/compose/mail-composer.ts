import { randomUUID } from 'node:crypto';
import { MailMessageError } from '../errors/mail-message.error.js';
import { localeOf, parseAddress, parseAddresses } from '../mail/address.js';
import { checkHeaders, checkStrings, mergeHeaders } from '../mail/headers.js';
import { type BufferedAttachment, bufferedAttachment } from '../mail/mail-attachment.js';
import type { MailAttributes } from '../mail/mail.decorator.js';
import { messageIdOf } from '../mail/message-id.js';
import { mailNameOf } from '../mail/mail.decorator.js';
import type { MailAddress, MailStream, Priority } from '../mail/mail-message.interface.js';
import type { AddressInput } from '../mail/mail-options.interface.js';
import type { MailBody, MailSnapshot } from '../mail/mail-snapshot.interface.js';
import type { RawOptions } from '../mail/raw-options.interface.js';
import { type Tracked, trackOver } from '../mail/track.js';
import { snapshotValue } from '../mail/snapshot-value.js';
import { listMailOf, withListHeaders } from './list-mail.js';
import { readContent } from './mail-content.js';
import type { MailDefaults } from './mail-defaults.interface.js';
import type { FormOptions, MailForm } from './mail-form.js';
import { mailFrame, word } from './mail-frame.js';
import { checkLimits } from './message-limits.js';
import { checkRawOptions, notifyOf } from './raw-options.js';
import { readRaw } from './read-raw.js';

/** A mail that was found sendable, with the parts of it that the queue keeps encoded. */
export interface ComposedMail {
  snapshot: MailSnapshotHead;
  body: MailBody;
  attachments: readonly BufferedAttachment[];
  /** The caller's own, for as long as `send()` waits. */
  signal?: AbortSignal;
}

export interface ComposeSetting {
  recipients?: boolean;
  stream?: MailStream;
  priority?: Priority;
}

/** A snapshot whose body and attachments are not encoded yet. */
export type MailSnapshotHead = Omit<MailSnapshot, 'body' | 'attachments'>;

/** Checks what `send()` was given and makes it a mail: addresses parsed, values copied, attachments read, defaults applied. */
export class MailComposer {
  readonly #defaults: MailDefaults;
  readonly #scope: string;
  readonly #now: () => number;

  /**
   * @param scope the relay's name: idempotency keys of two relays are two keys
   * @param now the time in milliseconds since the epoch
   */
  constructor(defaults: MailDefaults, scope: string, now: () => number = Date.now) {
    this.#defaults = defaults;
    this.#scope = scope;
    this.#now = now;
  }

  /**
   * @param setting `recipients: false` for a message that is only looked at; stream and priority are of mails that name none
   * @throws MailMessageError that names the field
   */
  compose(form: MailForm, setting: ComposeSetting = {}): ComposedMail | Promise<ComposedMail> {
    const attributes: MailAttributes<object> = form.kind === 'inline' ? {} : form.attributes;
    const options = form.options as FormOptions;
    const given = <V>(name: keyof MailAttributes<object>): V | undefined => attribute<V>(attributes, name, form);
    const now = this.#now();
    const to = parseAddresses(options.to, 'to');
    const cc = parseAddresses(options.cc, 'cc');
    const bcc = parseAddresses(options.bcc, 'bcc');
    const everyone = [...new Set([...to, ...cc, ...bcc].map(({ address }) => address))];
    if (setting.recipients !== false && everyone.length === 0)
      throw new MailMessageError('to', 'a mail needs at least one recipient in to, cc or bcc');
    const from = this.#from(options.from ?? given<AddressInput>('from'));
    const id = randomUUID();
    const { stream, priority } = setting;
    const { retry } = this.#defaults;
    const frame = mailFrame(options, { attributes, stream, priority, retry }, this.#scope, now);
    const locale = options.locale ?? localeOf(options.to) ?? attributes.locale ?? this.#defaults.locale();
    const list = listMailOf(this.#defaults.unsubscribe, {
      mailId: id,
      choice: options.unsubscribe ?? attributes.unsubscribe,
      recipients: everyone,
      from: from.address,
      stream: frame.stream,
      ...(frame.tenant !== undefined && { tenant: frame.tenant }),
    });
    // Field by field: to spread the frame costs more than all the rest.
    const snapshot: MailSnapshotHead = {
      v: 1,
      id,
      messageId: messageIdOf(id, from.address),
      acceptedAt: now,
      notBefore: frame.notBefore,
      ...(form.kind !== 'inline' && {
        mail: mailNameOf(form.kind === 'mailable' ? form.type : form.mail.constructor),
      }),
      from,
      to,
      cc,
      bcc,
      replyTo: this.#replyTo(options.replyTo ?? given('replyTo')),
      envelope: { from: envelopeFrom(options.envelope) ?? this.#returnPath(id, from, everyone), to: everyone },
      stream: frame.stream,
      priority: frame.priority,
      ...(locale !== undefined && { locale: word(locale, 'locale') }),
      ...(frame.tenant !== undefined && { tenant: frame.tenant }),
      ...(frame.transport !== undefined && { transport: frame.transport }),
      ...(frame.deduplication !== undefined && { deduplication: frame.deduplication }),
      retry: frame.retry,
      ...this.#track(attributes.track, options.track, everyone.length),
    };
    const own = mergeHeaders(
      this.#defaults.headers,
      given('headers'),
      options.headers && checkHeaders(options.headers),
    );
    const fields = {
      headers: checkHeaders(list ? withListHeaders(list.headers, own) : own),
      tags: tagsOf(options.tags ?? given('tags')),
      metadata: {
        ...checkStrings(given('metadata') ?? {}, 'metadata'),
        ...checkStrings(options.metadata ?? {}, 'metadata'),
      },
      provider: providerOf(options.provider),
      ...(list && { unsubscribeUrl: list.url }),
    };
    checkLimits(everyone.length, fields);
    // Last: files and streams are read only for a mail that is right otherwise.
    const { content, attachments } = readContent(form);
    const complete = (read: readonly BufferedAttachment[]): ComposedMail => ({
      snapshot,
      body: { content, ...fields },
      attachments: read,
      ...(options.signal && { signal: signalOf(options.signal) }),
    });
    return attachments instanceof Promise ? attachments.then(complete) : complete(attachments);
  }

  /** A message that is finished. @throws MailMessageError that names the field */
  composeRaw(raw: unknown, options: RawOptions): ComposedMail {
    checkRawOptions(options);
    const now = this.#now();
    const id = randomUUID();
    const { bytes, messageId, from, to, cc, replyTo, subject } = readRaw(raw, new Date(now), (author) =>
      messageIdOf(id, author.address),
    );
    const sender = envelopeFrom({ from: options.envelope.from })!;
    const everyone = [...new Set(parseAddresses(options.envelope.to, 'envelope.to').map(({ address }) => address))];
    if (everyone.length === 0) throw new MailMessageError('envelope.to', 'a mail needs at least one recipient');
    const notify = sender === '' ? undefined : notifyOf(options.notify, sender);
    const { signal } = options;
    const snapshot: MailSnapshotHead = {
      ...mailFrame(options, { attributes: {}, retry: this.#defaults.retry }, this.#scope, now),
      id,
      messageId,
      from,
      to,
      cc,
      bcc: [],
      replyTo,
      // Where the relay tells the sender, bounces come to the relay.
      envelope: { from: notify ? this.#returnPath(id, { address: sender }, everyone) : sender, to: everyone },
      ...(notify && { notify }),
    };
    const fields = {
      headers: {},
      tags: tagsOf(options.tags),
      metadata: { ...checkStrings(options.metadata ?? {}, 'metadata') },
      provider: providerOf(options.provider),
    };
    checkLimits(everyone.length, fields);
    return {
      snapshot,
      body: { content: { kind: 'raw', subject }, ...fields },
      attachments: [bufferedAttachment({ contentType: 'message/rfc822', bytes })],
      ...(signal && { signal: signalOf(signal) }),
    };
  }

  #from(input: AddressInput | undefined): MailAddress {
    const from = input === undefined ? this.#defaults.from : parseAddress(input, 'from');
    if (from) return from;
    throw new MailMessageError(
      'from',
      "is missing: give it to send(), to @Mail(), or once as RelayModule.forRoot({ from: 'Acme <hello@acme.test>' })",
    );
  }

  #returnPath(id: string, from: MailAddress, to: readonly string[]): string {
    return this.#defaults.returnPath?.sign(id, to.length === 1 ? to[0] : undefined) ?? from.address;
  }

  #replyTo(input: FormOptions['replyTo']): readonly MailAddress[] {
    return input === undefined ? this.#defaults.replyTo : parseAddresses(input, 'replyTo');
  }

  #track(ofClass: unknown, ofMail: unknown, recipients: number): { track?: Tracked } {
    const track = trackOver(trackOver(this.#defaults.track, ofClass, '@Mail.track'), ofMail, 'track');
    if (!track.opens && !track.clicks) return {};
    if (!this.#defaults.tracks)
      throw new MailMessageError('track', 'needs RelayModule.forRoot({ tracking: { url, secret } })');
    if (recipients > MOST_TRACKED)
      throw new MailMessageError(
        'track',
        `is for mails to ${MOST_TRACKED} recipients at most, since each gets a copy; send to each of them by sendMany(), or give track: false`,
      );
    return { track };
  }
}

/** Recipients of a tracked mail: each of them is an attempt, and as many of a mail are kept. */
const MOST_TRACKED = 100;

/** What `@Mail` gives for this mail: a value, or what its function makes of the instance. */
function attribute<V>(
  attributes: MailAttributes<object>,
  name: keyof MailAttributes<object>,
  form: MailForm,
): V | undefined {
  const value = attributes[name] as V | ((mail: object) => V) | undefined;
  if (typeof value !== 'function' || form.kind !== 'instance') return value as V | undefined;
  return (value as (mail: object) => V)(form.mail);
}

function envelopeFrom(envelope: unknown): string | undefined {
  if (envelope === undefined) return undefined;
  if (typeof envelope !== 'object' || envelope === null)
    throw new MailMessageError('envelope', 'is an object { from }');
  const { from: sender } = envelope as { from?: unknown };
  const unknown = Object.keys(envelope).find((key) => key !== 'from');
  if (unknown)
    throw new MailMessageError(`envelope.${unknown}`, 'is no option; known is from (recipients are to, cc and bcc)');
  if (sender === undefined) return undefined;
  // RFC 5321 section 4.5.5: the null sender of notifications.
  return sender === '' || sender === '<>' ? '' : parseAddress(sender as string, 'envelope.from').address;
}

function tagsOf(tags: readonly string[] | undefined): readonly string[] {
  if (tags === undefined) return [];
  if (!Array.isArray(tags)) throw new MailMessageError('tags', 'is an array of strings');
  return tags.map((tag: unknown, index) => word(tag, `tags[${index}]`));
}

function providerOf(provider: unknown): MailBody['provider'] {
  if (provider === undefined) return {};
  if (typeof provider !== 'object' || provider === null)
    throw new MailMessageError('provider', 'is an object by provider: { postmark: { ... } }');
  return snapshotValue(provider, 'provider') as MailBody['provider'];
}

function signalOf(signal: unknown): AbortSignal {
  if (typeof (signal as AbortSignal).throwIfAborted === 'function') return signal as AbortSignal;
  throw new MailMessageError('signal', 'is an AbortSignal');
}
