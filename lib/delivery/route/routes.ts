import { asciiDomain } from '../../mail/address.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { NamedRoute, type Route, type RouteDraw, RouteNode, unique } from './route.js';

/**
 * The first transport that is not down: the others are for when it is. What is down is left alone until it answers again, and then the
 * first is the first again. Only trouble of the transport moves a mail on, never a fault of the mail itself.
 *
 * @example
 * route: failover('ses', 'postmark')
 */
export function failover<const N extends string>(...names: [N | Route<N>, ...(N | Route<N>)[]]): Route<N> {
  return new FailoverRoute(nodesOf('failover', names));
}

/** Each transport in turn, a message each; one that is down passes its turn on. */
export function roundRobin<const N extends string>(...names: [N | Route<N>, ...(N | Route<N>)[]]): Route<N> {
  return new RoundRobinRoute(nodesOf('roundRobin', names));
}

/**
 * By chance, in proportion to the weights; one that is down leaves its share to the others. Weight 0 is only for that case.
 *
 * @example
 * route: weighted({ ses: 9, postmark: 1 })
 */
export function weighted<const N extends string>(weights: Record<N, number>): Route<N> {
  return new WeightedRoute(weights);
}

/**
 * By the recipient's domain: `'gmail.com'`, `'*.acme.test'` (its subdomains), `'*'` (all others). A mail with recipients of several
 * kinds is handed over once for each. Without `'*'`, `send()` refuses a recipient that nothing fits.
 *
 * @example
 * route: byDomain({ 'gmail.com': 'google', '*': failover('ses', 'postmark') })
 */
export function byDomain<const N extends string>(routes: Record<string, N | Route<N>>): Route<N> {
  return new DomainRoute(routes);
}

export class FailoverRoute<N extends string> extends RouteNode<N> {
  readonly names: readonly N[];
  readonly #routes: readonly RouteNode<N>[];

  constructor(routes: readonly RouteNode<N>[]) {
    super();
    this.#routes = routes;
    this.names = namesOf(routes);
  }

  order(domain: string, draw: RouteDraw): readonly string[] {
    return unique(this.#routes.flatMap((route) => route.order(domain, draw)));
  }

  toString(): string {
    return `failover(${this.#routes.join(' ')})`;
  }
}

export class RoundRobinRoute<N extends string> extends RouteNode<N> {
  readonly names: readonly N[];
  readonly #routes: readonly RouteNode<N>[];

  constructor(routes: readonly RouteNode<N>[]) {
    super();
    this.#routes = routes;
    this.names = namesOf(routes);
  }

  order(domain: string, draw: RouteDraw): readonly string[] {
    const first = draw.turn(this, this.#routes.length);
    const inTurn = [...this.#routes.slice(first), ...this.#routes.slice(0, first)];
    return unique(inTurn.flatMap((route) => route.order(domain, draw)));
  }

  toString(): string {
    return `roundrobin(${this.#routes.join(' ')})`;
  }
}

export class WeightedRoute<N extends string> extends RouteNode<N> {
  readonly names: readonly N[];
  /** The heaviest first. */
  readonly #weights: readonly (readonly [N, number])[];
  readonly #sum: number;

  constructor(weights: Record<N, number>) {
    super();
    const given = Object.entries(weights ?? {}) as [N, number][];
    this.#sum = given.reduce((sum, [, weight]) => sum + weight, 0);
    const wrong = given.find(([, weight]) => !(Number.isFinite(weight) && weight >= 0));
    if (wrong || !(this.#sum > 0))
      throw new RelayConfigurationError(
        'route',
        `weighted() takes numbers of 0 or more by transport, one of them above 0: weighted({ ses: 9, postmark: 1 })`,
      );
    this.names = given.map(([name]) => name);
    this.#weights = given.toSorted(([, a], [, b]) => b - a);
  }

  order(_domain: string, draw: RouteDraw): readonly string[] {
    let left = draw.chance(this) * this.#sum;
    const chosen = this.#weights.find(([, weight]) => (left -= weight) < 0) ?? this.#weights[0]!;
    return unique([chosen[0], ...this.#weights.map(([name]) => name)]);
  }

  toString(): string {
    return `weighted(${this.names.map((name) => `${name}=${this.#weights.find(([one]) => one === name)![1]}`).join(' ')})`;
  }
}

export class DomainRoute<N extends string> extends RouteNode<N> {
  readonly names: readonly N[];
  readonly #exact = new Map<string, RouteNode<N>>();
  /** By the end of the domain, with its dot; the longest first. */
  readonly #endings: (readonly [string, RouteNode<N>])[] = [];
  readonly #others: RouteNode<N> | undefined;

  constructor(routes: Record<string, N | Route<N>>) {
    super();
    const given = Object.entries(routes ?? {});
    if (given.length === 0)
      throw new RelayConfigurationError(
        'route',
        "byDomain() needs routes by domain: byDomain({ 'gmail.com': 'a', '*': 'b' })",
      );
    const nodes = given.map(([pattern, route]) => [domainPattern(pattern), asNode('byDomain', route)] as const);
    for (const [pattern, route] of nodes) {
      if (pattern.startsWith('*.')) this.#endings.push([pattern.slice(1), route]);
      else if (pattern !== '*') this.#exact.set(pattern, route);
    }
    this.#endings.sort(([a], [b]) => b.length - a.length);
    this.#others = nodes.find(([pattern]) => pattern === '*')?.[1];
    this.names = namesOf(nodes.map(([, route]) => route));
  }

  order(domain: string, draw: RouteDraw): readonly string[] {
    const route =
      this.#exact.get(domain) ?? this.#endings.find(([ending]) => domain.endsWith(ending))?.[1] ?? this.#others;
    return route?.order(domain, draw) ?? [];
  }

  toString(): string {
    const parts = [...this.#exact, ...this.#endings.map(([ending, route]) => [`*${ending}`, route] as const)];
    if (this.#others) parts.push(['*', this.#others]);
    return `bydomain(${parts.map(([pattern, route]) => `${pattern}=${String(route)}`).join(' ')})`;
  }
}

function nodesOf<N extends string>(maker: string, routes: readonly (N | Route<N>)[]): RouteNode<N>[] {
  if (routes.length === 0) throw new RelayConfigurationError('route', `${maker}() needs the names of transports`);
  return routes.map((route) => asNode(maker, route));
}

function asNode<N extends string>(maker: string, route: N | Route<N>): RouteNode<N> {
  if (route instanceof RouteNode) return route as RouteNode<N>;
  if (typeof route === 'string' && /^[^\s()=]+$/.test(route)) return new NamedRoute(route);
  throw new RelayConfigurationError(
    'route',
    `${maker}() takes names of transports, and what failover(), roundRobin(), weighted() and byDomain() give`,
  );
}

function namesOf<N extends string>(routes: readonly RouteNode<N>[]): N[] {
  return unique(routes.flatMap(({ names }) => names));
}

/** As addresses have it: in ASCII, in lower case. */
function domainPattern(pattern: string): string {
  if (pattern === '*') return pattern;
  const [, wildcard = '', domain = ''] = /^(\*\.)?(.*)$/s.exec(pattern)!;
  const ascii = asciiDomain(domain);
  if (ascii && /^[a-z0-9.-]+$/.test(ascii)) return wildcard + ascii;
  throw new RelayConfigurationError(
    'route',
    `${JSON.stringify(pattern)} is no domain; give 'acme.test', '*.acme.test' or '*'`,
  );
}
