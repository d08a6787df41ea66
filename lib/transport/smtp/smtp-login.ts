import { createHmac } from 'node:crypto';
import { MailError } from '../../errors/mail.error.js';
import { unexpected } from './smtp-errors.js';
import type { SmtpSettings } from './smtp-settings.js';
import type { SmtpAuth } from './smtp-transport-options.interface.js';
import { SmtpError, type SmtpPhase } from './smtp.error.js';

/** A connection that can log in. */
export interface SmtpLoginTarget {
  readonly extensions: ReadonlyMap<string, string>;
  readonly secure: boolean;
  readonly closed: boolean;
  ask(command: string, phase: SmtpPhase, timeout: number): Promise<string>;
}

/**
 * Logs in when the settings say so (RFC 4954); a token that is refused with 535 is asked for once more.
 *
 * @throws SmtpError, or the `MailError` of a token function
 */
export async function logIn(target: SmtpLoginTarget, settings: SmtpSettings): Promise<void> {
  const { auth } = settings;
  if (!auth) return;
  if (!target.secure && needsTlsToLogIn(settings)) {
    throw failed(settings, 'the connection is not encrypted, so the password was not sent');
  }
  if (!target.extensions.has('AUTH')) throw failed(settings, 'the server offers no AUTH on this connection');
  if ('pass' in auth) return logInWith(mechanismFor(target, settings), target, settings, auth.user, auth.pass);
  const token = await tokenOf(auth, settings);
  try {
    await logInWith('XOAUTH2', target, settings, auth.user, token);
  } catch (error) {
    if (typeof auth.accessToken !== 'function' || target.closed) throw error;
    if (!(error instanceof SmtpError) || error.replyCode !== 535) throw error;
    await logInWith('XOAUTH2', target, settings, auth.user, await tokenOf(auth, settings, token));
  }
}

type Mechanism = 'PLAIN' | 'LOGIN' | 'CRAM-MD5' | 'XOAUTH2';

/** What a mechanism says first, and then to each challenge of the server's, in base64. */
const MECHANISMS: Readonly<
  Record<
    Mechanism,
    (user: string, secret: string) => { first?: string; answer(challenge: Buffer, turn: number): string }
  >
> = {
  // RFC 4616; a server that overlooks what came with the command asks for it.
  PLAIN: (user, pass) => ({ first: base64(`\0${user}\0${pass}`), answer: () => base64(`\0${user}\0${pass}`) }),
  // https://datatracker.ietf.org/doc/html/draft-murchison-sasl-login-00
  LOGIN: (user, pass) => ({ answer: (_, turn) => base64(turn === 0 ? user : pass) }),
  // RFC 2195
  'CRAM-MD5': (user, pass) => ({
    answer: (challenge) => base64(`${user} ${createHmac('md5', pass).update(challenge).digest('hex')}`),
  }),
  // https://developers.google.com/workspace/gmail/imap/xoauth2-protocol: a refusal may come as a challenge that says why; the empty line
  // fetches the 535.
  XOAUTH2: (user, token) => ({ first: base64(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`), answer: () => '' }),
};

function mechanismFor({ extensions }: SmtpLoginTarget, settings: SmtpSettings): Mechanism {
  if (settings.authMethod) return settings.authMethod;
  const offered = extensions.get('AUTH')!.toUpperCase().split(' ');
  const known = (['PLAIN', 'LOGIN', 'CRAM-MD5'] as const).find((mechanism) => offered.includes(mechanism));
  if (known) return known;
  const words = offered.join(' ').replace(/[^ -~]/g, '?').slice(0, 100); // prettier-ignore
  throw failed(settings, `the server offers AUTH ${words}, and a password needs PLAIN, LOGIN or CRAM-MD5`);
}

async function logInWith(
  mechanism: Mechanism,
  target: SmtpLoginTarget,
  { endpoint, timeouts, exceptions }: SmtpSettings,
  user: string,
  secret: string,
): Promise<void> {
  const { first, answer: toChallenge } = MECHANISMS[mechanism](user, secret);
  const said = new Set([secret, base64(secret), ...(first ? [first] : [])]);
  const ask = async (command: string): Promise<string> =>
    redacted(await target.ask(command, 'auth', timeouts.command), [...said]);
  let answer = await ask(`AUTH ${mechanism}${first === undefined ? '' : ` ${first}`}`);
  for (let turn = 0; answer.startsWith('334') && turn < MOST_CHALLENGES; turn++) {
    const reply = toChallenge(Buffer.from(answer.slice(4).trim(), 'base64'), turn);
    if (reply) said.add(reply);
    answer = await ask(reply);
  }
  if (!answer.startsWith('235')) throw unexpected(endpoint, 'auth', answer, exceptions);
}

const MOST_CHALLENGES = 3;

/** A password goes over a verified connection, to this very machine, or where the application has said `never`. */
export function needsTlsToLogIn({ auth, loopback, tls }: Pick<SmtpSettings, 'auth' | 'loopback' | 'tls'>): boolean {
  return auth !== undefined && !loopback && tls !== 'never';
}

/** Takes secrets out of a server's words: it may repeat what it was told. */
function redacted(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

async function tokenOf(
  { accessToken }: Extract<SmtpAuth, { accessToken: unknown }>,
  settings: SmtpSettings,
  refused?: string,
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

function failed({ endpoint }: SmtpSettings, why: string, cause?: unknown): SmtpError {
  const details = { code: 'EAUTH', reason: 'credentials', ...(cause !== undefined && { cause }) };
  return new SmtpError('auth', `Cannot log in to ${endpoint}: ${why}`, details);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
