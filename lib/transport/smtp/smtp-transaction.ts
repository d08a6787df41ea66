import { isAscii } from 'node:buffer';
import { mailParameters, recipientParameters } from './dsn-parameters.js';
import { DotStuffing } from './dot-stuffing.js';
import { serverMessageId } from './server-message-id.js';
import type { SmtpAnswer, SmtpEnvelope, SmtpGuard } from './smtp-conversation.interface.js';
import { givenUp, lost, refused, unexpected } from './smtp-errors.js';
import type { SmtpExchange } from './smtp-exchange.interface.js';
import { parseReply, replyText } from './smtp-reply.js';
import type { SmtpSettings } from './smtp-settings.js';
import type { SmtpError, SmtpPhase } from './smtp.error.js';

/** What a transaction asks of its connection. */
export interface SmtpTransactionHost {
  readonly settings: Pick<SmtpSettings, 'host' | 'endpoint' | 'timeouts' | 'exceptions'>;
  write(bytes: string | Uint8Array): void;
  /** Resolves when what was written so far has left; at once when it is little, or when the connection is closed. */
  flushed(): Promise<void>;
  /** To be called when {@link SmtpExchange.timeout} has changed without an answer. */
  watch(): void;
  /** The server may still hold an envelope: RSET comes before the next one. */
  unsettle(): void;
  /** All is written, and the next envelope may follow. */
  written(): void;
  /** Ends the connection; whoever waits first for an answer is told this very error. */
  break(error: unknown): void;
}

/**
 * One message: MAIL, RCPT for each recipient, DATA, the content and the final "." (RFC 5321 section 3.3). With PIPELINING (RFC 2920) the
 * whole envelope leaves at once, else each command waits for the answer to the one before.
 */
export class SmtpTransaction implements SmtpExchange {
  readonly result: Promise<SmtpAnswer>;
  readonly #host: SmtpTransactionHost;
  readonly #envelope: SmtpEnvelope;
  readonly #content: readonly Uint8Array[];
  readonly #guard: SmtpGuard;
  readonly #pipelined: boolean;
  readonly #commands: readonly string[];
  /** Of {@link #commands}, the one whose answer is awaited. */
  #asked = 0;
  /** `confirming`: the server said 354; `written`: the final "." is on its way, and cannot be taken back; `dropping`: it is of an empty message, since nobody was taken. */
  #stage: 'envelope' | 'confirming' | 'writing' | 'written' | 'dropping' = 'envelope';
  #accepted = 0;
  #refused?: Map<string, SmtpError>;
  /** Why the message as a whole will not be sent, while other answers are still to come. */
  #error?: SmtpError;
  #over = false;
  #resolve!: (answer: SmtpAnswer) => void;
  #reject!: (error: unknown) => void;

