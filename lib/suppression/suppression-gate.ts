import { Gathering } from '../gathering.js';
import type { SuppressionEntry, SuppressionScope } from './suppression-entry.interface.js';

type Found = Map<string, SuppressionEntry>;

/** What a gate asks. */
export interface SuppressionLookup {
  check(addresses: readonly string[], scope: SuppressionScope): Promise<Found>;
}

/** Asks the suppression list for mails that are about to be queued or sent, for many of them at once. */
export class SuppressionGate {
  readonly #list: SuppressionLookup;
  readonly #scopes = new Map<string, Gathering<readonly string[], Found>>();

  constructor(list: SuppressionLookup) {
    this.#list = list;
  }

  /** Those of the addresses that must not be written to. @throws QueueUnavailableError */
  check(addresses: readonly string[], scope: SuppressionScope): Promise<Found> {
    return this.#asking(scope).ask(addresses);
  }

  #asking(scope: SuppressionScope): Gathering<readonly string[], Found> {
    const key = `${scope.stream ?? ''} ${scope.tenant ?? ''}`;
    let asking = this.#scopes.get(key);
    if (!asking) {
      asking = new Gathering(async (asked) => {
        const found = await this.#list.check(asked.flat(), scope);
        return asked.map((addresses) => only(addresses, found));
      });
      if (this.#scopes.size >= MOST_SCOPES) this.#scopes.clear();
      this.#scopes.set(key, asking);
    }
    return asking;
  }
}

/** Tenants come and go. */
const MOST_SCOPES = 1_000;

function only(addresses: readonly string[], found: Found): Found {
  if (found.size === 0) return found;
  return new Map([...found].filter(([address]) => addresses.includes(address)));
}
