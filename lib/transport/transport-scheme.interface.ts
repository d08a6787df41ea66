import type { MailTransport } from './mail-transport.js';
import type { ParameterTypes } from './url-parameters.js';

/** The parts of a transport's URL, percent-decoded. */
export interface TransportUrl {
  readonly scheme: string;
  readonly user?: string;
  readonly password?: string;
  /** Empty where the scheme has none; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port?: number;
  /** Empty where the scheme has none. */
  readonly path: string;
  /** The query, each parameter of the type it was given; `a.b=1` is `{ a: { b: 1 } }`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How URLs of a scheme become transports. */
export interface TransportScheme {
  /** What follows the colon: `//user:password@host:port`, a path, or nothing. */
  readonly address: 'host' | 'path' | 'none';
  /** The query parameters there are: the transport's options by their own names. */
  readonly parameters: ParameterTypes;
  /** May throw a `RelayConfigurationError` of its own, whose words must hold no secret. */
  create(url: TransportUrl): MailTransport;
}
