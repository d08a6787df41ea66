import type { DomainLimits } from './delivery/flow/transport-limits.js';
import { type LimitSettings, NO_SETTINGS } from './delivery/flow/limit-settings.js';
import { NamedRoute, type RouteNode } from './delivery/route/route.js';
import { type RouteFunction, routeOf } from './delivery/route/router.js';
import type { ConfiguredTransport } from './delivery/transport-set.js';
import { RelayConfigurationError } from './errors/relay-configuration.error.js';
import { refuseUnknown } from './refuse-unknown.js';
import type { RelayOptions, TransportConfig, TransportSettings } from './relay-options.interface.js';
import { isTransport } from './transport/transport-input.js';
import { parseRate } from './transport/rate.js';
import { TenantTransports } from './transport/tenant.transport.js';
import { transportFromUrl } from './transport/transport-url.js';

/** The transports of the options by name; `undefined` where none is given. @throws RelayConfigurationError */
export function readTransports({ transport, transports }: RelayOptions): Map<string, ConfiguredTransport> | undefined {
  if (transport !== undefined && transports !== undefined)
    throw new RelayConfigurationError('transports', 'cannot go with `transport`; give one of them');
  if (transport !== undefined) return new Map([['default', readTransport(transport, 'transport')]]);
  if (transports === undefined) return undefined;
  if (typeof transports !== 'object' || transports === null || Object.keys(transports).length === 0)
    throw new RelayConfigurationError('transports', "is an object of transports by name: { main: 'smtp://...' }");
  const entries = Object.entries<TransportConfig>(transports);
  return new Map(entries.map(([key, config]) => [key, readTransport(config, `transports.${key}`)]));
}

/** @param names of the transports; none in a process that only queues and knows no transport. @throws RelayConfigurationError */
export function readRoute(route: RelayOptions['route'], names: readonly string[]): RouteNode | RouteFunction {
  if (route === undefined) return new NamedRoute(names[0] ?? 'default');
  if (typeof route === 'function') return route as RouteFunction;
  if (typeof route !== 'string' && !(typeof route === 'object' && route !== null && 'names' in route))
    throw new RelayConfigurationError(
      'route',
      "is a transport's name, what failover() and its like give, or a function",
    );
  const read = typeof route === 'string' && names.includes(route) ? new NamedRoute(route) : routeOf(route);
  const unknown = names.length > 0 ? read.names.find((name) => !names.includes(name)) : undefined;
  if (unknown === undefined) return read;
  throw new RelayConfigurationError('route', `names ${JSON.stringify(unknown)}; configured are ${names.join(', ')}`);
}

function readTransport(config: TransportConfig, option: string): ConfiguredTransport {
  if (typeof config === 'string') return { source: transportFromUrl(config, option), limits: NO_SETTINGS };
  if (config instanceof TenantTransports || isTransport(config)) return { source: config, limits: NO_SETTINGS };
  if (typeof config === 'object' && config !== null && 'use' in config) {
    refuseUnknown(config, ['use', 'rate', 'quota', 'concurrency', 'perDomain'], `${option}.`);
    const { source } = readTransport(config.use, `${option}.use`);
    if (source instanceof TenantTransports)
      throw new RelayConfigurationError(
        `${option}.use`,
        'is a perTenant(), which has a rate of its own: perTenant(resolve, { rate })',
      );
    return { source, limits: readLimits(config, option) };
  }
  throw new RelayConfigurationError(
    option,
    "is a URL such as 'smtp://user:password@host', a MailTransport, or a class that extends MailTransport",
  );
}

function readLimits({ rate, quota, concurrency, perDomain = {} }: TransportSettings, option: string): LimitSettings {
  const asked = (limit: unknown, name: string) => (limit === 'auto' ? limit : parseRate(limit, `${option}.${name}`));
  if (typeof perDomain !== 'object' || perDomain === null)
    throw new RelayConfigurationError(
      `${option}.perDomain`,
      "is an object by domain: { 'gmail.com': { rate: '10/s' } }",
    );
  return {
    ...(rate !== undefined && { rate: asked(rate, 'rate') }),
    ...(quota !== undefined && { quota: asked(quota, 'quota') }),
    ...readConcurrency(concurrency, `${option}.concurrency`),
    perDomain: new Map(
      Object.entries(perDomain).map(([domain, limits]) => [
        domain.toLowerCase(),
        readDomain(limits, `${option}.perDomain.${domain}`),
      ]),
    ),
  };
}

function readDomain(limits: { rate?: unknown; concurrency?: unknown }, option: string): DomainLimits {
  refuseUnknown(limits, ['rate', 'concurrency'], `${option}.`);
  return {
    ...(limits.rate !== undefined && { rate: parseRate(limits.rate, `${option}.rate`) }),
    ...readConcurrency(limits.concurrency, `${option}.concurrency`),
  };
}

function readConcurrency(concurrency: unknown, option: string): { concurrency?: number } {
  if (concurrency === undefined) return {};
  if (Number.isInteger(concurrency) && (concurrency as number) >= 1) return { concurrency: concurrency as number };
  throw new RelayConfigurationError(option, 'is a whole number of 1 or more');
}
