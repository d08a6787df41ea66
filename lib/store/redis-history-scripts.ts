/** KEYS: meta, then the mails' hashes. Gives the number of each: its own, the next one, or 0 where nothing is kept of the mail. */
const place = `
local places = {}
for i = 2, #KEYS do
  local place = redis.call('HGET', KEYS[i], 'place')
  if place then
    places[i - 1] = tonumber(place)
  elseif redis.call('EXISTS', KEYS[i]) == 1 then
    places[i - 1] = redis.call('HINCRBY', KEYS[1], 'last', 1)
    redis.call('HSET', KEYS[i], 'place', places[i - 1])
  else
    places[i - 1] = 0
  end
end
return places`;

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

export const HISTORY_SCRIPTS: Readonly<Record<'place' | 'candidate', string>> = { place, candidate };
