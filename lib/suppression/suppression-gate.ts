import type { SuppressionEntry, SuppressionScope } from './suppression-entry.interface.js';

type Found = Map<string, SuppressionEntry>;

/** What a gate asks. */
export interface SuppressionLookup {
  check(addresses: readonly string[], scope: SuppressionScope): Promise<Found>;
}

/**
 * Asks the suppression list for mails that are about to be queued or sent. While a lookup is under way, those that come are gathered for
 * the next one: as many mails as there are cost two round trips at most.
 */
export class SuppressionGate {
  readonly #list: SuppressionLookup;
  readonly #scopes = new Map<string, Gathering>();

  constructor(list: SuppressionLookup) {
    this.#list = list;
  }

  /** Those of the addresses that must not be written to. @throws QueueUnavailableError */
  check(addresses: readonly string[], scope: SuppressionScope): Promise<Found> {
    const key = JSON.stringify([scope.stream, scope.tenant]);
    const gathering = this.#scopes.get(key) ?? { scope, waiting: [], busy: false };
    this.#scopes.set(key, gathering);
    return new Promise((resolve, reject) => {
      gathering.waiting.push({ addresses, resolve, reject });
      if (!gathering.busy) void this.#ask(key, gathering);
    });
  }

  async #ask(key: string, gathering: Gathering): Promise<void> {
    gathering.busy = true;
    // Those of the same moment go together.
    await undefined;
    while (gathering.waiting.length > 0) {
      const asked = gathering.waiting.splice(0);
      try {
        const found = await this.#list.check(
          asked.flatMap(({ addresses }) => addresses),
          gathering.scope,
        );
        for (const { addresses, resolve } of asked) resolve(only(addresses, found));
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#scopes.delete(key);
  }
}

interface Gathering {
  readonly scope: SuppressionScope;
  readonly waiting: {
    addresses: readonly string[];
    resolve: (found: Found) => void;
    reject: (error: unknown) => void;
  }[];
  busy: boolean;
}

function only(addresses: readonly string[], found: Found): Found {
  if (found.size === 0) return found;
  return new Map([...found].filter(([address]) => addresses.includes(address)));
}
