import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { gatherWrites } from '../../gather-writes.js';
import { Deadline } from './deadline.js';
import { onAbort } from './on-abort.js';
import { ReplyReader } from './reply-reader.js';
import type { SmtpAnswer, SmtpConversation, SmtpEnvelope, SmtpGuard } from './smtp-conversation.interface.js';
import { broken, lost, timedOut } from './smtp-errors.js';
import { parseReply } from './smtp-reply.js';
import type { SmtpExchange } from './smtp-exchange.interface.js';
import type { SmtpSettings } from './smtp-settings.js';
import { SmtpTransaction, type SmtpTransactionHost } from './smtp-transaction.js';
import type { SmtpError, SmtpPhase } from './smtp.error.js';

/**
 * {@link SmtpConversation} over a socket. Answers come in the order of what was asked, so what is asked stands in a line; only the first
 * in it waits for the server, and only its time runs.
 */
export class SmtpConnection implements SmtpConversation {
  extensions: ReadonlyMap<string, string> = new Map();
  messages = 0;
  readonly #settings: SmtpSettings;
  readonly #line: SmtpExchange[] = [];
  readonly #host: SmtpTransactionHost;
  readonly #closeCallbacks: (() => void)[] = [];
  readonly #deadline = new Deadline((timeout) => this.#break(timedOut(this.#endpoint, this.#phase, timeout)));
  readonly #reader = new ReplyReader((answer) => this.#hear(answer));
  #socket: Socket;
  #stopListening: () => void;
  #closed = false;
  #secure = false;
  /** The server may still hold an envelope. */
  #unsettled = false;
  #writtenAt = 0;
  /** How long the server took for the last message, in milliseconds. */
  #tookFor = Infinity;
  #share?: () => void;

