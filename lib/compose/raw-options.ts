import { MailMessageError } from '../errors/mail-message.error.js';
import { parseAddress } from '../mail/address.js';
import type { SenderNotify } from '../mail/mail-snapshot.interface.js';
import type {
  DeliveryNotifications,
  NotifyWhen,
  RecipientNotification,
} from '../mail/delivery-notifications.interface.js';
import type { RawOptions } from '../mail/raw-options.interface.js';
import { word } from './mail-frame.js';

/** Refuses what is no option of a finished message. @throws MailMessageError that names it */
export function checkRawOptions(options: unknown): asserts options is RawOptions {
  checkKeys(options, KEYS, '');
  const { envelope } = options as Partial<RawOptions>;
  checkKeys(envelope, ['from', 'to'], 'envelope');
  if (typeof envelope!.from !== 'string')
    throw new MailMessageError('envelope.from', "is missing; give an address, or '' for the null sender");
  if (!Array.isArray(envelope!.to)) throw new MailMessageError('envelope.to', 'is an array of addresses');
}

/** Whom to tell, and what; `undefined` for nobody. @throws MailMessageError */
export function notifyOf(notify: RawOptions['notify'], sender: string): SenderNotify | undefined {
  if (notify === undefined || notify === false) return undefined;
  if (notify === true) return { sender };
  checkKeys(notify, ['ret', 'envid', 'recipients'], 'notify');
  const { ret, envid, recipients } = notify;
  if (ret !== undefined && ret !== 'FULL' && ret !== 'HDRS')
    throw new MailMessageError('notify.ret', "is 'FULL' or 'HDRS'");
  return {
    sender,
    ...(ret !== undefined && { ret }),
    ...(envid !== undefined && { envid: word(envid, 'notify.envid', LONGEST_ENVID) }),
    ...(recipients !== undefined && { recipients: recipientsOf(recipients) }),
  };
}

function recipientsOf(given: NonNullable<DeliveryNotifications['recipients']>): Record<string, RecipientNotification> {
  if (typeof given !== 'object') throw new MailMessageError('notify.recipients', 'is an object by address');
  return Object.fromEntries(
    Object.entries(given).map(([address, asked]) => {
      const field = `notify.recipients.${address}`;
      checkKeys(asked, ['notify', 'orcpt'], field);
      const { notify, orcpt } = asked;
      if (notify !== undefined && !(Array.isArray(notify) && notify.length > 0 && notify.every(isWhen)))
        throw new MailMessageError(`${field}.notify`, `is a list of ${[...WHEN].join(', ')}`);
      if (notify?.includes('NEVER') && notify.length > 1)
        throw new MailMessageError(`${field}.notify`, 'NEVER stands alone (RFC 3461 section 4.1)');
      if (orcpt !== undefined && !ORCPT.test(orcpt))
        throw new MailMessageError(
          `${field}.orcpt`,
          'is an address with its type: rfc822;ada@acme.test (RFC 3461 section 4.2)',
        );
      const original = orcpt === undefined ? {} : { orcpt: word(orcpt, `${field}.orcpt`, LONGEST_ORCPT) };
      // As the envelope names him.
      return [parseAddress(address, field).address, { ...(notify && { notify }), ...original }];
    }),
  );
}

function checkKeys(given: unknown, known: readonly string[], field: string): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new MailMessageError(field || 'options', `is an object { ${known.slice(0, 3).join(', ')} }`);
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new MailMessageError(
      field ? `${field}.${unknown}` : unknown,
      `is no option of a finished message; known are ${known.join(', ')}`,
    );
}

function isWhen(value: unknown): value is NotifyWhen {
  return WHEN.has(value as NotifyWhen);
}

const WHEN: ReadonlySet<NotifyWhen> = new Set(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY']);

const KEYS = [
  'envelope',
  'notify',
  'tags',
  'metadata',
  'tenant',
  'stream',
  'priority',
  'delay',
  'sendAt',
  'transport',
  'idempotencyKey',
  'retry',
  'provider',
  'signal',
] as const satisfies readonly (keyof RawOptions)[];

const ORCPT = /^[\w.-]{1,64};[^;]/;

/** RFC 3461 sections 4.2 and 4.4. */
const LONGEST_ORCPT = 500;
const LONGEST_ENVID = 100;
