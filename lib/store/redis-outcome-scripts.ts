import { MOST_ATTEMPTS } from '../delivery/outcome-store.interface.js';

/**
 * A mail is one hash: `r:<address>` its recipients' outcomes, `attempts` a line each, and a field for everything else. Each script is
 * one round trip and begins the time of keeping anew. KEYS are the mails, ARGV[1] is that time in milliseconds.
 */

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
 * Many mails. ARGV: ttl, then of each: messageId, mail, attempt, stallBaseline, deferrals, content, about, head, opened, clicked (each empty for none), how many
 * recipients, and their addresses and packed outcomes in turn. The first byte of a packed outcome is its rank. Counters only grow and
 * content is written once, so that what comes late changes nothing.
 */
const save = `
local at = 2
local function take()
  at = at + 1
  return ARGV[at - 1]
end
local function grow(key, field, value)
  if value ~= '' and tonumber(redis.call('HGET', key, field) or 0) < tonumber(value) then redis.call('HSET', key, field, value) end
end
for _, key in ipairs(KEYS) do
  redis.call('HSET', key, 'messageId', take())
  local mail = take()
  if mail ~= '' then redis.call('HSET', key, 'mail', mail) end
  local attempt = take()
  if attempt ~= '' then
    local attempts = redis.call('HGET', key, 'attempts')
    if not attempts then
      redis.call('HSET', key, 'attempts', attempt)
    elseif not string.find('\\n' .. attempts .. '\\n', '\\n' .. attempt .. '\\n', 1, true) then
      local _, breaks = string.gsub(attempts, '\\n', '')
      if breaks >= ${MOST_ATTEMPTS - 1} then attempts = string.sub(attempts, string.find(attempts, '\\n', 1, true) + 1) end
      redis.call('HSET', key, 'attempts', attempts .. '\\n' .. attempt)
    end
    redis.call('HDEL', key, 'sendingSince', 'sendingBy')
  end
  grow(key, 'stallBaseline', take())
  grow(key, 'deferrals', take())
  local content = take()
  if content ~= '' then redis.call('HSETNX', key, 'content', content) end
  local about = take()
  if about ~= '' then redis.call('HSETNX', key, 'about', about) end
  local head = take()
  if head ~= '' then redis.call('HSETNX', key, 'head', head) end
  grow(key, 'opened', take())
  grow(key, 'clicked', take())
  for _ = 1, tonumber(take()) do
    local field = 'r:' .. take()
    local outcome = take()
    local stored = redis.call('HGET', key, field)
    if not stored or string.byte(stored) <= string.byte(outcome) then redis.call('HSET', key, field, outcome) end
  end
  redis.call('PEXPIRE', key, ARGV[1])
end`;

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
