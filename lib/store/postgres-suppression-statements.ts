import { STORE_SCHEMA } from './postgres-migrations.js';

const TABLE = `${STORE_SCHEMA}.suppression`;
const SOFT = `${STORE_SCHEMA}.soft_bounce`;
/** In milliseconds, by the server. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)';
const STANDS = `(expires IS NULL OR expires > ${NOW})`;

/** $1 queue, $2 addresses, $3 stream, $4 tenant. No stream and no tenant is the empty text. */
export const FIND_SUPPRESSIONS = `
SELECT * FROM ${TABLE}
WHERE queue = $1 AND address = ANY($2::text[]) AND stream IN ('', $3) AND tenant IN ('', $4) AND ${STANDS}`;

/** $1 queue, then the columns. The rule is that of merge-entries; an entry that has expired is as none. */
export const PUT_SUPPRESSIONS = `
INSERT INTO ${TABLE} AS stored (queue, address, stream, tenant, reason, rank, source, at, expires)
SELECT $1, given.* FROM
  unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::bigint[], $9::bigint[])
  AS given (address, stream, tenant, reason, rank, source, at, expires)
WHERE ${STANDS}
ON CONFLICT (queue, address, stream, tenant) DO UPDATE SET (reason, rank, source, at, expires) = (
  SELECT
    CASE WHEN wins THEN excluded.reason ELSE stored.reason END,
    CASE WHEN wins THEN excluded.rank ELSE stored.rank END,
    CASE WHEN wins THEN excluded.source ELSE stored.source END,
    CASE WHEN wins THEN excluded.at ELSE stored.at END,
    CASE WHEN gone OR longer THEN excluded.expires ELSE stored.expires END
  FROM (SELECT
    gone, longer, gone OR excluded.rank > stored.rank OR (excluded.rank = stored.rank AND longer) AS wins
    FROM (SELECT
      coalesce(stored.expires <= ${NOW}, false) AS gone,
      stored.expires IS NOT NULL AND coalesce(excluded.expires > stored.expires, true) AS longer) AS times) AS verdict)`;

/** $1 queue, $2 address, $3 stream, $4 tenant, $5 the reason that it must have, or NULL. */
export const DELETE_SUPPRESSION = `
DELETE FROM ${TABLE}
WHERE queue = $1 AND address = $2 AND stream = $3 AND tenant = $4 AND ($5::text IS NULL OR reason = $5)
RETURNING ${STANDS} AS there`;

/** $1 queue, $2 to $4 the key before, $5 part of the address, $6 stream or NULL, $7 tenant or NULL, $8 how many. */
export const PAGE_OF_SUPPRESSIONS = `
SELECT * FROM ${TABLE}
WHERE queue = $1 AND (address, stream, tenant) > ($2, $3, $4) AND position($5 IN address) > 0
  AND ($6::text IS NULL OR stream = $6) AND ($7::text IS NULL OR tenant = $7) AND ${STANDS}
ORDER BY address, stream, tenant LIMIT $8`;

/** $1 queue, $2 address, $3 event, $4 at, $5 within. */
export const REMEMBER_SOFT_BOUNCE = `
INSERT INTO ${SOFT} (queue, address, event, at, expires)
VALUES ($1, $2, $3, $4::bigint, greatest($4::bigint, ${NOW}::bigint) + $5::bigint)
ON CONFLICT DO NOTHING`;

/** $1 queue, $2 address, $3 within, $4 at most. */
export const COUNT_SOFT_BOUNCES = `
SELECT least(count(*), $4::bigint)::int AS bounces FROM ${SOFT}
WHERE queue = $1 AND address = $2
  AND at > (SELECT max(at) FROM ${SOFT} WHERE queue = $1 AND address = $2) - $3::bigint`;

export const PURGE_SUPPRESSIONS = purge('suppression', ['queue', 'address', 'stream', 'tenant']);
export const PURGE_SOFT_BOUNCES = purge('soft_bounce', ['queue', 'address', 'event']);

function purge(table: string, key: readonly string[]): string {
  const same = key.map((column) => `${table}.${column} = expired.${column}`).join(' AND ');
  return `
WITH expired AS (
  SELECT ${key.join(', ')} FROM ${STORE_SCHEMA}.${table} WHERE expires <= ${NOW} LIMIT 1000 FOR UPDATE SKIP LOCKED
), purged AS (
  DELETE FROM ${STORE_SCHEMA}.${table} USING expired WHERE ${same} AND expires <= ${NOW} RETURNING 1
)
SELECT count(*)::int AS purged FROM purged`;
}
