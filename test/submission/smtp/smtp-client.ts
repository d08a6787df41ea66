import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { localhost } from '../../support/tls/localhost.js';

/** An SMTP client that says exactly what it is told to, byte for byte. */
export class SmtpClient {
  #socket: Socket | TLSSocket;
  #text = '';
  #ended = false;
  #wake = (): void => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
    onTestFinished(() => void this.#socket.destroy());
  }

  /** @param options.localAddress where it comes from */
  static async connect(
    port: number,
    { tls = false, host = '127.0.0.1', ...options }: { tls?: boolean; host?: string; localAddress?: string } = {},
  ): Promise<SmtpClient> {
    const at = { port, host, ...options };
    const socket = tls ? connectTls({ ...at, ca: localhost.cert }) : connect(at);
    const client = new SmtpClient(socket);
    socket.setNoDelay(true);
    await once(socket, tls ? 'secureConnect' : 'connect');
    return client;
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Greeting and EHLO; gives the extensions. */
  async hello(): Promise<string[]> {
    await this.reply();
    return this.ehlo();
  }

  async ehlo(): Promise<string[]> {
    const reply = await this.say('EHLO client.test');
    return reply.split('\n').map((line) => line.slice(4));
  }

  write(bytes: string | Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  /** Until what was written is on its way, or cannot be any more. */
  async drained(): Promise<void> {
    const socket = this.#socket;
    while (socket.writableNeedDrain && !socket.destroyed)
      await new Promise<void>((resolve) => {
        const go = (): void => {
          socket.off('drain', go).off('close', go);
          resolve();
        };
        socket.on('drain', go).on('close', go);
      });
  }

  /** Says a line, and gives the reply. */
  async say(line: string): Promise<string> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** The next reply, its lines separated by `\n`; `''` when there is none any more. */
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/.exec(this.#text) ?? [];
      if (whole !== undefined) {
        this.#text = this.#text.slice(whole.length);
        return whole.trimEnd().replaceAll('\r\n', '\n');
      }
      if (this.#ended) return '';
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** All that comes until the server hangs up. */
  async rest(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    const text = this.#text;
    this.#text = '';
    return text;
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    this.#socket = connectTls({ socket: this.#socket, ca: localhost.cert, servername: 'localhost' });
    this.#listen();
    await once(this.#socket, 'secureConnect');
  }

  async logIn(name = 'ada', password = 'secret'): Promise<string> {
    return this.say(`AUTH PLAIN ${Buffer.from(`\0${name}\0${password}`).toString('base64')}`);
  }

  /** MAIL, RCPT, DATA; gives the last reply, `354 ...` where all is well. */
  async begin(from = 'ada@acme.test', to: readonly string[] = ['bob@x.test']): Promise<string> {
    let reply = await this.say(`MAIL FROM:<${from}>`);
    for (const one of to) if (reply.startsWith('250')) reply = await this.say(`RCPT TO:<${one}>`);
    return reply.startsWith('250') ? this.say('DATA') : reply;
  }

  /** A whole transaction; gives the answer to the message. @param message with CRLF, and dots undone */
  async send(message: string, from?: string, to?: readonly string[]): Promise<string> {
    const begun = await this.begin(from, to);
    if (!begun.startsWith('354')) return begun;
    this.write(`${message.replaceAll(/^\./gm, '..')}.\r\n`);
    return this.reply();
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    this.#socket.on('end', end);
    this.#socket.on('close', end);
    this.#socket.on('error', () => {});
  }
}
