import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { SMTPServer, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { ConnectionSlots } from './connection-slots.js';
import type { SmtpLibrary } from './load-smtp-server.js';
import type { ListenSettings, SubmissionSettings } from './read-submission-options.js';
import type { SubmissionTls } from './relay-submission-options.interface.js';
import { type ConnectionContext, type SubmissionConnection, submissionConnection } from './submission-connection.js';
import { GONE, handlersOf } from './submission-handlers.js';
import { tlsOptionsOf } from './tls-options.js';

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
      ...(listen.tls !== 'none' && tlsOptionsOf(tls)),
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
  useTls(tls: SubmissionTls | undefined): void {
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
      ...handlersOf(this.#context, (session) => this.#sessions.get(session)!),
    };
  }
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. Stop it, or choose another port',
  EACCES: 'this user may not. Ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE)',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** What smtp-server answers, and nobody needs. */
const JESTS = ['WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'];

/** In bytes: an AUTH line with its answer has 12,288 (RFC 4954 section 4); tokens of XOAUTH2 may be longer. */
const LONGEST_COMMAND = 16 * 1024;

/** Connections that wait to be accepted: where there is no room, a client takes itself for connected, and hears nothing for long. The kernel may allow less. */
const BACKLOG = 4_096;

/** Milliseconds. */
const GOODBYE = 1_000;
