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
