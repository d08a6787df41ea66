import { hostname } from 'node:os';
import { type Duration, toMilliseconds } from '../duration.js';
import { MailMessageError } from '../errors/mail-message.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { parseAddress } from '../mail/address.js';
import type { MailAddress } from '../mail/mail-message.interface.js';
import type { AddressInput } from '../mail/mail-options.interface.js';
import { refuseUnknown } from '../refuse-unknown.js';

/** The notices that the sender of a submitted message gets by mail; RFC 3464. */
export interface NotificationOptions {
  /** Who they are from. Default `Mail Delivery System <mailer-daemon@...>`, at the domain of `bounces`, of `from`, or the sender's own. */
  from?: AddressInput;
  /** The host that reports (Reporting-MTA). Default the machine's name where it is fully qualified, else the domain of `from`. */
  name?: string;
  /** A message is late after this time; the sender is told once. `false`: never. Default `'4h'` (RFC 5321 section 4.5.4.1). */
  delayAfter?: Duration | false;
}

export interface NotificationSettings {
  readonly from?: MailAddress;
  readonly name?: string;
  /** Milliseconds. */
  readonly delayAfter: number;
}

/** @throws RelayConfigurationError */
export function readNotifications(options: NotificationOptions | undefined): NotificationSettings {
  const machine = hostname().includes('.') ? { name: hostname() } : {};
  if (options === undefined) return { ...machine, delayAfter: DELAY_AFTER };
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('notifications', "is an object: { from, delayAfter: '4h' }");
  refuseUnknown(options, ['from', 'name', 'delayAfter'], 'notifications.');
  const { from, name, delayAfter = DELAY_AFTER } = options;
  if (name !== undefined && !(typeof name === 'string' && NAME.test(name)))
    throw new RelayConfigurationError('notifications.name', "is a host's name, such as 'mail.acme.test'");
  return {
    ...(from !== undefined && { from: addressOf(from) }),
    ...machine,
    ...(name !== undefined && { name }),
    delayAfter: delayAfter === false ? Infinity : timeOf(delayAfter),
  };
}

function addressOf(from: AddressInput): MailAddress {
  try {
    return parseAddress(from, 'notifications.from');
  } catch (cause) {
    if (!(cause instanceof MailMessageError)) throw cause;
    throw new RelayConfigurationError('notifications.from', 'is no mail address', cause);
  }
}

function timeOf(delayAfter: Duration): number {
  try {
    return toMilliseconds(delayAfter, 'notifications.delayAfter');
  } catch (cause) {
    throw new RelayConfigurationError('notifications.delayAfter', "is a time such as '4h', or false", cause as Error);
  }
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const DELAY_AFTER = 4 * 3_600_000;
