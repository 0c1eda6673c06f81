"""At what pace a server is asked that refuses requests for now (HTTP 429, 502, 503, 504): a part of the grant script.

Whether it takes requests is a matter of the server, not of a request, so the server as a whole is slowed down:

* From the first refusal on nothing is granted for a pause: what the server asked for, else PAUSE_MS, twice as long
  after each refusal in a row. Then one request goes out to try. When one is taken, the time that the server was
  closed is the next first pause, because a quota that is counted by the minute comes back by the minute.
* After a rate limit requests go out one by one, as often as the server took them in the cycle that ended (from one
  recovery to the next), and a little faster with each that it takes. So a quota costs one refusal a cycle at most.
* A server gets START requests at first, and one more for each that it takes: a burst of hundreds would all be refused
  before the first refusal is read. A request that is out for TAKEN_MS without an answer counts as taken, since some
  servers say nothing before their answer is complete.

Fields of `server:URL:pace`: open_at, closed_at (ms; closed_at: since the first refusal, 0 while it takes requests),
pause, gap (ms), granted_at, tried_at, room (requests that may be out, unlimited once it is above the limit), cycle_at,
taken (in this cycle), limited.
"""

from __future__ import annotations

START = 8
TAKEN_MS = 1000
PAUSE_MS = 5000  # rate limits are counted by the second, the minute or the hour
BUSY_MS = 1000
PAUSE_MAX_MS = 60_000
FASTER = 0.97
GAP_LEAST_MS = 20
FORGET_MS = 120_000  # after so long without a request, a rate that was measured says little

PACE = f"""
local function pace(url)
  local raw, found = redis.call('HGETALL', of(url, 'pace')), {{}}
  for i = 1, #raw, 2 do found[raw[i]] = tonumber(raw[i + 1]) end
  return found
end
local function set(url, fields)
  for name, value in pairs(fields) do redis.call('HSET', of(url, 'pace'), name, string.format('%.3f', value)) end
  redis.call('EXPIRE', of(url, 'pace'), ask.ttl)
end
local function accepted(url, number)
  local its = pace(url)
  local taken, gap, closed_at = (its.taken or 0) + number, its.gap or 0, its.closed_at or 0
  local change = {{taken = taken, room = math.min((its.room or {START}) + number, 1000000)}}
  if closed_at > 0 and now >= its.open_at then
    change.closed_at, change.pause = 0, now - closed_at
    if its.limited == 1 and (its.taken or 0) > 0 then
      gap = math.min((now - its.cycle_at) / its.taken, now - closed_at)
    end
    change.cycle_at, change.taken = now, number
    change.room = redis.call('ZCARD', of(url, 'leases')) + 1
  elseif gap > 0 then
    gap = gap * {FASTER} ^ number
  end
  change.gap = gap < {GAP_LEAST_MS} and 0 or gap
  if not its.cycle_at then change.cycle_at = now end
  set(url, change)
end
local function refused(url, limited, wait_ms)
  local its = pace(url)
  local change = {{limited = limited and 1 or 0}}
  if (its.closed_at or 0) > 0 and now < its.open_at then
    -- Sent before the server was closed: the same refusal again
    if wait_ms >= 0 then change.open_at = math.max(its.open_at, now + wait_ms) end
  else
    local first = (its.closed_at or 0) == 0
    local pause = its.pause or (limited and {PAUSE_MS} or {BUSY_MS})
    if first then change.closed_at = now else pause = pause * 2 end
    pause = math.max(1, math.min(pause, {PAUSE_MAX_MS}))
    change.pause, change.open_at = pause, now + (wait_ms >= 0 and wait_ms or pause)
    if not its.cycle_at then change.cycle_at = now end
  end
  change.tried_at = 0
  set(url, change)
end
local function room(url, used)
  local its = pace(url)
  if (its.closed_at or 0) > 0 then
    if now < its.open_at or now - (its.tried_at or 0) < {TAKEN_MS} then return 0 end
    if (its.tried_at or 0) > 0 then  -- the request that was to try is out and was not refused
      accepted(url, 1)
      its = pace(url)
    else
      return 1
    end
  end
  if (its.gap or 0) > 0 and now - (its.granted_at or 0) < its.gap then return 0 end
  local free = (its.room or {START}) - used
  if free < 1 then
    for _, at in ipairs(redis.call('HVALS', of(url, 'begun'))) do
      if now - tonumber(at) > {TAKEN_MS} then free = free + 1 end
    end
  end
  return (its.gap or 0) > 0 and math.min(free, 1) or free
end
local function granted(url, left, idle)
  local its = pace(url)
  local change = {{granted_at = now}}
  if (its.closed_at or 0) > 0 then
    change.tried_at = now
  elseif idle and now - (its.granted_at or 0) > {FORGET_MS} then
    change.cycle_at, change.taken, change.gap = now, 0, 0
  end
  set(url, change)
  return left - 1
end
"""
