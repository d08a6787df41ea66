import { MOST_SOFT_BOUNCES } from '../suppression/suppression-store.interface.js';

/**
 * An entry is a key of its own that expires by itself: `<rank> <expires, 0 for ever> <the rest as JSON>`. Their names stand in a sorted set
 * by the address, for pages, and those that expire in another by that time, so that what is gone leaves the first one too.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS: index, expiring, then the entries. ARGV: for each entry its name, rank, time of expiry (0 for ever) and rest. The rule is that
 * of merge-entries.
 */
const put = `${NOW}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, math.max(100, #KEYS))) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
for i = 3, #KEYS do
  local at = (i - 3) * 4
  local name, rank, expires, rest = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if expires == '0' or tonumber(expires) > now then
    local stored = redis.call('GET', KEYS[i])
    if stored then
      local oldRank, oldExpires, oldRest = string.match(stored, '^(%d) (%d+) (.*)$')
      local longer = oldExpires ~= '0' and (expires == '0' or tonumber(expires) > tonumber(oldExpires))
      if oldRank > rank or (oldRank == rank and not longer) then rank, rest = oldRank, oldRest end
      if not longer then expires = oldExpires end
    end
    redis.call('SET', KEYS[i], rank .. ' ' .. expires .. ' ' .. rest)
    redis.call('ZADD', KEYS[1], 0, name)
    if expires == '0' then
      redis.call('ZREM', KEYS[2], name)
    else
      redis.call('PEXPIREAT', KEYS[i], expires)
      redis.call('ZADD', KEYS[2], expires, name)
    end
  end
end`;

/** KEYS: index, expiring, entry. ARGV: its name, and the reason that it must have, or nothing. */
const remove = `
local stored = redis.call('GET', KEYS[3])
if not stored then return 0 end
if ARGV[2] and cjson.decode(string.match(stored, '^%d %d+ (.*)$')).reason ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`;

/**
 * KEYS: index. ARGV: the name before ('' for none), how many, part of the address, stream, tenant ('' for any), how many to look at.
 * Gives the names found, the last name looked at, and whether that was the end.
 */
const names = `
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local looked = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, ARGV[6])
local found = {}
local last = ''
for _, name in ipairs(looked) do
  if #found == tonumber(ARGV[2]) then return { found, last, 0 } end
  last = name
  local address, stream, tenant = string.match(name, '^([^\\n]*)\\n([^\\n]*)\\n(.*)$')
  if (ARGV[4] == '' or stream == ARGV[4]) and (ARGV[5] == '' or tenant == ARGV[5])
    and (ARGV[3] == '' or string.find(address, ARGV[3], 1, true)) then found[#found + 1] = name end
end
return { found, last, #looked < tonumber(ARGV[6]) and 1 or 0 }`;

/** KEYS: the address's own. ARGV: event, at, within. */
const countSoftBounce = `
redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -${MOST_SOFT_BOUNCES + 1})
local latest = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', latest - tonumber(ARGV[3])))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('ZCARD', KEYS[1])`;

export const SUPPRESSION_SCRIPTS: Readonly<Record<'put' | 'remove' | 'names' | 'countSoftBounce', string>> = {
  put,
  remove,
  names,
  countSoftBounce,
};
