import { isAscii } from 'node:buffer';
import type { Readable, Writable } from 'node:stream';
import type { NodemailerError } from 'nodemailer';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SMTPConnectionEnvelopeInfo, SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import { Deadline } from './deadline.js';
import { ehloExtensions } from './ehlo-extensions.js';
import { translated } from './nodemailer-errors.js';
import { onAbort } from './on-abort.js';
import { Sending } from './sending.js';
import type { SmtpAnswer, SmtpConversation, SmtpEnvelope, SmtpGuard } from './smtp-conversation.interface.js';
import { givenUp, lost, refused, timedOut } from './smtp-errors.js';
import type { SmtpCredentials } from './smtp-login.js';
import { parseReply, replyText } from './smtp-reply.js';
import type { SmtpSettings } from './smtp-settings.js';
import type { SmtpException } from './smtp-verdict.js';
import { SmtpError, type SmtpPhase } from './smtp.error.js';

/**
 * {@link SmtpConversation} on nodemailer's `SMTPConnection`, which does the talking. What that leaves out is here: it reports most
 * failures alike and forgets callbacks when the connection goes, so each step knows its phase and has a time-out of its own.
 */
export class NodemailerSmtpConversation implements SmtpConversation {
  extensions: ReadonlyMap<string, string> = new Map();
  messages = 0;
  readonly #connection: SMTPConnection;
  readonly #endpoint: string;
  readonly #exceptions: readonly SmtpException[];
  readonly #timeouts: SmtpSettings['timeouts'];
  readonly #closeCallbacks: (() => void)[] = [];
  #closed = false;
  #unsettled = false;
  #step?: Step;
  #sending?: Sending;
  readonly #deadline = new Deadline((timeout) => this.#break(timedOut(this.#endpoint, this.#phase(), timeout)));

  constructor(
    connection: SMTPConnection,
    { endpoint, timeouts, exceptions }: Pick<SmtpSettings, 'endpoint' | 'timeouts' | 'exceptions'>,
  ) {
    this.#connection = connection;
    this.#endpoint = endpoint;
    this.#exceptions = exceptions;
    this.#timeouts = timeouts;
    connection.on('error', (error: NodemailerError) => this.#step?.fail(error));
    connection.once('end', () => this.#onEnd());
  }

  get state(): 'ready' | 'unsettled' | 'closed' {
    if (this.#closed) return 'closed';
    return this.#unsettled ? 'unsettled' : 'ready';
  }

  /** Greeting, EHLO and STARTTLS. */
  async connect(): Promise<void> {
    const connection = this.#connection;
    const greeted = () => String(connection.lastServerResponse).startsWith('2');
    const phase = () => (connection.upgrading ? 'tls' : greeted() ? 'ehlo' : 'greeting');
    await this.#run<void>(phase, this.#timeouts.greeting + this.#timeouts.command, (settle) => {
      connection.connect((error) => {
        // The only moment at which the answer to EHLO is the last one.
        this.extensions = ehloExtensions(connection.lastServerResponse || '');
        settle(error);
      });
    });
  }

  /** AUTH. */
  async login({ auth, secrets }: SmtpCredentials): Promise<void> {
    const phase = () => 'auth' as const;
    await this.#run<unknown>(phase, this.#timeouts.command, (settle) => this.#connection.login(auth, settle), secrets);
  }

  /** Ready for messages: from here on our time-outs count and not nodemailer's. */
  begin(): void {
    const socket = this.#connection._socket;
    if (!socket) return;
    socket.setTimeout(0);
    socket.prependListener('data', (chunk: Buffer) => {
      const sending = this.#sending;
      // A server that sends a byte now and then is no better than one that is silent.
      if (sending?.stage !== 'envelope' || !chunk.includes(LF)) return;
      sending.heard = true;
      this.#deadline.refresh();
    });
  }

  async transmit(envelope: SmtpEnvelope, content: Uint8Array, guard: SmtpGuard): Promise<SmtpAnswer> {
    this.messages++;
    const use8BitMime = !isAscii(content);
    const sending = new Sending({ from: envelope.from, to: [...envelope.to], size: content.length, use8BitMime });
    this.#sending = sending;
    const stopListening = onAbort(guard.signal, () => this.#giveUp(sending, guard));
    try {
      const info = await this.#run<EnvelopeInfo>(
        () => sending.phase,
        this.#timeouts.command,
        (settle) => {
          const message = { pipe: (destination: Writable) => void this.#write(destination, content, sending, guard) };
          this.#connection.send(sending.envelope, message as unknown as Readable, (error, answer) => {
            // That every recipient was refused is an answer like any other.
            if (error?.rejectedErrors) settle(null, { rejectedErrors: error.rejectedErrors });
            else settle(error, answer);
          });
        },
      );
      return this.#answer(info, sending);
    } catch (error) {
      this.#afterFailure(error, sending);
      throw error;
    } finally {
      stopListening();
      this.#sending = undefined;
    }
  }

