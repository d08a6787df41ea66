import { givenUp } from '../smtp/smtp-errors.js';
import { WaitingLine } from '../smtp/waiting-line.js';

/** So many connections in all, and no more. */
export class ConnectionBudget {
  readonly #limit: number;
  readonly #makeRoom: () => void;
  readonly #line = new WaitingLine<void>();
  #open = 0;

  /** @param makeRoom closes a connection that nobody uses, if there is one */
  constructor(limit: number, makeRoom: () => void) {
    this.#limit = limit;
    this.#makeRoom = makeRoom;
  }

  /** Somebody waits. */
  get isShort(): boolean {
    return this.#line.length > 0;
  }

  /** Waits for room for one more. @throws SmtpError when the signal is aborted first */
  async take(endpoint: string, signal: AbortSignal): Promise<void> {
    if (this.#open < this.#limit) {
      this.#open++;
      return;
    }
    const turn = this.#line.wait(signal, () => givenUp(endpoint, 'connect', signal.reason));
    this.#makeRoom();
    await turn;
  }

  give(): void {
    if (!this.#line.serve(undefined)) this.#open--;
  }
}
