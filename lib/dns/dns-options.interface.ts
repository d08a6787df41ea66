import type { Duration } from '../duration.js';

/** How the DNS is asked. */
export interface DnsOptions {
  /**
   * Recursive resolvers, in order of preference: `'127.0.0.1'`, `'127.0.0.1:5353'`, `'[::1]:5353'`. Default those of the machine
   * (`dns.getServers()`, read once).
   */
  servers?: readonly string[];
  /** How long a server may take for one answer. Default `'3s'`. */
  timeout?: Duration;
  /** How often every server is asked before the DNS counts as not reachable. Default 2. */
  tries?: number;
  /**
   * Believes any of `servers` that it has validated an answer with DNSSEC (the AD bit). Anybody on the way to a resolver could set that
   * bit, so by default only a resolver on this machine is believed (RFC 7672 section 2.2), but for Docker's forwarder 127.0.0.11. Set it
   * when the way to the resolver is protected by other means. Without it there is no DANE.
   */
  trustAd?: boolean;
  /** Names kept at most; the one asked for longest ago goes first. Default 10,000. */
  cacheSize?: number;
  /** How long an answer is kept, whatever its TTL says. Default `'24h'`. */
  maxTtl?: Duration;
  /** How long it is kept that there is nothing (RFC 2308). Default `'1h'`. */
  maxNegativeTtl?: Duration;
}
