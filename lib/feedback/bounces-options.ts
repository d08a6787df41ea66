import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { parseAddress } from '../mail/address.js';
import { LONGEST_RETURN_PATH, ReturnPath } from '../mail/return-path.js';
import { readSecrets } from '../read-secrets.js';
import { refuseUnknown } from '../refuse-unknown.js';

/**
 * The return path of mails that name none: `bounces+<the mail's id>=<signature>@acme.test`. A bounce that comes to it names its mail and
 * recipient whatever is in it, and nobody can make one up. The mailbox takes whatever stands behind the `+`.
 */
export interface BouncesOptions {
  /** `bounces@acme.test`; at most 16 characters before the `@` (RFC 5321 section 4.5.3.1.1). */
  address: string;
  /** At least 16 characters. Of several, the first signs and all are taken, so that a secret can be replaced. */
  secret: string | readonly string[];
}

/** @throws RelayConfigurationError that names the option, and never a secret */
export function readBounces(options: BouncesOptions): ReturnPath {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('bounces', "is an object: { address: 'bounces@acme.test', secret }");
  refuseUnknown(options, ['address', 'secret'], 'bounces.');
  const secrets = readSecrets(options.secret, 'bounces.secret');
  return new ReturnPath({ address: addressOf(options.address), secrets });
}

function addressOf(given: unknown): string {
  const example = "is an address such as 'bounces@acme.test'";
  let address: string;
  try {
    ({ address } = parseAddress(given as string, 'bounces.address'));
  } catch (cause) {
    throw new RelayConfigurationError('bounces.address', example, cause as Error);
  }
  const local = address.slice(0, address.lastIndexOf('@'));
  if (/^[\w.-]+$/.test(local) && local.length <= LONGEST_RETURN_PATH) return address;
  throw new RelayConfigurationError(
    'bounces.address',
    `${example}: before the @ at most ${LONGEST_RETURN_PATH} letters, digits, dots and hyphens`,
  );
}
