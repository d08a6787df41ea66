/** A choice among the transports of the configuration. Made by {@link failover} and its like, or written as text; it prints as that text. */
export interface Route<N extends string = string> {
  /** All the transports that it may choose. */
  readonly names: readonly N[];
  toString(): string;
}

/** What is decided once for a message, so that its recipients are not dealt out among transports. */
export interface RouteDraw {
  /** Whose turn it is among so many; for one message always the same. */
  turn(route: object, count: number): number;
  /** From 0 to below 1; for one message always the same. */
  chance(route: object): number;
}

/** A route that can be asked. */
export abstract class RouteNode<N extends string = string> implements Route<N> {
  abstract readonly names: readonly N[];

  /** The transports for one recipient, the preferred one first; none where nothing fits. @param domain in ASCII, lower case */
  abstract order(domain: string, draw: RouteDraw): readonly string[];

  abstract toString(): string;
}

/** One transport. */
export class NamedRoute<N extends string> extends RouteNode<N> {
  readonly names: readonly [N];

  constructor(name: N) {
    super();
    this.names = [name];
  }

  order(): readonly string[] {
    return this.names;
  }

  toString(): string {
    return this.names[0];
  }
}

/** Every name once, in the order of its first place. */
export function unique<T>(names: Iterable<T>): T[] {
  return [...new Set(names)];
}
