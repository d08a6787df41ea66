/** Changes that are kept, about. */
export const MOST_ENTRIES = 100;

/** KEYS: meta, then the mails' hashes. Gives the number of each: its own, the next one, or 0 where nothing is kept of the mail. */
const place = `
local places = {}
local new = {}
for i = 2, #KEYS do
  local mail = redis.call('HMGET', KEYS[i], 'place', 'messageId')
  if mail[1] then
    places[i - 1] = tonumber(mail[1])
  else
    places[i - 1] = 0
    if mail[2] then new[#new + 1] = i end
  end
end
if #new > 0 then
  local last = redis.call('HINCRBY', KEYS[1], 'last', #new) - #new
  for n, i in ipairs(new) do
    places[i - 1] = last + n
    redis.call('HSET', KEYS[i], 'place', last + n)
  end
end
return places`;

/**
 * KEYS: a block, its filter, room for a filter, changes, meta. ARGV: ttl; ids that have changed; the filter of what is new, or nothing; how
 * many bits are new, and their places; then offsets and the ids that belong there, in turn.
 */
const write = `
local ttl = ARGV[1]
if ARGV[3] ~= '' then
  redis.call('SET', KEYS[3], ARGV[3])
  redis.call('BITOP', 'OR', KEYS[2], KEYS[2], KEYS[3])
  redis.call('DEL', KEYS[3])
end
local runs = 5 + ARGV[4]
for i = 5, runs - 1 do redis.call('SETBIT', KEYS[2], ARGV[i], 1) end
for i = runs, #ARGV, 2 do redis.call('SETRANGE', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ${MOST_ENTRIES}, '*', 'ids', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('PEXPIRE', KEYS[4], 2 * ttl)
redis.call('PEXPIRE', KEYS[5], 2 * ttl)`;

/** KEYS: meta. ARGV: mails in a block. What is numbered from now on has a block of its own. Gives the last number before. */
const skip = `
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or 0)
redis.call('HSET', KEYS[1], 'last', math.ceil(last / ARGV[1]) * ARGV[1])
return last`;

/** KEYS: blocks. Gives the first that is there, counted from 1; 0 for none. */
const existing = `
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then return i end
end
return 0`;

/** KEYS: filters. ARGV: bits. Gives the first filter that has them all, counted from 1; 0 for none. */
const candidate = `
for i, key in ipairs(KEYS) do
  local all = true
  for _, bit in ipairs(ARGV) do
    if redis.call('GETBIT', key, bit) == 0 then
      all = false
      break
    end
  end
  if all then return i end
end
return 0`;

export const HISTORY_SCRIPTS: Readonly<Record<'place' | 'write' | 'skip' | 'existing' | 'candidate', string>> = {
  place,
  write,
  skip,
  existing,
  candidate,
};
