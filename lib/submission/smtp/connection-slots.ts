import { clientNetwork } from './networks.js';

/** Counts open connections, in all and by client. */
export class ConnectionSlots {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #byNetwork = new Map<string, number>();
  #open = 0;

  constructor(most: number, mostOfOne: number) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /** @param isTrusted then only the number of all counts */
  take(address: string, isTrusted: boolean): boolean {
    const network = clientNetwork(address);
    const own = this.#byNetwork.get(network) ?? 0;
    if (this.#open >= this.#most || (!isTrusted && own >= this.#mostOfOne)) return false;
    this.#open++;
    this.#byNetwork.set(network, own + 1);
    return true;
  }

  give(address: string): void {
    const network = clientNetwork(address);
    const own = this.#byNetwork.get(network)! - 1;
    this.#open--;
    if (own === 0) this.#byNetwork.delete(network);
    else this.#byNetwork.set(network, own);
  }
}
