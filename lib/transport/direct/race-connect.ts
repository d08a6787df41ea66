import { connect, isIPv6, type Socket } from 'node:net';
import { onAbort } from '../smtp/on-abort.js';

export interface ConnectTarget {
  /** In the order in which they are to be tried, by {@link inTurns}. */
  readonly addresses: readonly string[];
  readonly port: number;
  localAddress?(to: string): string | undefined;
}

/**
 * Connects to whichever address answers first: the next one is tried when one has failed, or after a quarter of a second (RFC 8305
 * section 5).
 *
 * @param timeout milliseconds for all of it
 * @throws Error with a `code`: that of the first address, `ETIMEDOUT`, or `ABORT_ERR`
 */
export function raceConnect(
  { addresses, port, localAddress }: ConnectTarget,
  timeout: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const waiting = [...addresses];
    const trying = new Set<Socket>();
    let first: Error | undefined;
    let next: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(next);
      clearTimeout(limit);
      stopListening();
      waiting.length = 0;
      for (const socket of trying) socket.destroy();
      trying.clear();
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(coded('ABORT_ERR', 'aborted'));
    const stopListening = onAbort(signal, abort);
    const limit = setTimeout(
      () => fail(first ?? coded('ETIMEDOUT', `no connection within ${timeout / 1_000} s`)),
      timeout,
    );
    const tryNext = (): void => {
      clearTimeout(next);
      const address = waiting.shift();
      if (address === undefined) {
        if (trying.size === 0) fail(first ?? coded('ENOTFOUND', 'it has no address'));
        return;
      }
      const local = localAddress?.(address);
      const socket = connect({ host: address, port, ...(local !== undefined && { localAddress: local }) });
      trying.add(socket);
      // It stays: an 'error' without a listener ends the process.
      socket.on('error', (error) => {
        if (!trying.delete(socket)) return;
        first ??= error;
        tryNext();
      });
      socket.once('connect', () => {
        if (!trying.delete(socket)) return socket.destroy();
        end();
        resolve(socket);
      });
      if (waiting.length > 0) next = setTimeout(tryNext, NEXT_AFTER);
    };
    if (signal.aborted) return abort();
    tryNext();
  });
}

/** Addresses in random order, the families by turns, IPv6 first: RFC 8305 section 4. */
export function inTurns(addresses: readonly string[]): string[] {
  const shuffled = shuffle(addresses);
  const [six, four] = [shuffled.filter(isIPv6), shuffled.filter((address) => !isIPv6(address))];
  return shuffled.flatMap((_, index) => [six[index], four[index]]).filter((address) => address !== undefined);
}

/** In random order: Fisher and Yates. */
export function shuffle<T>(list: readonly T[]): T[] {
  const shuffled = [...list];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

/** Milliseconds. */
const NEXT_AFTER = 250;

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
