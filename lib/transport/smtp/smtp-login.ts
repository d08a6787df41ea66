import type { SMTPConnectionAuth, SMTPConnectionCustomAuthHandler } from 'nodemailer/lib/smtp-connection';
import { MailError } from '../../errors/mail.error.js';
import type { SmtpSettings } from './smtp-settings.js';
import type { SmtpAuth } from './smtp-transport-options.interface.js';
import { SmtpError } from './smtp.error.js';

/** A connection that can log in. */
export interface SmtpLoginTarget {
  readonly extensions: ReadonlyMap<string, string>;
  readonly state: string;
  login(credentials: SmtpCredentials): Promise<void>;
}

/** What goes to nodemailer, and every form in which the secret goes over the wire: a server may repeat it in its answer. */
export interface SmtpCredentials {
  readonly auth: SMTPConnectionAuth;
  readonly token?: string;
  readonly secrets: readonly string[];
}

/**
 * Logs in when the settings say so; a token that is refused with 535 is asked for once more.
 *
 * @throws SmtpError, or the `MailError` of a token function
 */
export async function logIn(target: SmtpLoginTarget, secure: boolean, settings: SmtpSettings): Promise<void> {
  if (!settings.auth) return;
  if (!secure && needsTlsToLogIn(settings)) {
    throw failed(settings, 'the connection is not encrypted, so the password was not sent');
  }
  if (!target.extensions.has('AUTH')) throw failed(settings, 'the server offers no AUTH on this connection');
  const first = await credentials(settings);
  try {
    await target.login(first);
  } catch (error) {
    if (!isTokenFunction(settings.auth) || target.state === 'closed') throw error;
    if (!(error instanceof SmtpError) || error.replyCode !== 535) throw error;
    await target.login(await credentials(settings, first.token));
  }
}

/** A password goes over a verified connection, to this very machine, or where the application has said `never`. */
export function needsTlsToLogIn({ auth, loopback, tls }: Pick<SmtpSettings, 'auth' | 'loopback' | 'tls'>): boolean {
  return auth !== undefined && !loopback && tls !== 'never';
}

/** XOAUTH2 by nodemailer's means for foreign mechanisms: its own cannot renew a token after a plain 535. */
export const tokenLogin: Readonly<Record<string, SMTPConnectionCustomAuthHandler>> = {
  async RELAYXOAUTH2({ auth, sendCommand }) {
    let reply = await sendCommand(`AUTH XOAUTH2 ${auth.options?.['response']}`);
    // A refusal may come as a challenge that says why; the empty line fetches the 535.
    if (reply.response.startsWith('334')) reply = await sendCommand('');
    if (!reply.response.startsWith('235')) throw new Error('XOAUTH2 refused');
  },
};

/** Takes secrets out of a server's words. */
export function redacted(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

async function credentials(settings: SmtpSettings, refused?: string): Promise<SmtpCredentials> {
  const auth = settings.auth!;
  const { user } = auth;
  if ('pass' in auth) {
    const { pass } = auth;
    const secrets = [base64(`\0${user}\0${pass}`), base64(pass), pass];
    return { auth: { user, pass, method: settings.authMethod ?? false }, secrets };
  }
  const token = await tokenOf(auth, settings, refused);
  // https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
  const response = base64(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`);
  return { auth: { user, method: 'RELAYXOAUTH2', options: { response } }, token, secrets: [response, token] };
}

async function tokenOf(
  { accessToken }: Extract<SmtpAuth, { accessToken: unknown }>,
  settings: SmtpSettings,
  refused: string | undefined,
): Promise<string> {
  if (typeof accessToken === 'string') return accessToken;
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('It did not answer in time')), settings.timeouts.command);
    });
    return await Promise.race([accessToken(refused), late]);
  } catch (error) {
    if (error instanceof MailError) throw error;
    throw failed(settings, 'auth.accessToken gave no token', error);
  } finally {
    clearTimeout(timer);
  }
}

function isTokenFunction(auth: SmtpAuth): boolean {
  return 'accessToken' in auth && typeof auth.accessToken === 'function';
}

function failed({ endpoint }: SmtpSettings, why: string, cause?: unknown): SmtpError {
  const details = { code: 'EAUTH', reason: 'credentials', ...(cause !== undefined && { cause }) };
  return new SmtpError('auth', `Cannot log in to ${endpoint}: ${why}`, details);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
