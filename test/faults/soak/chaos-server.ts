import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, FaultySmtpServer } from '../../support/smtp/faulty-smtp-server.js';
import type { SeededRandom } from './seeded-random.js';

/** A message that the server took, whether or not the client heard of it. */
export interface TakenCopy {
  readonly recipient: string;
  readonly messageId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** An SMTP server that misbehaves at random, and keeps a log of what it has taken: what is in the log has arrived. */
export class ChaosServer {
  readonly taken: TakenCopy[] = [];
  readonly #server: FaultySmtpServer;
  readonly #random: SeededRandom;

  private constructor(server: FaultySmtpServer, random: SeededRandom) {
    this.#server = server;
    this.#random = random;
    server.script = {
      greeting: () => this.#sometimes(0.02, ['421 4.3.2 Too many connections', { do: 'reset' }, { do: 'end' }]),
      mail: () => this.#sometimes(0.01, ['451 4.3.0 Later', { say: '421 4.3.2 Closing', thenClose: true }]),
      rcpt: ({ address }) =>
        address.startsWith('nobody-')
          ? '550 5.1.1 No such user'
          : this.#sometimes(0.02, ['450 4.2.1 Busy', { do: 'reset' }]),
      data: () => this.#sometimes(0.01, ['451 4.3.0 Later', { do: 'reset' }]),
      dot: () => this.#dot(),
    };
  }

  static async start(random: SeededRandom): Promise<ChaosServer> {
    return new ChaosServer(await FaultySmtpServer.start(), random);
  }

  get port(): number {
    return this.#server.port;
  }

  /** Breaks all connections, wherever they are: some in the middle of a message. */
  breakAll(): void {
    this.#server.hangUp('reset');
  }

  /** No more faults, so that what is left comes to its end. */
  calm(): void {
    this.#server.script = {
      rcpt: ({ address }) => (address.startsWith('nobody-') ? '550 5.1.1 No such user' : undefined),
    };
    this.#server.script.dot = () => this.#take();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #sometimes(share: number, faults: readonly Fault[]): Fault | undefined {
    return this.#random.chance(share) ? this.#random.pick(faults) : undefined;
  }

  #dot(): Fault | undefined {
    const random = this.#random;
    if (random.chance(0.01)) {
      this.#server.mails.pop();
      return '451 4.3.0 Later';
    }
    this.#take();
    // From here on it has the message; the client may never hear of it.
    if (random.chance(0.01)) return { do: 'reset' };
    return random.chance(0.02) ? { after: sleep(random.between(5, 100)) } : undefined;
  }

  #take(): undefined {
    const { to, raw } = this.#server.mails.pop()!;
    const messageId = /^message-id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1] ?? '';
    for (const recipient of to) this.taken.push({ recipient, messageId, at: Date.now() });
    return undefined;
  }
}
