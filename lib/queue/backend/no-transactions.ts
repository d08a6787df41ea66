import { UnsupportedFeatureError } from '../../errors/unsupported-feature.error.js';

/** For backends that share no database with the application. */
export function noTransactions(backend: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(
    'withTransaction',
    backend,
    `The ${backend} queue cannot take part in a transaction of your database. Use queue.postgres with that database, or send after the commit`,
  );
}
