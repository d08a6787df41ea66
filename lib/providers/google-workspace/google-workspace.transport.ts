import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { SenderIdentity } from '../../transport/mail-transport.js';
import { SmtpTransport } from '../../transport/smtp/smtp.transport.js';
import { GOOGLE_EXCEPTIONS } from './google-errors.js';
import { GOOGLE_WORKSPACE_DOMAIN } from './google.sender-domain.js';
import type { GoogleWorkspaceTransportOptions } from './google-options.interface.js';

/**
 * Google Workspace over SMTP: the relay of an organisation (`mode: 'relay'`), or the mailbox of one user (`mode: 'account'`).
 *
 * A quota that is used up is an error of the transport, and never bounces a mail. Google has no tags and no webhooks: what becomes of a
 * mail comes back as mail, to its return path.
 *
 * @see https://support.google.com/a/answer/176600
 * @example
 * new GoogleWorkspaceTransport({ mode: 'relay', name: 'acme.test' })
 * @example
 * new GoogleWorkspaceTransport({
 *   mode: 'account',
 *   auth: { user: 'mailer@acme.test', accessToken: googleServiceAccountToken({ key, subject: 'mailer@acme.test' }) },
 * })
 */
export class GoogleWorkspaceTransport extends SmtpTransport {
  override readonly capabilities = GOOGLE_CAPABILITIES;

  /** @throws RelayConfigurationError */
  constructor(options: GoogleWorkspaceTransportOptions) {
    const { mode, ...smtp } = checked(options);
    super({ ...smtp, host: smtp.host ?? HOSTS[mode] }, GOOGLE_EXCEPTIONS);
  }

  override identity(): SenderIdentity {
    return { ...super.identity(), provider: GOOGLE_WORKSPACE_DOMAIN };
  }

  /** `google-workspace://host:port`, without user and password. */
  override toString(): string {
    return super.toString().replace(/^smtps?:/, 'google-workspace:');
  }
}

/** https://support.google.com/a/answer/166852, https://support.google.com/a/answer/2956491 */
const GOOGLE_CAPABILITIES = {
  /** A transaction. */
  recipients: 100,
  /** Of the encoded message. */
  bytes: 25 * 1024 * 1024,
  tags: false,
  metadata: false,
} as const;

const HOSTS: Readonly<Record<GoogleWorkspaceTransportOptions['mode'], string>> = {
  relay: 'smtp-relay.gmail.com',
  account: 'smtp.gmail.com',
};

function checked(options: GoogleWorkspaceTransportOptions): GoogleWorkspaceTransportOptions {
  const { mode, name, auth } = options;
  if (!Object.hasOwn(HOSTS, String(mode)))
    throw wrong('mode', `${JSON.stringify(mode)} must be 'relay' (smtp-relay.gmail.com) or 'account' (smtp.gmail.com)`);
  if (mode === 'relay' && !DOMAIN.test(String(name)))
    throw wrong('name', `${JSON.stringify(name)} is no domain; the relay wants to be greeted with one of yours`);
  if (mode === 'account' && !auth)
    throw wrong('auth', 'is missing: { user, pass } with an app password, or { user, accessToken }');
  return options;
}

const DOMAIN = /^(?=.{4,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+$/i;

function wrong(option: string, message: string): RelayConfigurationError {
  return new RelayConfigurationError(`google-workspace.${option}`, message);
}
