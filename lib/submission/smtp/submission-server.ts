import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type {
  SMTPServer,
  SMTPServerAuthentication,
  SMTPServerAuthenticationResponse,
  SMTPServerDataStream,
  SMTPServerOptions,
  SMTPServerSession,
} from 'smtp-server';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { ConnectionSlots } from './connection-slots.js';
import type { SmtpLibrary } from './load-smtp-server.js';
import type { ListenSettings, SubmissionSettings } from './read-submission-options.js';
import type { SubmissionTls } from './relay-submission-options.interface.js';
import { type ConnectionContext, type SubmissionConnection, submissionConnection } from './submission-connection.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import { tlsOptionsOf } from './tls-options.js';

type Callback<T = void> = (error?: Error | null, result?: T) => void;

/** One listener: smtp-server, with connections of our own. */
export class SubmissionServer {
  readonly #server: SMTPServer;
  readonly #open = new Set<SubmissionConnection>();
  readonly #sessions = new WeakMap<SMTPServerSession, SubmissionConnection>();
  readonly #context: ConnectionContext & { readonly slots: ConnectionSlots };
  readonly #listen: ListenSettings;

  /** @throws RelayConfigurationError for a certificate that cannot be used */
  constructor(
    { SMTPServer, SMTPConnection }: SmtpLibrary,
    listen: ListenSettings,
    tls: SubmissionTls | undefined,
    context: ConnectionContext & { readonly slots: ConnectionSlots },
  ) {
    this.#context = context;
    this.#listen = listen;
    const Connection = submissionConnection(SMTPConnection);
    const accept = (socket: Socket, handshake: boolean): boolean => this.#accept(socket, handshake);
    const connect = (
      server: SMTPServer,
      socket: Socket | TLSSocket,
      options: ConstructorParameters<typeof SMTPConnection>[2],
    ) => {
      const connection = new Connection(server, socket, options, context);
      this.#open.add(connection);
      this.#sessions.set(connection.session, connection);
      socket.once('close', () => this.#open.delete(connection));
      server.connections.add(connection);
      // A client that hangs up is no news.
      connection.on('error', () => {});
      connection.init();
    };
    const Listener = class extends SMTPServer {
      override _acceptSocket(socket: Socket, handshake: boolean): ReturnType<SMTPServer['_acceptSocket']> {
        const release = accept(socket, handshake) && super._acceptSocket(socket, handshake);
        if (!release || !handshake) return release;
        // Only ever the TLS socket on top: to take the one below away in the middle of a handshake kills the process.
        const late = () => this._pendingSockets.get(socket)?.destroy();
        const timer = setTimeout(late, context.settings.loginTimeout).unref();
        socket.once('close', () => clearTimeout(timer));
        return () => {
          clearTimeout(timer);
          release();
        };
      }

      /** A TLS socket on one that is gone kills the process, too. */
      override _upgrade(socket: Socket, callback: Parameters<SMTPServer['_upgrade']>[1]): void {
        if (socket.destroyed) callback(GONE);
        else super._upgrade(socket, callback);
      }

      override connect(socket: Socket | TLSSocket, options?: ConstructorParameters<typeof SMTPConnection>[2]): void {
        connect(this, socket, options);
      }
    };
    this.#server = new Listener({
      ...this.#options(context.settings),
      ...tlsOptionsOf(listen.tls === 'none' ? undefined : tls),
    });
    this.#server.on('error', () => {});
  }

  /** @throws RelayConfigurationError for a port that cannot be had */
  async start(option: string): Promise<void> {
    const { port, host } = this.#listen;
    const { server } = this.#server;
    try {
      server.listen({ port, ...(host !== undefined && { host }), backlog: BACKLOG });
      await once(server, 'listening');
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      const where = host === undefined ? `port ${port}` : `${host} port ${port}`;
      throw new RelayConfigurationError(option, `cannot listen on ${where}: ${WHY[code] ?? message}`, error);
    }
  }

  get address(): { port: number; host: string; tls: ListenSettings['tls'] } {
    const { port, address } = this.#server.server.address() as AddressInfo;
    return { port, host: address, tls: this.#listen.tls };
  }

  /** For new connections. @throws RelayConfigurationError */
  useTls(tls: SubmissionTls): void {
    if (this.#listen.tls !== 'none') this.#server.updateSecureContext(tlsOptionsOf(tls));
  }

  /** Takes no more connections, lets messages under way come to their end, and hangs up. @param within milliseconds */
  async close(within: number): Promise<void> {
    const { server } = this.#server;
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#server._pendingSockets.values()) socket.destroy();
    for (const connection of this.#open) connection.leave();
    const stop = new AbortController();
    const late = sleep(within, undefined, { signal: stop.signal }).catch(() => {});
    await Promise.race([closed, late]);
    stop.abort();
    for (const connection of this.#open) connection.breakOff();
    await closed;
  }

  #accept(socket: Socket, handshake: boolean): boolean {
    const { slots, desk, settings } = this.#context;
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
    socket.on('error', () => {});
    if (slots.take(address, desk.isTrusted(address))) {
      socket.once('close', () => slots.give(address));
      return true;
    }
    // Within TLS nothing can be said yet.
    if (handshake) socket.destroy();
    else {
      socket.end(`421 ${settings.name} Too many connections, try again later\r\n`);
      socket.resume();
      setTimeout(() => socket.destroy(), GOODBYE).unref();
    }
    return false;
  }

  #options(settings: SubmissionSettings): SMTPServerOptions {
    const { tls } = this.#listen;
    return {
      name: settings.name,
      heloResponse: '%s',
      logger: false,
      secure: tls === 'implicit',
      size: settings.maxSize,
      maxRecipients: settings.maxRecipients,
      socketTimeout: settings.idleTimeout,
      maxCommandLength: LONGEST_COMMAND,
      authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'],
      authOptional: true,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      hideDSN: false,
      disabledCommands: [
        ...JESTS,
        ...(tls === 'starttls' ? [] : ['STARTTLS']),
        ...(settings.authenticator === undefined ? ['AUTH'] : []),
      ],
      onAuth: (auth, session, callback) =>
        this.#answer(session, callback, (connection) => this.#logIn(connection, auth)),
      onMailFrom: ({ address }, session, callback) =>
        this.#answer(session, callback, async (connection) => {
          this.#context.desk.checkSender(connection.client, address, session.envelope.smtpUtf8 === true);
          connection.transactionBegan();
        }),
      onRcptTo: ({ address }, session, callback) =>
        this.#answer(session, callback, async () => {
          this.#context.desk.checkRecipient(address, session.envelope.smtpUtf8 === true);
        }),
      onData: (stream, session, callback) =>
        this.#answer(session, callback, (connection) => this.#receive(connection, stream)),
    };
  }

  async #logIn(
    connection: SubmissionConnection,
    auth: SMTPServerAuthentication,
  ): Promise<SMTPServerAuthenticationResponse> {
    const { method, username = '', password, accessToken, authzid, authcid } = auth;
    // RFC 4616: nobody may act for another.
    const acts = authzid && authcid && authzid !== authcid;
    const user = acts
      ? null
      : await this.#context.desk.logIn({
          method,
          username,
          ...(typeof password === 'string' && { password }),
          ...(accessToken !== undefined && { accessToken }),
          remoteAddress: connection.remoteAddress,
          secure: connection.secure,
        });
    if (user) {
      connection.loggedIn();
      return { user };
    }
    const refusal = new SmtpRefusalError(535, '5.7.8', 'The name or password is wrong', {
      closes: connection.loginFailed(),
    });
    // XOAUTH2 has its refusal after one more line of the client's.
    if (method !== 'XOAUTH2' || refusal.closes) throw refusal;
    return { data: { status: '401', schemes: 'bearer' } };
  }

  async #receive(connection: SubmissionConnection, stream: SMTPServerDataStream): Promise<string> {
    const { desk, settings } = this.#context;
    const message = desk.openMessage();
    const { client, transaction } = connection;
    try {
      await new Promise<void>((resolve, reject) => {
        stream.on('data', (chunk: Buffer) => {
          message.write(chunk);
          // A client that does not stop is not listened to.
          if (message.received > settings.maxSize * PATIENCE) connection.dismiss(message.refusal!);
        });
        stream.once('end', resolve);
        stream.once('error', reject);
        stream.once('close', () => reject(GONE));
      });
    } catch {
      message.release();
      throw GONE;
    }
    const answer = await desk.take(message, client, transaction);
    connection.messageTaken();
    return answer;
  }

  /** What is not refused is answered by the callback; whatever happens, the client is not left without an answer. */
  #answer<T>(
    session: SMTPServerSession,
    callback: Callback<T>,
    work: (connection: SubmissionConnection) => Promise<T>,
  ): void {
    const connection = this.#sessions.get(session)!;
    work(connection)
      .then(
        (result) => callback(null, result),
        (error: unknown) => {
          if (error === GONE) return;
          const refusal = this.#context.desk.refusal(error);
          if (refusal.closes) connection.dismiss(refusal);
          else callback(refusal);
        },
      )
      .catch((error: unknown) => connection.dismiss(this.#context.desk.refusal(error)));
  }
}

/** The client is gone, and its message with it. */
const GONE = new SmtpRefusalError(421, '4.4.2', 'The connection was lost');

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. Stop it, or choose another port',
  EACCES: 'this user may not. Ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE)',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** What smtp-server answers, and nobody needs. */
const JESTS = ['WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'];

/** In bytes: an AUTH line with its answer has 12,288 (RFC 4954 section 4); tokens of XOAUTH2 may be longer. */
const LONGEST_COMMAND = 16 * 1024;

/** So many times the limit is read of a message that is too large, so that its client hears why. */
const PATIENCE = 4;

/** Connections that wait to be accepted: where there is no room, a client takes itself for connected, and hears nothing for long. The kernel may allow less. */
const BACKLOG = 4_096;

/** Milliseconds. */
const GOODBYE = 1_000;
