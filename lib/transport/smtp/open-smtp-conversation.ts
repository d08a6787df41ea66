import { isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { ehloExtensions } from './ehlo-extensions.js';
import { onAbort } from './on-abort.js';
import { SmtpConnection } from './smtp-connection.js';
import type { SmtpConversation } from './smtp-conversation.interface.js';
import { dial } from './smtp-dialer.js';
import { broken, givenUp, lost, unexpected } from './smtp-errors.js';
import { logIn, needsTlsToLogIn } from './smtp-login.js';
import type { SmtpSettings } from './smtp-settings.js';
import { SmtpError, type SmtpPhase } from './smtp.error.js';

/** Connects, greets, encrypts and logs in. The signal gives up. @throws SmtpError */
export async function openSmtpConversation(settings: SmtpSettings, signal: AbortSignal): Promise<SmtpConversation> {
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
  const connection = new SmtpConnection(await connected(settings, signal), settings);
  const stopListening = onAbort(signal, () => connection.destroy());
  try {
    await begin(connection, settings, tls);
    await logIn(connection, settings);
    // Sent away in the same breath.
    if (connection.closed) throw lost(settings.endpoint, 'ehlo', 'ECONNECTION', 'the server closed it');
    return connection;
  } catch (error) {
    connection.destroy();
    throw signal.aborted ? givenUp(settings.endpoint, 'connect', signal.reason) : error;
  } finally {
    stopListening();
  }
}

async function connected(settings: SmtpSettings, signal: AbortSignal): Promise<Socket> {
  try {
    return await (settings.connect?.(signal) ?? dial(settings, settings.timeouts.connect, signal));
  } catch (error) {
    if (signal.aborted) throw givenUp(settings.endpoint, 'connect', signal.reason);
    throw broken(settings.endpoint, 'connect', error as Error);
  }
}

/** Greeting, EHLO and TLS: RFC 5321 section 3.1, RFC 3207. */
async function begin(connection: SmtpConnection, settings: SmtpSettings, tls: SmtpSettings['tls']): Promise<void> {
  const { endpoint, timeouts } = settings;
  const encrypt = (): Promise<void> => connection.encrypt(tlsOptions(settings), timeouts.greeting, settings.checkPeer);
  if (tls === 'implicit') await encrypt();
  good('greeting', await connection.ask(undefined, 'greeting', timeouts.greeting), settings);
  await sayHello(connection, settings);
  if (tls === 'implicit' || tls === 'never') return;
  if (connection.extensions.has('STARTTLS')) {
    good('tls', await connection.ask('STARTTLS', 'tls', timeouts.command), settings);
    await encrypt();
    // What was offered in clear may be somebody else's words.
    await sayHello(connection, settings);
  } else if (tls === 'required') {
    const because = settings.tlsBecause ?? "tls is 'required'";
    throw lost(endpoint, 'tls', 'ETLS', `the server does not offer STARTTLS, and ${because}`);
  }
}

async function sayHello(connection: SmtpConnection, settings: SmtpSettings): Promise<void> {
  const { command } = settings.timeouts;
  const name = settings.name ?? ownName();
  const answer = await connection.ask(`EHLO ${name}`, 'ehlo', command);
  // RFC 5321 section 3.2: a server from before 1995 is greeted as it was then.
  if (answer.startsWith('5')) good('ehlo', await connection.ask(`HELO ${name}`, 'ehlo', command), settings);
  else good('ehlo', answer, settings);
  connection.extensions = answer.startsWith('5') ? new Map() : ehloExtensions(answer);
}

function good(phase: SmtpPhase, answer: string, { endpoint, exceptions }: SmtpSettings): void {
  if (!answer.startsWith('2')) throw unexpected(endpoint, phase, answer, exceptions);
}

/** RFC 5321 section 4.1.4: who has no name that others can look up gives an address. */
function ownName(): string {
  const name = hostname().toLowerCase();
  if (isIP(name) === 4) return `[${name}]`;
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name) ? name : '[127.0.0.1]';
}

function tlsOptions(settings: SmtpSettings): SmtpSettings['tlsOptions'] {
  const { host } = settings;
  const unverified = settings.tls === 'opportunistic' && !needsTlsToLogIn(settings);
  return {
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(unverified && { rejectUnauthorized: false }),
    ...settings.tlsOptions,
  };
}
