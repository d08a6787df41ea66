import { MOST_ATTEMPTS } from '../delivery/outcome-store.interface.js';

/**
 * A mail is one hash: `r:<address>` its recipients' outcomes, `attempts` a line each, and a field for everything else. Each script is
 * one round trip and begins the time of keeping anew. ARGV[1] is that time in milliseconds.
 */
export interface OutcomeScript {
  readonly numberOfKeys: 1;
  readonly lua: string;
}

/** ARGV: ttl, at, stalls, transport. 1: go; 0: cancelled. */
const begin = `
if redis.call('HGET', KEYS[1], 'cancelled') then return 0 end
redis.call('HSET', KEYS[1], 'sendingSince', ARGV[2], 'sendingStalls', ARGV[3], 'sendingBy', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`;

/**
 * ARGV: ttl, messageId, mail, attempt, stallBaseline, deferrals, content, about (each empty for none), then address and packed outcome in
 * turn. The first byte of a packed outcome is its rank. Counters only grow and content is written once, so that what comes late
 * changes nothing.
 */
const save = `
local key = KEYS[1]
local function grow(field, value)
  if value ~= '' and tonumber(redis.call('HGET', key, field) or 0) < tonumber(value) then redis.call('HSET', key, field, value) end
end
redis.call('HSET', key, 'messageId', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', key, 'mail', ARGV[3]) end
if ARGV[4] ~= '' then
  local attempts = redis.call('HGET', key, 'attempts')
  if not attempts then
    redis.call('HSET', key, 'attempts', ARGV[4])
  elseif not string.find('\\n' .. attempts .. '\\n', '\\n' .. ARGV[4] .. '\\n', 1, true) then
    local _, breaks = string.gsub(attempts, '\\n', '')
    if breaks >= ${MOST_ATTEMPTS - 1} then attempts = string.sub(attempts, string.find(attempts, '\\n', 1, true) + 1) end
    redis.call('HSET', key, 'attempts', attempts .. '\\n' .. ARGV[4])
  end
  redis.call('HDEL', key, 'sendingSince', 'sendingBy')
end
grow('stallBaseline', ARGV[5])
grow('deferrals', ARGV[6])
if ARGV[7] ~= '' then redis.call('HSETNX', key, 'content', ARGV[7]) end
if ARGV[8] ~= '' then redis.call('HSETNX', key, 'about', ARGV[8]) end
for i = 9, #ARGV, 2 do
  local field = 'r:' .. ARGV[i]
  local stored = redis.call('HGET', key, field)
  if not stored or string.byte(stored) <= string.byte(ARGV[i + 1]) then redis.call('HSET', key, field, ARGV[i + 1]) end
end
redis.call('PEXPIRE', key, ARGV[1])`;

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

export const OUTCOME_SCRIPTS: Readonly<Record<'begin' | 'save' | 'cancel' | 'reopen', OutcomeScript>> = {
  begin: { numberOfKeys: 1, lua: begin },
  save: { numberOfKeys: 1, lua: save },
  cancel: { numberOfKeys: 1, lua: cancel },
  reopen: { numberOfKeys: 1, lua: reopen },
};
