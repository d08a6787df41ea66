import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SMTPServer } from 'smtp-server';
import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { isLoopback } from '../../dns/ip-address.js';
import type { NotifyWhen } from '../../mail/delivery-notifications.interface.js';
import { readMessages } from './message-end.js';
import type { Envelope } from './message-intake.js';
import { parsePath } from './parse-path.js';
import type { SubmissionSettings } from './read-submission-options.js';
import { refuseBareLineFeeds } from './refuse-bare-line-feeds.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';
import type { SubmissionUser } from './submission-authenticator.js';
import type { SubmissionClient, SubmissionDesk } from './submission-desk.js';

/** One client's connection. */
export interface SubmissionConnection extends SMTPConnection {
  readonly client: SubmissionClient;
  readonly transaction: Envelope;
  /** A login failed. `true`: once too often. */
  loginFailed(): boolean;
  loggedIn(): void;
  /** MAIL was taken: from now on its message has so long. */
  transactionBegan(): void;
  messageTaken(): void;
  /** Answers, and hangs up. */
  dismiss(refusal: SmtpRefusalError): void;
  /** Hangs up with 421 as soon as no transaction is under way. */
  leave(): void;
  /** Hangs up without a word. */
  breakOff(): void;
}

export interface ConnectionContext {
  readonly settings: SubmissionSettings;
  readonly desk: SubmissionDesk;
}

type ConnectionClass = new (
  server: SMTPServer,
  socket: Socket | TLSSocket,
  options: ConstructorParameters<typeof SMTPConnection>[2],
  context: ConnectionContext,
) => SubmissionConnection;

/**
 * smtp-server's connection, as a relay open to the world needs it: greets at once, gives enhanced status codes of its own, takes nothing but
 * CRLF for a line end, reads addresses as the relay does, and counts and times whatever a client could do without end.
 */
