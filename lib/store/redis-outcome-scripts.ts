import { MOST_ATTEMPTS } from '../delivery/outcome-store.interface.js';

/**
 * A mail is one hash: `r:<address>` its recipients' outcomes, `attempts` a line each, and a field for everything else. Each script is
 * one round trip and begins the time of keeping anew. KEYS are the mails, ARGV[1] is that time in milliseconds.
 */

/** What {@link save} looks at, in its order. Not the content, which may be large. */
const KNOWN = ['attempts', 'stallBaseline', 'deferrals', 'about', 'head', 'opened', 'clicked', 'place'];

/** Many mails. ARGV: ttl, then at, stalls, transport of each. 1: go; 0: cancelled. */
const begin = `
local answers = {}
for i, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'cancelled') then
    answers[i] = 0
  else
    redis.call('HSET', key, 'sendingSince', ARGV[3 * i - 1], 'sendingStalls', ARGV[3 * i], 'sendingBy', ARGV[3 * i + 1])
    redis.call('PEXPIRE', key, ARGV[1])
    answers[i] = 1
  end
end
return answers`;

/**
 * Many mails, behind KEYS[1], where the history counts. ARGV: ttl, then of each: messageId, mail, attempt, stallBaseline, deferrals, content,
 * about, head, opened, clicked (each empty for none), how many recipients, and their addresses and packed outcomes in turn. The first byte of
 * a packed outcome is its rank. Counters only grow, and what is written once stays, so that what comes late changes nothing. A mail with a
 * head is numbered. Gives the number of each; 0 for none.
 */
const save = `
local at = 2
local function take()
  at = at + 1
  return ARGV[at - 1]
end
local last
local function number()
  last = (last or tonumber(redis.call('HGET', KEYS[1], 'last') or 0)) + 1
  return last
end
local numbers = {}
for i = 2, #KEYS do
  local key = KEYS[i]
  local known = redis.call('HMGET', key, ${KNOWN.map((field) => `'${field}'`).join(', ')})
  local fields = { 'messageId', take() }
  local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
    if #fields >= 1000 then
      redis.call('HSET', key, unpack(fields))
      fields = {}
    end
  end
  local function once(field, stored, value)
    if value ~= '' and not stored then set(field, value) end
  end
  local function grow(field, stored, value)
    if value ~= '' and tonumber(stored or 0) < tonumber(value) then set(field, value) end
  end
  local mail = take()
  if mail ~= '' then set('mail', mail) end
  local attempt, attempts = take(), known[1]
  if attempt ~= '' then
    if not attempts then
      set('attempts', attempt)
    elseif not string.find('\\n' .. attempts .. '\\n', '\\n' .. attempt .. '\\n', 1, true) then
      local _, breaks = string.gsub(attempts, '\\n', '')
      if breaks >= ${MOST_ATTEMPTS - 1} then attempts = string.sub(attempts, string.find(attempts, '\\n', 1, true) + 1) end
      set('attempts', attempts .. '\\n' .. attempt)
    end
    redis.call('HDEL', key, 'sendingSince', 'sendingBy')
  end
  grow('stallBaseline', known[2], take())
  grow('deferrals', known[3], take())
  local content = take()
  if content ~= '' then redis.call('HSETNX', key, 'content', content) end
  once('about', known[4], take())
  local head = take()
  once('head', known[5], head)
  grow('opened', known[6], take())
  grow('clicked', known[7], take())
  local place = tonumber(known[8] or 0)
  if place == 0 and head ~= '' then
    place = number()
    set('place', place)
  end
  numbers[i - 1] = place
  for _ = 1, tonumber(take()) do
    local field = 'r:' .. take()
    local outcome = take()
    local stored = redis.call('HGET', key, field)
    if not stored or string.byte(stored) <= string.byte(outcome) then set(field, outcome) end
  end
  if #fields > 0 then redis.call('HSET', key, unpack(fields)) end
  redis.call('PEXPIRE', key, ARGV[1])
end
if last then
  redis.call('HSET', KEYS[1], 'last', last)
  redis.call('PEXPIRE', KEYS[1], 2 * ARGV[1])
end
return numbers`;

/** ARGV: ttl. 1: an attempt is under way. */
const cancel = `
redis.call('HSET', KEYS[1], 'cancelled', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('HEXISTS', KEYS[1], 'sendingSince')`;

/** ARGV: ttl, at, then address and packed outcome in turn. The baseline of stalls stays: the queue's own count never goes down. */
const reopen = `
redis.call('HDEL', KEYS[1], 'cancelled', 'deferrals', 'sendingSince', 'sendingBy', 'sendingStalls')
redis.call('HSET', KEYS[1], 'reopenedAt', ARGV[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], 'r:' .. ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])`;

export const OUTCOME_SCRIPTS: Readonly<Record<'begin' | 'save' | 'cancel' | 'reopen', string>> = {
  begin,
  save,
  cancel,
  reopen,
};