  constructor(socket: Socket, settings: SmtpSettings) {
    this.#socket = socket;
    this.#settings = settings;
    this.#host = this.#hostWith(settings);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    this.#stopListening = this.#listen(socket);
    this.#listenForAnswers();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** By TLS of our own; that of a proxy ends there. */
  get secure(): boolean {
    return this.#secure;
  }

  /** The answer to a command, or the greeting without one. @param timeout milliseconds @throws SmtpError when none comes */
  ask(command: string | undefined, phase: SmtpPhase, timeout: number): Promise<string> {
    return new Promise((resolve, reject) => {
      if (command !== undefined) this.#write(`${command}\r\n`);
      this.#enter({ phase, timeout, hear: (answer) => (resolve(answer), true), fail: (error) => reject(error(phase)) });
    });
  }

  /** TLS from here on. @param timeout milliseconds @param checkPeer gives what is wrong with the other side @throws SmtpError */
  async encrypt(
    options: ConnectionOptions,
    timeout: number,
    checkPeer?: (socket: TLSSocket) => Error | undefined,
  ): Promise<void> {
    // Whoever sits in between could have put an answer of his own behind the server's, to be taken for an encrypted one.
    if (this.#reader.pending > 0) throw this.#lost('tls', 'ETLS', 'the server went on in clear after STARTTLS');
    this.#stopListening();
    const socket = connectTls({ ...options, socket: this.#socket });
    this.#socket = socket;
    this.#stopListening = this.#listen(socket);
    await new Promise<void>((resolve, reject) => {
      this.#enter({ phase: 'tls', timeout, hear: () => true, fail: (error) => reject(error('tls')) });
      socket.once('secureConnect', () => {
        const wrong = checkPeer?.(socket);
        if (wrong) return this.#break(broken(this.#endpoint, 'tls', wrong));
        this.#line.shift();
        this.#watch();
        resolve();
      });
    });
    this.#secure = true;
    this.#listenForAnswers();
  }

  async transmit(
    envelope: SmtpEnvelope,
    content: readonly Uint8Array[],
    guard: SmtpGuard,
    share?: () => void,
  ): Promise<SmtpAnswer> {
    this.messages++;
    const transaction = new SmtpTransaction(this.#host, this.extensions, envelope, content, guard, this.#unsettled);
    this.#unsettled = false;
    this.#share = share;
    const stopListening = onAbort(guard.signal, () => this.#giveUp(transaction));
    try {
      transaction.begin();
      this.#enter(transaction);
      return await transaction.result;
    } finally {
      stopListening();
    }
  }

  async reset(timeout: number): Promise<void> {
    const answer = await this.ask('RSET', 'mail', timeout);
    if (!answer.startsWith('2'))
      throw this.#lost('mail', 'EPROTOCOL', `it answered RSET with ${parseReply(answer).text}`);
    this.#unsettled = false;
  }

  quit(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      this.onClose(resolve);
      const close = (): void => this.destroy();
      this.ask('QUIT', 'mail', QUIT_TIMEOUT).then(close, close);
    });
  }

  destroy(): void {
    this.#end((phase) => this.#lost(phase, 'ECONNECTION', WE_CLOSED));
  }

  onClose(callback: () => void): void {
    this.#closeCallbacks.push(callback);
  }

  get #endpoint(): string {
    return this.#settings.endpoint;
  }

  get #phase(): SmtpPhase {
    return this.#line[0]?.phase ?? 'mail';
  }

  #hostWith(settings: SmtpSettings): SmtpTransactionHost {
    return {
      settings,
      write: (bytes) => this.#write(bytes),
      flushed: () => this.#flushed(),
      watch: () => this.#watch(),
      unsettle: () => void (this.#unsettled = true),
      written: () => this.#onWritten(),
      break: (error) => this.#break(error),
    };
  }

  #enter(exchange: SmtpExchange): void {
    if (this.#closed) return exchange.fail((phase) => this.#lost(phase, 'ECONNECTION', 'the connection is closed'));
    this.#line.push(exchange);
    if (this.#line.length === 1) this.#watch();
  }

  #hear(answer: string): void {
    const first = this.#line[0];
    // "421 Idle for too long": nobody asked.
    if (!first) return this.destroy();
    if (first.phase === 'dot') this.#tookFor = performance.now() - this.#writtenAt;
    if (first.hear(answer) && this.#line[0] === first) this.#line.shift();
    // Its envelope cannot be taken back, and a message must not follow it.
    if (this.#line[0]?.abandoned) return this.destroy();
    this.#watch();
  }

  /** The time of whoever is first in line begins anew. */
  #watch(): void {
    const timeout = this.#line[0]?.timeout ?? Infinity;
    if (timeout === Infinity || this.#closed) this.#deadline.clear();
    else this.#deadline.set(timeout);
  }

  /** A message whose caller has lost interest. One before it, which waits for its answer, must not suffer for that. */
  #giveUp(transaction: SmtpTransaction): void {
    if (transaction.giveUp() && this.#line[0] === transaction) this.destroy();
  }

  #onWritten(): void {
    this.#writtenAt = performance.now();
    // Who goes on behind a message has to wait for its answer: not where that may take long.
    if (this.#tookFor < QUICK && this.extensions.has('PIPELINING')) this.#share?.();
  }

  #write(bytes: string | Uint8Array): void {
    if (this.#closed) return;
    gatherWrites(this.#socket);
    this.#socket.write(bytes);
  }

  #flushed(): Promise<void> {
    const socket = this.#socket;
    if (this.#closed || !socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.once('drain', done).once('close', done);
    });
  }

  #listen(socket: Socket): () => void {
    const listeners = {
      error: (error: Error) => this.#end((phase) => broken(this.#endpoint, phase, error)),
      end: () => this.#end((phase) => this.#lost(phase, 'ECONNECTION', SERVER_CLOSED)),
      close: () => this.#end((phase) => this.#lost(phase, 'ECONNECTION', SERVER_CLOSED)),
    };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    return () => {
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      socket.removeAllListeners('data');
    };
  }

  #listenForAnswers(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      if (this.#reader.pending > LONGEST_ANSWER)
        this.#break(this.#lost(this.#phase, 'EPROTOCOL', 'an answer without an end'));
    });
  }

  /** Whoever is first in line is told this very error; those behind it have not been answered. */
  #break(error: unknown): void {
    const first = this.#line.shift();
    this.destroy();
    first?.fail(() => error);
  }

  #end(error: (phase: SmtpPhase) => SmtpError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.stop();
    this.#socket.destroy();
    for (const exchange of this.#line.splice(0)) exchange.fail(error);
    for (const callback of this.#closeCallbacks) callback();
  }

  #lost(phase: SmtpPhase, code: string, what: string): SmtpError {
    return lost(this.#endpoint, phase, code, what);
  }
}

const WE_CLOSED = 'we closed the connection';
const SERVER_CLOSED = 'the server closed it';

/** Nobody waits long for the answer to QUIT. Milliseconds. */
const QUIT_TIMEOUT = 2_000;

/** A server that took no longer for a message gets the next envelope before it has answered. Milliseconds. */
const QUICK = 250;

/** Of all its lines, in characters. */
const LONGEST_ANSWER = 256 * 1024;