export function submissionConnection(Base: typeof SMTPConnection): ConnectionClass {
  return class extends Base implements SubmissionConnection {
    readonly #settings: SubmissionSettings;
    readonly #isTrusted: boolean;
    #errors = 0;
    #loginFailures = 0;
    #idleCommands = 0;
    #refusedRecipients = 0;
    #isLeaving = false;
    /** The TLS socket, while its handshake is under way too: the one below must not be taken away from it. */
    #topSocket?: Socket;
    #loginTimer?: NodeJS.Timeout;
    #messageTimer?: NodeJS.Timeout;

    constructor(...[server, socket, options, { settings, desk }]: ConstructorParameters<ConnectionClass>) {
      super(server, socket, options);
      this.#settings = settings;
      this.#isTrusted = desk.isTrusted(this.remoteAddress);
    }

    /** Without the 100 milliseconds that it waits for those who speak first. */
    override init(): void {
      if (!this.#isTrusted)
        this.#loginTimer = setTimeout(
          () => this.dismiss(new SmtpRefusalError(421, '4.4.2', 'You did not log in in time')),
          this.#settings.loginTimeout,
        ).unref();
      this._setListeners(() => this.connectionReady());
    }

    /** A text that begins with an enhanced status code has its own. AUTH is only offered where it would be taken. */
    override send(code: number, data?: string | string[] | null, context?: string | false): void {
      const lines = Array.isArray(data) ? data.filter((line) => !line.startsWith('AUTH ') || this.#mayLogIn) : data;
      super.send(code, lines, typeof lines === 'string' && ENHANCED.test(lines) ? false : context);
      if (code < 500 || this._closing) return;
      if (++this.#errors >= this.#settings.maxErrors) super.send(421, '4.7.0 Too many errors', false);
    }

    get client(): SubmissionClient {
      const user = (this.session.user || undefined) as SubmissionUser | undefined;
      const mayStartTls = !this.secure && this._isSupported('STARTTLS');
      return { address: this.remoteAddress, secure: this.secure, mayStartTls, ...(user && { user }) };
    }

    get transaction(): Envelope {
      const { envelope, id, transaction, hostNameAppearsAs, transmissionType } = this.session;
      const { ret, envid } = envelope.dsn ?? {};
      return {
        from: envelope.mailFrom ? envelope.mailFrom.address : '',
        to: envelope.rcptTo.map(({ address, dsn }) => ({
          address,
          ...(dsn?.notify && { notify: dsn.notify as NotifyWhen[] }),
          ...(dsn?.orcpt !== undefined && { orcpt: dsn.orcpt }),
        })),
        ...(ret && { ret: ret as 'FULL' | 'HDRS' }),
        ...(envid && { envid }),
        helo: hostNameAppearsAs,
        protocol: envelope.smtpUtf8 ? transmissionType.replace(/^E?SMTP/, 'UTF8SMTP') : transmissionType,
        id: `${id}.${transaction}`,
      };
    }

    loginFailed(): boolean {
      return ++this.#loginFailures >= this.#settings.maxLoginFailures;
    }

    loggedIn(): void {
      clearTimeout(this.#loginTimer);
    }

    transactionBegan(): void {
      this.#messageTimer ??= setTimeout(() => this.#messageIsLate(), this.#settings.messageTimeout).unref();
    }

    messageTaken(): void {
      this.#errors = this.#idleCommands = this.#refusedRecipients = 0;
    }

    dismiss({ responseCode, message }: SmtpRefusalError): void {
      if (this._closing || this._closed) return;
      super.send(responseCode, message, false);
      this.close();
    }

    leave(): void {
      this.#isLeaving = true;
      if (!this.#isBusy) this.dismiss(LEAVING);
    }

    breakOff(): void {
      (this.#topSocket ?? this._socket).destroy();
    }

    /** A handshake that is under way cannot be answered. */
    override close(): void {
      super.close();
      if (this._upgrading) this.breakOff();
    }

    /** Of whatever socket is on top from now on. */
    override _armTimeout(socket: Socket = this._socket): void {
      this.#topSocket = socket;
      super._armTimeout(socket);
    }

    /** No line but one that ends with CRLF is a command (RFC 5321 section 2.3.8). Called by the constructor of the base, too. */
    override _createParser(): ReturnType<SMTPConnection['_createParser']> {
      const parser = super._createParser();
      readMessages(parser);
      refuseBareLineFeeds(parser, () => this.dismiss(new SmtpRefusalError(500, '5.5.2', 'A command ends with CRLF')));
      return parser;
    }

    override _onCommand(command: Buffer, callback?: () => void): void {
      if (this.#isLeaving && !this.#isBusy) return this.dismiss(LEAVING);
      const verb = command.toString('latin1', 0, 5).trimEnd().toUpperCase();
      if (!this._nextHandler && !WORK.has(verb) && ++this.#idleCommands > MOST_IDLE)
        return this.dismiss(new SmtpRefusalError(421, '4.7.0', 'Too many commands without a message'));
      super._onCommand(command, callback);
    }

    override handler_AUTH(command: Buffer, callback: () => void): void {
      if (this.#mayLogIn && !this.session.envelope.mailFrom) return super.handler_AUTH(command, callback);
      // RFC 4954 sections 4 and 6.
      if (this.#mayLogIn) this.send(503, '5.5.1 No AUTH within a transaction');
      else this.send(538, '5.7.11 Encryption is required to log in');
      callback();
    }

    override handler_MAIL(command: Buffer, callback: () => void): void {
      this.#refusing(() => super.handler_MAIL(command, callback), callback);
    }

    override handler_RCPT(command: Buffer, callback: () => void): void {
      const { rcptTo } = this.session.envelope;
      if (rcptTo.length >= this.#settings.maxRecipients && ++this.#refusedRecipients > MOST_OVER)
        return this.dismiss(new SmtpRefusalError(421, '4.5.3', 'Too many recipients'));
      this.#refusing(() => super.handler_RCPT(command, callback), callback);
    }

    override _parseAddressCommand(
      name: string,
      command: Buffer | string,
    ): { address: string; args: Record<string, string | true> | false } {
      const verb = name.toUpperCase() === 'MAIL FROM' ? 'MAIL FROM' : 'RCPT TO';
      const { address, parameters } = parsePath(verb, command.toString(), this.name);
      if (verb === 'RCPT TO') this.#tellApart(address);
      return { address, args: parameters };
    }

    /** At the end of each transaction, too. */
    override _resetSession(): void {
      super._resetSession();
      clearTimeout(this.#messageTimer);
      this.#messageTimer = undefined;
      // After the answer that follows.
      if (this.#isLeaving) setImmediate(() => this.leave());
    }

    /** After each command. */
    override _whenWritable(next: () => void): void {
      if (this.#isLeaving && !this.#isBusy) this.dismiss(LEAVING);
      super._whenWritable(next);
    }

    override _onClose(): void {
      clearTimeout(this.#loginTimer);
      clearTimeout(this.#messageTimer);
      super._onClose();
    }

    get #mayLogIn(): boolean {
      return this.secure || (isLoopback(this.localAddress) && !this._isSupported('STARTTLS'));
    }

    get #isBusy(): boolean {
      return Boolean(this._handlerPending || this._dataStream || this.session.envelope?.mailFrom);
    }

    /** A client that has said all waits for us, and is not late. */
    #messageIsLate(): void {
      if (this._dataStream && this._parser && !this._parser._dataMode) return;
      this.dismiss(new SmtpRefusalError(421, '4.4.2', 'The message did not come in time'));
    }

    /** smtp-server takes the second for the first where only their case differs, which may be two mailboxes (RFC 5321 section 2.4). */
    #tellApart(address: string): void {
      // A later 3.x may do without it.
      if (!(this._rcptIndex instanceof Map)) return;
      const key = address.toLowerCase();
      const index = this._rcptIndex.get(key);
      if (index !== undefined && this.session.envelope.rcptTo[index]?.address !== address) this._rcptIndex.delete(key);
    }

    #refusing(handle: () => void, callback: () => void): void {
      try {
        handle();
      } catch (error) {
        if (!(error instanceof SmtpRefusalError)) throw error;
        this.send(error.responseCode, error.message);
        callback();
      }
    }
  };
}

const LEAVING = new SmtpRefusalError(421, '4.3.2', 'The server is shutting down');

/** RFC 3463. */
const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3} /;

/** Commands that lead to a message; the others may be said so often. */
const WORK: ReadonlySet<string> = new Set(['MAIL', 'RCPT', 'DATA', 'QUIT']);
const MOST_IDLE = 100;

/** RCPT commands over the limit. */
const MOST_OVER = 1_000;
