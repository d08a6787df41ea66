import type { Socket } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { systemCode, why } from './nodemailer-errors.js';
import { NodemailerSmtpConversation } from './nodemailer.smtp-conversation.js';
import { onAbort } from './on-abort.js';
import type { SmtpConversation } from './smtp-conversation.interface.js';
import { dial } from './smtp-dialer.js';
import { givenUp, lost } from './smtp-errors.js';
import { logIn, needsTlsToLogIn, tokenLogin } from './smtp-login.js';
import type { SmtpSettings } from './smtp-settings.js';
import { SmtpError } from './smtp.error.js';

/** Connects, greets, encrypts and logs in. The signal gives up. @throws SmtpError */
export async function openNodemailerConversation(
  settings: SmtpSettings,
  signal: AbortSignal,
): Promise<SmtpConversation> {
  try {
    return await open(settings, signal, settings.tls);
  } catch (error) {
    // RFC 7435: a server whose TLS is broken is no reason to send nothing, where clear text is good enough.
    const tryInClear = settings.tls === 'opportunistic' && !needsTlsToLogIn(settings);
    if (!tryInClear || !(error instanceof SmtpError) || error.phase !== 'tls') throw error;
    return await open(settings, signal, 'never');
  }
}

async function open(settings: SmtpSettings, signal: AbortSignal, tls: SmtpSettings['tls']): Promise<SmtpConversation> {
  const socket = await connected(settings, signal);
  const connection = new SMTPConnection({
    connection: socket,
    host: settings.host,
    port: settings.port,
    name: settings.name,
    secure: tls === 'implicit',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'never',
    tls: tlsOptions(settings),
    connectionTimeout: NO_LIMIT,
    greetingTimeout: settings.timeouts.greeting,
    socketTimeout: settings.timeouts.command,
    // Closing is closing: a socket that waits for the other side would keep the process alive.
    socketCloseTimeout: 0,
    customAuth: { ...tokenLogin },
  });
  const conversation = new NodemailerSmtpConversation(connection, settings);
  const stopListening = onAbort(signal, () => conversation.destroy());
  try {
    await conversation.connect();
    await logIn(conversation, connection.secure, settings);
    conversation.begin();
    return conversation;
  } catch (error) {
    conversation.destroy();
    throw signal.aborted ? givenUp(settings.endpoint, 'connect', signal.reason) : error;
  } finally {
    stopListening();
  }
}

/** Nodemailer's own limit on connecting also cuts the greeting short; ours are separate. Milliseconds. */
const NO_LIMIT = 24 * 60 * 60 * 1000;

async function connected(settings: SmtpSettings, signal: AbortSignal): Promise<Socket> {
  try {
    return await dial(settings, settings.timeouts.connect, signal);
  } catch (error) {
    if (signal.aborted) throw givenUp(settings.endpoint, 'connect', signal.reason);
    const code = systemCode(error as Error);
    throw lost(settings.endpoint, 'connect', code, why(error as Error, code), error);
  }
}

function tlsOptions(settings: SmtpSettings): SmtpSettings['tlsOptions'] {
  if (settings.tls !== 'opportunistic' || needsTlsToLogIn(settings)) return settings.tlsOptions;
  return { rejectUnauthorized: false, ...settings.tlsOptions };
}