  async reset(timeout: number): Promise<void> {
    await this.#run<unknown>(
      () => 'mail',
      timeout,
      (settle) => this.#connection.reset(settle),
    );
    this.#unsettled = false;
  }

  quit(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      const timer = setTimeout(() => this.destroy(), QUIT_TIMEOUT);
      this.onClose(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#connection.quit();
    });
  }

  destroy(): void {
    this.#break(lost(this.#endpoint, this.#phase(), 'ECONNECTION', 'we closed the connection'));
  }

  onClose(callback: () => void): void {
    this.#closeCallbacks.push(callback);
  }

  /** After 354: what nodemailer gives us to write into ends the message when it is ended itself. */
  async #write(destination: Writable, content: Uint8Array, sending: Sending, guard: SmtpGuard): Promise<void> {
    this.#deadline.clear();
    sending.stage = 'confirming';
    if (guard.confirm) {
      try {
        await guard.confirm();
      } catch (error) {
        return this.#break(error);
      }
    }
    if (this.#closed) return;
    if (guard.signal.aborted) return this.#giveUp(sending, guard);
    sending.stage = 'writing';
    let offset = 0;
    for (; content.length - offset > PIECE; offset += PIECE) {
      this.#deadline.set(this.#timeouts.command);
      if (!destination.write(content.subarray(offset, offset + PIECE))) await drained(destination);
      if (this.#closed) return;
    }
    sending.stage = 'written';
    this.#deadline.set(this.#timeouts.data);
    this.#gather(destination, content.length);
    destination.end(content.subarray(offset));
  }

  /** Nodemailer writes the final "." by itself; a small message and its "." leave in one packet, which saves a tenth of the time or more. */
  #gather(destination: Writable, length: number): void {
    const socket = this.#connection._socket;
    // Bare line ends and dots at the worst double a message; what fits into the socket's buffer cannot hold itself up.
    if (!socket || 2 * length + 5 >= socket.writableHighWaterMark) return;
    socket.cork();
    destination.once('end', () => socket.uncork());
  }

  #giveUp(sending: Sending, { signal }: SmtpGuard): void {
    if (sending !== this.#sending || sending.stage === 'writing' || sending.stage === 'written') return;
    this.#break(givenUp(this.#endpoint, sending.phase, signal.reason));
  }

  #answer({ response, serverMessageId, rejectedErrors }: EnvelopeInfo, sending: Sending): SmtpAnswer {
    if (response !== undefined && sending.stage !== 'written') {
      throw lost(this.#endpoint, 'data', 'EPROTOCOL', 'the server answered before it had the whole message');
    }
    // The server took MAIL and still holds it.
    if (response === undefined) this.#unsettled = true;
    return {
      ...(response !== undefined && { response: replyText(response) }),
      ...(serverMessageId !== undefined && { serverMessageId }),
      ...(rejectedErrors && { refused: new Map(rejectedErrors.map((error) => this.#refusal(error))) }),
    };
  }

  #refusal({ recipient = '', response = '' }: NodemailerError): [string, SmtpError] {
    return [recipient, refused(this.#endpoint, 'rcpt', parseReply(response), ` <${recipient}>`, this.#exceptions)];
  }

  /** A connection is kept only when the server refused in so many words, and knows as we do where the session stands. */
  #afterFailure(error: unknown, { stage }: Sending): void {
    const answered = error instanceof SmtpError && error.replyCode !== undefined;
    if (!answered || stage === 'confirming' || stage === 'writing') this.destroy();
    else if (stage === 'envelope') this.#unsettled = true;
  }

  /** Runs one step. Nodemailer's callback ends it, or its 'error' event, the connection's end, the time-out, or {@link #break}. */
  #run<T>(
    phase: () => SmtpPhase,
    timeout: number,
    start: (settle: Settle<T>) => void,
    secrets?: readonly string[],
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const end = (): boolean => {
        if (this.#step !== step) return false;
        this.#step = undefined;
        this.#deadline.clear();
        return true;
      };
      const step: Step = {
        phase,
        reject: (error) => void (end() && reject(error)),
        fail: (error) => step.reject(translated(error, this.#endpoint, phase(), secrets, this.#exceptions)),
      };
      this.#step = step;
      this.#deadline.set(timeout);
      start((error, value) => {
        if (error) step.fail(error);
        else if (end()) resolve(value as T);
      });
    });
  }

  #phase(): SmtpPhase {
    return this.#step?.phase() ?? 'mail';
  }

  #break(error: unknown): void {
    const step = this.#step;
    this.#connection.close();
    step?.reject(error);
  }

  #onEnd(): void {
    this.#closed = true;
    const step = this.#step;
    // Nodemailer says why, if it can, right after it has said that it is over.
    if (step)
      queueMicrotask(() => step.reject(lost(this.#endpoint, step.phase(), 'ECONNECTION', 'the server closed it')));
    this.#deadline.stop();
    for (const callback of this.#closeCallbacks) callback();
  }
}

type EnvelopeInfo = Partial<SMTPConnectionSendInfo> & Pick<SMTPConnectionEnvelopeInfo, 'rejectedErrors'>;
type Settle<T> = (error: NodemailerError | null | undefined, value?: T) => void;

interface Step {
  phase(): SmtpPhase;
  /** With an error of nodemailer's. */
  fail(error: NodemailerError): void;
  /** With this very error. */
  reject(error: unknown): void;
}

const LF = 0x0a;

/** Bytes written at once: a slow reader holds up the rest. */
const PIECE = 64 * 1024;

/** Nobody waits long for the answer to QUIT. Milliseconds. */
const QUIT_TIMEOUT = 2_000;

function drained(destination: Writable): Promise<void> {
  return new Promise((resolve) => destination.once('drain', resolve));
}
