import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultPhase, FaultyMail } from './faulty-smtp-server.js';

/** What a session asks of its server, and tells it. */
export interface FaultySessionHost {
  extensions(): readonly string[];
  fault(phase: FaultPhase, command: string, address: string): Fault | undefined;
  onCommand(command: string): void;
  onTransaction(): void;
  onMail(mail: Omit<FaultyMail, 'connection'>): void;
}

const END = '\r\n.\r\n';

/** One connection to a FaultySmtpServer. Commands are answered one after another, as a server answers what was pipelined. */
export class FaultySession {
  readonly #socket: Socket;
  readonly #host: FaultySessionHost;
  #received: Buffer = Buffer.alloc(0);
  /** Come since, and not looked at yet. */
  readonly #chunks: Buffer[] = [];
  #tail: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #inData = false;
  #busy = false;
  #stopped = false;
  #from: string | undefined;
  #to: string[] = [];

  constructor(socket: Socket, host: FaultySessionHost) {
    this.#socket = socket;
    this.#host = host;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('end', () => socket.end());
  }

  begin(): void {
    this.#busy = true;
    void this.#answer('greeting', '', '', '220 faulty.test ESMTP').then(() => {
      this.#busy = false;
      return this.#work();
    });
  }

  hangUp(how: 'reset' | 'end' | { readonly say: string }): void {
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.end(how === 'end' ? '' : `${how.say}\r\n`);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    const window = Buffer.concat([this.#tail, chunk]);
    this.#tail = window.subarray(-4);
    // A large message is put together once, when its end is there.
    if (this.#inData && chunk.length >= 1024 && !window.includes(END)) return;
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let progress = true;
    while (!this.#stopped && (progress || this.#chunks.length > 0)) {
      this.#received = Buffer.concat([this.#received, ...this.#chunks.splice(0)]);
      progress = this.#inData ? await this.#message() : await this.#line();
    }
    this.#busy = false;
  }

  async #line(): Promise<boolean> {
    const end = this.#received.indexOf('\r\n');
    if (end === -1) return false;
    const command = this.#received.toString('utf8', 0, end);
    this.#received = this.#received.subarray(end + 2);
    this.#host.onCommand(command);
    const address = /<(.*)>/.exec(command)?.[1] ?? '';
    const verb = command.split(/[ :]/, 1)[0]!.toUpperCase();
    const { phase, right } = this.#command(verb, address);
    const answer = await this.#answer(phase, command, address, right);
    if (answer.startsWith('2') || answer.startsWith('3')) this.#took(phase, address);
    return true;
  }

  #command(verb: string, address: string): { phase: FaultPhase; right: string } {
    switch (verb) {
      case 'EHLO':
      case 'HELO': {
        const lines = ['faulty.test', ...(verb === 'EHLO' ? this.#host.extensions() : [])];
        return {
          phase: 'ehlo',
          right: lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}`).join('\n'),
        };
      }
      case 'MAIL':
        return { phase: 'mail', right: this.#from === undefined ? '250 2.1.0 Ok' : '503 5.5.1 Nested MAIL' };
      case 'RCPT':
        return { phase: 'rcpt', right: this.#from === undefined ? '503 5.5.1 MAIL first' : `250 2.1.5 ${address} ok` };
      case 'DATA':
        return { phase: 'data', right: this.#to.length > 0 ? '354 Go on' : '554 5.5.1 No valid recipients' };
      case 'RSET':
        return { phase: 'rset', right: '250 2.0.0 Ok' };
      case 'NOOP':
        return { phase: 'noop', right: '250 2.0.0 Ok' };
      case 'QUIT':
        return { phase: 'quit', right: '221 2.0.0 Bye' };
      case 'STARTTLS':
        return { phase: 'starttls', right: '502 5.5.1 Not here' };
      case 'AUTH':
        return { phase: 'auth', right: '235 2.7.0 Welcome' };
      default:
        return { phase: 'unknown', right: '500 5.5.2 What?' };
    }
  }

  #took(phase: FaultPhase, address: string): void {
    if (phase === 'mail') {
      this.#from = address;
      this.#host.onTransaction();
    } else if (phase === 'rcpt') this.#to.push(address);
    else if (phase === 'data') this.#inData = true;
    else if (phase === 'rset' || phase === 'ehlo') this.#forget();
    else if (phase === 'quit') this.#socket.end();
  }

  #forget(): void {
    this.#from = undefined;
    this.#to = [];
  }

  async #message(): Promise<boolean> {
    const empty = this.#received.subarray(0, 3).toString() === '.\r\n';
    const end = empty ? 0 : this.#received.indexOf(END) + 2;
    if (!empty && end === 1) return false;
    const raw = Buffer.from(this.#received.toString('latin1', 0, end).replace(/^\./gm, ''), 'latin1');
    this.#received = this.#received.subarray(end + 3);
    this.#inData = false;
    this.#host.onMail({ from: this.#from ?? '', to: this.#to, raw });
    this.#forget();
    await this.#answer('dot', '', '', '250 2.0.0 Ok: queued');
    return true;
  }

  /** Does what the script says, and returns the answer that was given, if any. */
  async #answer(phase: FaultPhase, command: string, address: string, right: string): Promise<string> {
    return await this.#do(this.#host.fault(phase, command, address) ?? right, right);
  }

  async #do(fault: Fault, right: string): Promise<string> {
    if (typeof fault === 'string') return this.#say(`${fault.replaceAll('\n', '\r\n')}\r\n`);
    if ('after' in fault) {
      await fault.after;
      return this.#do(fault.next ?? right, right);
    }
    if ('trickle' in fault) {
      for (const character of `${fault.trickle}\r\n`) {
        if (this.#socket.destroyed) break;
        this.#say(character);
        await sleep(fault.every);
      }
      return fault.trickle;
    }
    this.#stopped = true;
    if ('say' in fault) this.#socket.end(`${fault.say}\r\n`);
    else if (fault.do === 'reset') this.#socket.resetAndDestroy();
    else if (fault.do === 'end' || fault.do === 'half-close') this.#socket.end();
    if ('do' in fault && fault.do === 'end') this.#socket.destroySoon();
    return '';
  }

  #say(text: string): string {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(text);
    return text;
  }
}
