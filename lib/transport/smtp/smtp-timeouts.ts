import { durationOption } from '../../read-option.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import type { SmtpTimeouts } from './smtp-transport-options.interface.js';

/** {@link SmtpTimeouts} in milliseconds, with every default filled in. */
export type SmtpTimeoutSettings = Readonly<Record<keyof SmtpTimeouts, number>>;

/** @param path names the options in errors: `smtp.timeouts` @throws RelayConfigurationError */
export function smtpTimeouts(given: SmtpTimeouts, path: string): SmtpTimeoutSettings {
  refuseUnknown(given, Object.keys(DEFAULTS), `${path}.`);
  const read = (name: keyof SmtpTimeouts): number => durationOption(`${path}.${name}`, given[name] ?? DEFAULTS[name]);
  return { connect: read('connect'), greeting: read('greeting'), command: read('command'), data: read('data') };
}

const DEFAULTS = {
  connect: '30s',
  greeting: '1m',
  command: '5m',
  data: '10m',
} as const satisfies Required<SmtpTimeouts>;
