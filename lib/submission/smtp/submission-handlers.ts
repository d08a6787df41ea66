import type {
  SMTPServerAuthentication,
  SMTPServerAuthenticationResponse,
  SMTPServerDataStream,
  SMTPServerOptions,
  SMTPServerSession,
} from 'smtp-server';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { ConnectionContext, SubmissionConnection } from './submission-connection.js';

type Handlers = Required<Pick<SMTPServerOptions, 'onAuth' | 'onMailFrom' | 'onRcptTo' | 'onData'>>;

/** smtp-server's questions, answered by the desk. */
export function handlersOf(
  { desk, settings }: ConnectionContext,
  connectionOf: (session: SMTPServerSession) => SubmissionConnection,
): Handlers {
  /** Whatever happens, the client is not left without an answer. */
  const answer = async <T>(
    session: SMTPServerSession,
    callback: (error?: Error | null, result?: T) => void,
    work: (connection: SubmissionConnection) => T | Promise<T>,
  ): Promise<void> => {
    const connection = connectionOf(session);
    let result: T | undefined;
    let refusal: SmtpRefusalError | undefined;
    try {
      result = await work(connection);
    } catch (error) {
      refusal = desk.refusal(error);
    }
    if (refusal === GONE) return;
    if (refusal?.closes) return connection.dismiss(refusal);
    try {
      callback(refusal ?? null, result);
    } catch (error) {
      connection.dismiss(desk.refusal(error));
    }
  };
  return {
    onAuth: (auth, session, callback) =>
      void answer(session, callback, async (connection) => {
        const response = await logIn(desk, connection, auth);
        if (response.user) connection.loggedIn();
        return response;
      }),
    onMailFrom: ({ address }, session, callback) =>
      void answer(session, callback, (connection) => {
        desk.checkSender(connection.client, address, session.envelope.smtpUtf8 === true);
        connection.transactionBegan();
      }),
    onRcptTo: ({ address }, session, callback) =>
      void answer(session, callback, () => desk.checkRecipient(address, session.envelope.smtpUtf8 === true)),
    onData: (stream, session, callback) =>
      void answer(session, callback, async (connection) => {
        const taken = await receive(desk, connection, stream, settings.maxSize * PATIENCE);
        connection.messageTaken();
        return taken;
      }),
  };
}

/** The client is gone, and its message with it. */
export const GONE = new SmtpRefusalError(421, '4.4.2', 'The connection was lost');

async function logIn(
  desk: ConnectionContext['desk'],
  connection: SubmissionConnection,
  { method, username = '', password, accessToken, authzid, authcid }: SMTPServerAuthentication,
): Promise<SMTPServerAuthenticationResponse> {
  // RFC 4616: nobody may act for another.
  const actsForAnother = authzid && authcid && authzid !== authcid;
  const user = actsForAnother
    ? null
    : await desk.logIn({
        method,
        username,
        ...(typeof password === 'string' && { password }),
        ...(accessToken !== undefined && { accessToken }),
        remoteAddress: connection.remoteAddress,
        secure: connection.secure,
      });
  if (user) return { user };
  const closes = connection.loginFailed();
  // XOAUTH2 has its refusal after one more line of the client's.
  if (method === 'XOAUTH2' && !closes) return { data: { status: '401', schemes: 'bearer' } };
  throw new SmtpRefusalError(535, '5.7.8', 'The name or password is wrong', { closes });
}

/** The answer to a message, once all of it has come. @param most bytes; a client that does not stop is not listened to */
async function receive(
  desk: ConnectionContext['desk'],
  connection: SubmissionConnection,
  stream: SMTPServerDataStream,
  most: number,
): Promise<string> {
  const message = desk.openMessage();
  const { client, transaction } = connection;
  try {
    await new Promise<void>((resolve, reject) => {
      stream.on('data', (chunk: Buffer) => {
        message.write(chunk);
        if (message.received > most) connection.dismiss(message.refusal!);
      });
      stream.once('end', resolve);
      stream.once('error', reject);
      stream.once('close', () => reject(GONE));
    });
  } catch {
    message.release();
    throw GONE;
  }
  return desk.take(message, client, transaction);
}

/** So many times the limit is read of a message that is too large, so that its client hears why. */
const PATIENCE = 4;
