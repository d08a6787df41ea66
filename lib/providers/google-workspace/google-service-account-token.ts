import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { cachedToken, type GoogleToken, type GoogleTokenOptions, tokenSettings } from './google-token.js';

export interface GoogleServiceAccountOptions extends GoogleTokenOptions {
  /** The content of the key file, as JSON. */
  key: { client_email: string; private_key: string; private_key_id?: string };
  /** The address of the user whose mailbox sends. */
  subject: string;
}

/**
 * Tokens for a user's mailbox, by a service account with domain-wide delegation. In the Admin console its client ID must be allowed the
 * scope `https://mail.google.com/`: Security, API controls, Domain-wide delegation.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/service-account
 * @example
 * const key = JSON.parse(readFileSync('service-account.json', 'utf8'));
 * const accessToken = googleServiceAccountToken({ key, subject: 'mailer@acme.test' });
 *
 * @throws RelayConfigurationError for a key that is none
 */
export function googleServiceAccountToken(options: GoogleServiceAccountOptions): GoogleToken {
  const { key, subject } = options;
  if (typeof key?.client_email !== 'string' || key.client_email === '')
    throw wrong('key', 'needs client_email and private_key, as in the JSON file of a service account');
  if (typeof subject !== 'string' || !subject.includes('@'))
    throw wrong('subject', 'must be the address of the user whose mailbox sends');
  const settings = tokenSettings(options);
  const privateKey = privateKeyOf(key.private_key);
  return cachedToken(settings, () => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: assertion(
      { alg: 'RS256', typ: 'JWT', ...(key.private_key_id !== undefined && { kid: key.private_key_id }) },
      { iss: key.client_email, sub: subject, scope: 'https://mail.google.com/', aud: settings.baseUrl.href },
      privateKey,
    ),
  }));
}

/** A signed JWT, RFC 7523 section 3. It is dated back a minute, for clocks that are not quite right, and lives for an hour. */
function assertion(header: object, claims: object, key: KeyObject): string {
  const issued = Math.floor(Date.now() / 1000) - 60;
  const content = [header, { ...claims, iat: issued, exp: issued + 3600 }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${content}.${sign('RSA-SHA256', Buffer.from(content), key).toString('base64url')}`;
}

// The error of createPrivateKey is not passed on: nobody knows what is in it.
function privateKeyOf(pem: unknown): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem as string);
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw wrong('key.private_key', 'is no RSA key in PEM; in an environment variable its line breaks may have been lost');
}

function wrong(option: string, message: string): RelayConfigurationError {
  return new RelayConfigurationError(`google-workspace.${option}`, message);
}
