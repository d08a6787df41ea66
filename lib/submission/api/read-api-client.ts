import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { asciiDomain } from '../../mail/address.js';
import { parseRate, type RateLimit } from '../../transport/rate.js';
import type { ApiClient, ApiScope } from './api-key-authenticator.js';

/** A client, checked. */
export interface CheckedClient {
  readonly id: string;
  readonly scopes: ReadonlySet<ApiScope>;
  readonly senders?: readonly string[];
  readonly stream?: string;
  readonly tenant?: string;
  readonly rate?: RateLimit;
}

const API_SCOPES = ['send', 'read', 'cancel'] as const satisfies readonly ApiScope[];

/**
 * @param option names the client in the error: `api.apiKeys[0]`
 * @throws RelayConfigurationError that holds no key
 */
export function readApiClient(client: ApiClient, option: string): CheckedClient {
  const { id, scopes, senders, stream, tenant, rate } = client;
  const refuse = (field: string, message: string): never => {
    throw new RelayConfigurationError(`${option}.${field}`, message);
  };
  if (!isWord(id)) refuse('id', 'is a text of 1 to 256 characters that names the client');
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every((scope) => API_SCOPES.includes(scope)))
    refuse('scopes', `is an array of ${API_SCOPES.map((scope) => `'${scope}'`).join(', ')}`);
  for (const [field, value] of Object.entries({ stream, tenant }))
    if (value !== undefined && !isWord(value)) refuse(field, 'is a text of 1 to 256 characters');
  if (senders !== undefined && !(Array.isArray(senders) && senders.length > 0 && senders.every(isDomain)))
    refuse('senders', "is an array of domains: ['acme.test', '*.acme.test']");
  return {
    id,
    scopes: new Set(scopes),
    ...(senders && { senders }),
    ...(stream !== undefined && { stream }),
    ...(tenant !== undefined && { tenant }),
    ...(rate !== undefined && { rate: parseRate(rate, `${option}.rate`) }),
  };
}

function isDomain(sender: unknown): boolean {
  return typeof sender === 'string' && asciiDomain(sender.replace(/^\*\./, '')) !== '';
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 256;
}
