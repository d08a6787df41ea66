import type { PoolConfig } from 'pg';
import { RelayConfigurationError } from '../../../errors/relay-configuration.error.js';
import { GivenPoolSource, type GivenPool } from './given-pool.source.js';
import { OwnPoolSource, type Pg } from './own-pool.source.js';
import type { SqlSource } from './sql-source.js';

/**
 * Reads `queue.postgres`.
 *
 * @throws RelayConfigurationError
 */
export async function postgresSource(input: unknown, onError: (error: Error) => void): Promise<SqlSource> {
  if (typeof input === 'string')
    return new OwnPoolSource(await loadPg(), { connectionString: checkedUrl(input) }, onError);
  if (typeof input !== 'object' || input === null) throw wrong(EXPECTED);
  if (isPool(input)) return new GivenPoolSource(input);
  if ('connect' in input || 'query' in input) throw wrong(`one client is no pool. ${EXPECTED}`);
  const config = input as PoolConfig;
  if (config.connectionString !== undefined) checkedUrl(config.connectionString);
  return new OwnPoolSource(await loadPg(), config, onError);
}

const EXPECTED = `Give a URL such as 'postgres://user:password@localhost:5432/app', pg options, or a pg.Pool`;

function wrong(message: string): RelayConfigurationError {
  return new RelayConfigurationError('queue.postgres', message);
}

function checkedUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : undefined;
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw wrong(`this is no Postgres URL. ${EXPECTED}`);
  return text;
}

/** A single client of pg has `connect` and `query` too. */
function isPool(input: object): input is GivenPool {
  const { connect, query } = input as Partial<Record<string, unknown>>;
  return typeof connect === 'function' && typeof query === 'function' && !('connectionParameters' in input);
}

async function loadPg(): Promise<Pg> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new RelayConfigurationError('queue.postgres', 'needs the package pg. Install it: npm install pg', cause);
  }
}
