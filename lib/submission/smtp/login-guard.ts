import { clientNetwork } from './networks.js';

/** Slows down those who guess passwords, by network and by name, in this process. */
export class LoginGuard {
  readonly #failures = new Map<string, { count: number; since: number }>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether so many logins failed that no more are tried for now. */
  isBlocked(address: string, username: string): boolean {
    const network = clientNetwork(address);
    return this.#count(network) >= MOST_OF_NETWORK || this.#count(pair(network, username)) >= MOST_OF_NAME;
  }

  /** How long the answer is held back, in milliseconds. */
  failed(address: string, username: string): number {
    const network = clientNetwork(address);
    this.#add(network);
    return Math.min(LONGEST, FIRST * 2 ** (this.#add(pair(network, username)) - 1));
  }

  succeeded(address: string, username: string): void {
    const network = clientNetwork(address);
    this.#failures.delete(network);
    this.#failures.delete(pair(network, username));
  }

  #count(key: string): number {
    const known = this.#failures.get(key);
    return known && this.#now() - known.since < WINDOW ? known.count : 0;
  }

  #add(key: string): number {
    const count = this.#count(key) + 1;
    const since = count === 1 ? this.#now() : this.#failures.get(key)!.since;
    this.#failures.delete(key);
    this.#failures.set(key, { count, since });
    // The one that failed longest ago.
    if (this.#failures.size > MOST_KNOWN) this.#failures.delete(this.#failures.keys().next().value!);
    return count;
  }
}

function pair(network: string, username: string): string {
  return `${network} ${username.slice(0, 256).toLowerCase()}`;
}

/** Failures in a window. */
const MOST_OF_NAME = 10;
const MOST_OF_NETWORK = 100;
const MOST_KNOWN = 10_000;

/** Milliseconds. */
const WINDOW = 600_000;
const FIRST = 250;
const LONGEST = 8_000;
