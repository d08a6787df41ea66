import type { MailMessage } from '../../mail/mail-message.interface.js';
import { parseRoute } from './parse-route.js';
import { NamedRoute, type Route, type RouteDraw, RouteNode } from './route.js';

/** A function of the application's that chooses for each message, in the worker. */
export type RouteFunction = (message: MailMessage) => string | Route;

/** Recipients that go together, and where to: the preferred transport first, none where nothing fits. */
export interface Leg {
  readonly candidates: readonly string[];
  readonly to: readonly string[];
}

/** Decides which transports a message may go to. */
export class Router {
  readonly #route: RouteNode | RouteFunction;
  /** Whose turn is next, by route. Each process begins somewhere else. */
  readonly #turns = new WeakMap<object, number>();

  constructor(route: RouteNode | RouteFunction) {
    this.#route = route;
  }

  /** The transports it may choose; `undefined` when only a function knows. */
  get names(): readonly string[] | undefined {
    return this.#route instanceof RouteNode ? this.#route.names : undefined;
  }

  /** The transports for one recipient, as far as it can be told without the message. */
  candidates(address: string): readonly string[] | undefined {
    return this.#route instanceof RouteNode ? this.#route.order(domainOf(address), FIRST) : undefined;
  }

  /** @throws what the application's function throws */
  legs(message: MailMessage, to: readonly string[]): Leg[] {
    const route = this.#route instanceof RouteNode ? this.#route : routeOf(this.#route(message));
    const draw = this.#draw();
    const legs = new Map<string, { candidates: readonly string[]; to: string[] }>();
    for (const address of to) {
      const candidates = route.order(domainOf(address), draw);
      const key = candidates.join('\n');
      const leg = legs.get(key);
      if (leg) leg.to.push(address);
      else legs.set(key, { candidates, to: [address] });
    }
    return [...legs.values()];
  }

  #draw(): RouteDraw {
    const drawn = new Map<object, number>();
    const once = (route: object, make: () => number): number => {
      const value = drawn.get(route) ?? make();
      drawn.set(route, value);
      return value;
    };
    return {
      turn: (route, count) =>
        once(route, () => {
          const turn = this.#turns.get(route) ?? Math.floor(Math.random() * count);
          this.#turns.set(route, (turn + 1) % count);
          return turn;
        }),
      chance: (route) => once(route, Math.random),
    };
  }
}

/** A route as the application gives it: a name, a text, or what `failover()` and its like made. @throws RelayConfigurationError */
export function routeOf(route: string | Route): RouteNode {
  if (route instanceof RouteNode) return route;
  // A Route of another copy of this package prints as its text.
  return typeof route === 'string' && !route.includes('(') ? new NamedRoute(route) : parseRoute(String(route));
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

const FIRST: RouteDraw = { turn: () => 0, chance: () => 0 };
