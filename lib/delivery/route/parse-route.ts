import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { NamedRoute, type RouteNode } from './route.js';
import { DomainRoute, FailoverRoute, RoundRobinRoute, WeightedRoute } from './routes.js';

/**
 * A route written as text: a name, `failover(a b)`, `roundrobin(a failover(b c))`, `weighted(a=9 b=1)`, `bydomain(gmail.com=a *=b)`.
 *
 * @throws RelayConfigurationError that says where the text is wrong
 */
export function parseRoute(text: string): RouteNode {
  const reader = new RouteReader(text);
  const route = reader.route(0);
  reader.end();
  return route;
}

const LISTS: Readonly<Record<string, ((routes: RouteNode[]) => RouteNode) | undefined>> = {
  failover: (routes) => new FailoverRoute(routes),
  roundrobin: (routes) => new RoundRobinRoute(routes),
};

const TABLES: Readonly<Record<string, ((entries: [string, RouteNode][]) => RouteNode) | undefined>> = {
  weighted: (entries) => new WeightedRoute(Object.fromEntries(entries.map(([name, weight]) => [name, Number(weight)]))),
  bydomain: (entries) => new DomainRoute(Object.fromEntries(entries)),
};

/** Nobody nests deeper, and a text must not exhaust the stack. */
const DEEPEST = 20;

class RouteReader {
  readonly #text: string;
  readonly #tokens: { text: string; at: number }[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = Array.from(text.matchAll(/[()=]|[^\s()=]+/g), (match) => ({ text: match[0], at: match.index }));
  }

  route(depth: number): RouteNode {
    if (depth > DEEPEST) throw this.#wrong('is nested too deep');
    const name = this.#name('a transport');
    if (!this.#take('(')) return new NamedRoute(name);
    const list = LISTS[name.toLowerCase()];
    const table = TABLES[name.toLowerCase()];
    if (!list && !table)
      throw this.#wrong(`knows no ${name}(); there are ${[...Object.keys(LISTS), ...Object.keys(TABLES)].join(', ')}`);
    const routes: RouteNode[] = [];
    const entries: [string, RouteNode][] = [];
    while (!this.#take(')')) {
      if (list) routes.push(this.route(depth + 1));
      else entries.push(this.#entry(depth));
    }
    if (routes.length + entries.length === 0) throw this.#wrong(`has nothing in ${name}()`);
    return list ? list(routes) : table!(entries);
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw this.#wrong('goes on where it should end');
  }

  #entry(depth: number): [string, RouteNode] {
    const key = this.#name('a name');
    if (!this.#take('=')) throw this.#wrong(`needs = behind ${key}`);
    return [key, this.route(depth + 1)];
  }

  #name(what: string): string {
    const token = this.#tokens[this.#next];
    if (!token || '()='.includes(token.text)) throw this.#wrong(`needs ${what}`);
    this.#next++;
    return token.text;
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#next]?.text !== text) return false;
    this.#next++;
    return true;
  }

  #wrong(why: string): RelayConfigurationError {
    const at = this.#tokens[this.#next]?.at ?? this.#text.length;
    return new RelayConfigurationError(
      'route',
      `${JSON.stringify(this.#text)} ${why} (at character ${at + 1}); it looks like 'failover(a b)' or 'roundrobin(a failover(b c))'`,
    );
  }
}
