import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { TransportScheme } from '../transport-scheme.interface.js';
import type { DirectTransportOptions } from './direct-transport-options.interface.js';
import { DirectTransport } from './direct.transport.js';

/** `direct://?name=out.acme.test&dns.servers=127.0.0.1,9.9.9.9`; lists are written with commas. */
export const DIRECT_SCHEME: TransportScheme = {
  address: 'none',
  parameters: {
    name: 'text',
    port: 'integer',
    connections: 'integer',
    maxConnections: 'integer',
    messagesPerConnection: 'integer',
    idle: 'duration',
    tls: ['opportunistic', 'required', 'verified', 'never'],
    mtaSts: 'boolean',
    dane: 'boolean',
    self: 'text',
    allowPrivate: 'boolean',
    greylistDelay: 'duration',
    'dns.servers': 'text',
    'dns.timeout': 'duration',
    'dns.tries': 'integer',
    'dns.trustAd': 'boolean',
    'timeouts.connect': 'duration',
    'timeouts.greeting': 'duration',
    'timeouts.command': 'duration',
    'timeouts.data': 'duration',
    'dkim.domain': 'text',
    'dkim.selector': 'text',
    'dkim.privateKey': 'text',
  },
  create({ options, host }) {
    if (host) throw new RelayConfigurationError('direct', 'names no server: the DNS does; write direct://?name=...');
    const { self, dns, ...others } = options as Omit<DirectTransportOptions, 'self' | 'dns'> & {
      self?: string;
      dns?: { servers?: string };
    };
    const { servers, ...asking } = dns ?? {};
    return new DirectTransport({
      ...others,
      ...(self !== undefined && { self: self.split(',') }),
      ...(dns && { dns: { ...asking, ...(servers !== undefined && { servers: servers.split(',') }) } }),
    });
  },
};