  /** @param extensions what the server offered @param reset whether RSET comes first */
  constructor(
    host: SmtpTransactionHost,
    extensions: ReadonlyMap<string, string>,
    envelope: SmtpEnvelope,
    content: readonly Uint8Array[],
    guard: SmtpGuard,
    reset: boolean,
  ) {
    this.#host = host;
    this.#envelope = envelope;
    this.#content = content;
    this.#guard = guard;
    this.#pipelined = extensions.has('PIPELINING');
    const mail = mailCommand(envelope, content, extensions);
    const commands = [mail, ...envelope.to.map((address) => recipientCommand(address, envelope)), 'DATA'];
    this.#commands = reset ? ['RSET', ...commands] : commands;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get phase(): SmtpPhase {
    if (this.#stage === 'written') return 'dot';
    if (this.#stage !== 'envelope') return 'data';
    return this.#phaseOf(this.#asked);
  }

  get abandoned(): boolean {
    return this.#over;
  }

  get timeout(): number {
    const { command, data } = this.#host.settings.timeouts;
    // The server waits for us.
    if (this.#stage === 'confirming') return Infinity;
    return this.#stage === 'written' ? data : command;
  }

  begin(): void {
    const commands = this.#pipelined ? this.#commands : this.#commands.slice(0, 1);
    this.#host.write(`${commands.join('\r\n')}\r\n`);
  }

  /** The caller's signal was aborted; `false` when it is too late for that. */
  giveUp(): boolean {
    if (this.#stage === 'writing' || this.#stage === 'written') return false;
    this.fail(() => this.#givenUp());
    return true;
  }

  hear(answer: string): boolean {
    const code = Number(answer.slice(0, 3)) || 0;
    const through = this.#stage === 'envelope' ? this.#hearEnvelope(code, answer) : this.#hearData(code, answer);
    // "Service not available, closing transmission channel": RFC 5321 section 3.8.
    if (code === 421) this.#host.break(this.#refusal(answer));
    return through;
  }

  fail(error: (phase: SmtpPhase) => unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reject(this.#error ?? error(this.phase));
  }

  #hearEnvelope(code: number, answer: string): boolean {
    const asked = this.#asked++;
    const command = this.#commands[asked]!;
    const good = command === 'DATA' ? code === 354 : code >= 200 && code < 300;
    if (!good && (code < 400 || command === 'RSET')) return this.#nonsense(this.#phaseOf(asked), command, answer);
    if (code === 421) this.#error ??= this.#refusal(answer, asked);
    if (command === 'DATA') return this.#hearGo(good, answer);
    if (command.startsWith('MAIL') && !good) this.#error ??= this.#refusal(answer, asked);
    if (command.startsWith('RCPT')) this.#hearRecipient(good, answer, asked);
    if (this.#pipelined) return false;
    const next = this.#commands[this.#asked]!;
    if (this.#error || (next === 'DATA' && this.#accepted === 0)) return this.#dropped();
    this.#host.write(`${next}\r\n`);
    return false;
  }

  #hearRecipient(good: boolean, answer: string, asked: number): void {
    if (good) {
      this.#accepted++;
      return;
    }
    const address = this.#envelope.to[asked - this.#commands.length + this.#envelope.to.length + 1]!;
    const { endpoint, exceptions } = this.#host.settings;
    this.#refused ??= new Map();
    this.#refused.set(address, refused(endpoint, 'rcpt', parseReply(answer), ` <${address}>`, exceptions));
  }

  /** The answer to DATA. */
  #hearGo(go: boolean, answer: string): boolean {
    if (!go) {
      if (this.#accepted > 0) this.#error ??= this.#refusal(answer, this.#commands.length - 1);
      return this.#dropped();
    }
    if (this.#accepted === 0) {
      // RFC 2920 section 3.1: whoever pipelines DATA must be ready for a 354 with nobody to write to.
      this.#stage = 'dropping';
      this.#host.write('.\r\n');
    } else if (this.#error) {
      this.#host.break(this.#error);
    } else {
      this.#stage = 'confirming';
      this.#send().catch((error: unknown) => this.#host.break(error));
    }
    return false;
  }

  #hearData(code: number, answer: string): boolean {
    const { endpoint } = this.#host.settings;
    if (this.#stage === 'dropping') return this.#dropped();
    if (this.#stage !== 'written') {
      const early = 'the server answered before it had the whole message';
      this.#host.break(code >= 400 ? this.#refusal(answer) : lost(endpoint, 'data', 'EPROTOCOL', early));
      return true;
    }
    if (code >= 400) this.fail(() => this.#refusal(answer));
    else if (code < 200 || code >= 300) return this.#nonsense('dot', 'the message', answer);
    else this.#succeed(replyText(answer));
    return true;
  }

  #succeed(response: string): void {
    if (this.#over) return;
    this.#over = true;
    const id = serverMessageId(response, this.#host.settings.host);
    this.#resolve({
      response,
      ...(id !== undefined && { serverMessageId: id }),
      ...(this.#refused && { refused: this.#refused }),
    });
  }

  /** Nothing was sent, and the server may still hold what it took of the envelope. */
  #dropped(): true {
    this.#host.unsettle();
    if (this.#over) return true;
    this.#over = true;
    if (this.#error) this.#reject(this.#error);
    else this.#resolve({ refused: this.#refused! });
    return true;
  }

  #nonsense(phase: SmtpPhase, command: string, answer: string): true {
    const { endpoint } = this.#host.settings;
    // As a server that hung up: a session that cannot be set back is of no use to the next message.
    const hopeless = (): SmtpError =>
      lost(endpoint, 'mail', 'ECONNECTION', `it answered RSET with ${parseReply(answer).text}`);
    this.#host.break(command === 'RSET' ? hopeless() : unexpected(endpoint, phase, answer));
    return true;
  }

  /** After 354. */
  async #send(): Promise<void> {
    const { confirm, signal } = this.#guard;
    if (confirm) {
      try {
        await confirm();
      } catch (error) {
        return this.#host.break(error);
      }
    }
    if (this.#over) return;
    if (signal.aborted) return this.#host.break(this.#givenUp());
    this.#stage = 'writing';
    const stuffing = new DotStuffing();
    let last: Uint8Array | undefined;
    for (const slice of slices(this.#content)) {
      if (last) {
        this.#host.watch();
        this.#host.write(stuffing.piece(last));
        await this.#host.flushed();
        if (this.#over) return;
      }
      last = slice;
    }
    this.#stage = 'written';
    this.#host.watch();
    if (last) this.#host.write(stuffing.piece(last));
    this.#host.write(stuffing.end());
    this.#host.written();
  }

  #givenUp(): SmtpError {
    return givenUp(this.#host.settings.endpoint, this.phase, this.#guard.signal.reason);
  }

  #refusal(answer: string, asked?: number): SmtpError {
    const { endpoint, exceptions } = this.#host.settings;
    const phase = asked === undefined ? this.phase : this.#phaseOf(asked);
    return refused(endpoint, phase, parseReply(answer), '', exceptions);
  }

  #phaseOf(asked: number): SmtpPhase {
    const command = this.#commands[asked] ?? 'DATA';
    if (command === 'DATA') return 'data';
    return command.startsWith('RCPT') ? 'rcpt' : 'mail';
  }
}

/** Bytes written at once: a slow reader holds up the rest. */
const PIECE = 64 * 1024;

function* slices(content: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of content)
    for (let offset = 0; offset < piece.length; offset += PIECE) yield piece.subarray(offset, offset + PIECE);
}

/** With what the server offered: RFC 1870, 6152 and 6531. */
function mailCommand(
  { from, size, utf8, notify }: SmtpEnvelope,
  content: readonly Uint8Array[],
  extensions: ReadonlyMap<string, string>,
): string {
  let command = `MAIL FROM:<${from}>`;
  if (utf8) command += ' SMTPUTF8';
  if (extensions.has('8BITMIME') && !content.every((piece) => isAscii(piece))) command += ' BODY=8BITMIME';
  if (extensions.has('SIZE')) command += ` SIZE=${size}`;
  return notify ? command + mailParameters(notify) : command;
}

function recipientCommand(address: string, { notify }: SmtpEnvelope): string {
  const command = `RCPT TO:<${address}>`;
  return notify ? command + recipientParameters(notify, address) : command;
}
