import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultySession } from './faulty-session.js';

/** Where in a conversation a server can misbehave; `dot` is the answer to the message, `unknown` any other command. */
export type FaultPhase =
  'greeting' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot' | 'rset' | 'noop' | 'quit' | 'unknown';

/**
 * What the server does instead of what is right:
 *
 * - a text is its answer, without the line end; several lines are separated by `\n`, each with its code;
 * - `reset` breaks the connection (RST), `end` closes it politely, `hang` says nothing and reads on, `half-close` ends its own side and
 *   reads on;
 * - `{ after }` does `next`, by default what is right, when the promise has settled;
 * - `{ trickle, every }` says its text a character at a time, `every` milliseconds;
 * - `{ say, thenClose }` answers and closes.
 */
export type Fault =
  | string
  | { readonly do: 'reset' | 'end' | 'hang' | 'half-close' }
  | { readonly after: Promise<unknown>; readonly next?: Fault }
  | { readonly trickle: string; readonly every: number }
  | { readonly say: string; readonly thenClose: true };

/** What a scripted phase is told. */
export interface FaultContext {
  /** The command as it came, `''` for the greeting and the message. */
  readonly command: string;
  /** The address in MAIL and RCPT. */
  readonly address: string;
  /** Of all connections, counted from 1. */
  readonly connection: number;
  /** How often this phase was reached, over all connections, counted from 1. */
  readonly count: number;
}

/** A fault, or a function that picks one for each time; undefined is the right answer. */
export type FaultScript = { [phase in FaultPhase]?: Fault | ((context: FaultContext) => Fault | undefined) };

/** A message of which the server has seen the final ".", whatever it answered then. */
export interface FaultyMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, with leading dots undone. */
  readonly raw: Buffer;
  readonly connection: number;
}

export interface FaultyServerOptions {
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default one that is free. */
  port?: number;
  /** What EHLO offers. Default `PIPELINING`, `8BITMIME`, `SMTPUTF8`, `SIZE 0`. */
  extensions?: readonly string[];
  script?: FaultScript;
}

/**
 * An SMTP server that misbehaves as it is told to, phase by phase, and is well-behaved where it is told nothing. The script may be
 * changed at any time.
 *
 * @example
 * const server = await FaultySmtpServer.start({ script: { rcpt: ({ address }) => (address === 'b@x.test' ? '450 4.2.1 Later' : undefined) } });
 * server.script.dot = { do: 'reset' };            // takes the message, and hangs up without an answer
 * await server.reached('dot');
 */
export class FaultySmtpServer {
  script: FaultScript;
  extensions: readonly string[];
  readonly host: string;
  /** Every message whose final "." has come. */
  readonly mails: FaultyMail[] = [];
  /** Commands as they came, over all connections. */
  readonly commands: string[] = [];
  /** Connections made so far. */
  connections = 0;
  /** MAIL commands answered with 250 so far. */
  transactions = 0;
  readonly #server: Server;
  readonly #sessions = new Set<FaultySession>();
  readonly #counts = new Map<FaultPhase, number>();
  readonly #waiting = new Set<() => void>();

  private constructor({ host = '127.0.0.1', extensions, script = {} }: FaultyServerOptions) {
    this.host = host;
    this.script = script;
    this.extensions = extensions ?? ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 0'];
    // Half-open, so that a client which ends its side can still be answered.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  static async start(options: FaultyServerOptions = {}): Promise<FaultySmtpServer> {
    const server = new FaultySmtpServer(options);
    server.#server.listen(options.port ?? 0, server.host);
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sessions.size;
  }

  /** How often a phase was reached so far. */
  count(phase: FaultPhase): number {
    return this.#counts.get(phase) ?? 0;
  }

  /** Resolves when a phase has been reached `times` times since the start, before it is answered. */
  async reached(phase: FaultPhase, times = 1): Promise<void> {
    await this.until(() => this.count(phase) >= times);
  }

  /** Resolves when a condition holds; looked at whenever anything happens here. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (condition() && this.#waiting.delete(check)) resolve();
      };
      this.#waiting.add(check);
    });
  }

  /** Closes every connection: `reset` breaks it, `end` is polite, a text is said first. */
  hangUp(how: 'reset' | 'end' | { readonly say: string }): void {
    for (const session of this.#sessions) session.hangUp(how);
  }

  /** Stops reading, as a slow receiver does, until {@link resume}; answers still go out. */
  pause(): void {
    for (const session of this.#sessions) session.pause();
  }

  resume(): void {
    for (const session of this.#sessions) session.resume();
  }

  /** Breaks what is open and stops listening. */
  async close(): Promise<void> {
    this.hangUp('reset');
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What a session does next. */
  #fault(phase: FaultPhase, context: Omit<FaultContext, 'count'>): Fault | undefined {
    const count = this.count(phase) + 1;
    this.#counts.set(phase, count);
    const scripted = this.script[phase];
    const fault = typeof scripted === 'function' ? scripted({ ...context, count }) : scripted;
    this.#notify();
    return fault;
  }

  #accept(socket: Socket): void {
    const connection = ++this.connections;
    const session = new FaultySession(socket, {
      extensions: () => this.extensions,
      fault: (phase, command, address) => this.#fault(phase, { command, address, connection }),
      onCommand: (command) => void this.commands.push(command),
      onTransaction: () => void this.transactions++,
      onMail: (mail) => {
        this.mails.push({ ...mail, connection });
        this.#notify();
      },
    });
    this.#sessions.add(session);
    socket.once('close', () => {
      this.#sessions.delete(session);
      this.#notify();
    });
    session.begin();
  }

  #notify(): void {
    for (const check of this.#waiting) check();
  }
}
