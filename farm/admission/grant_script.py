"""The script that gives slots to requests: one for all that is asked of Redis, so that no two workers take the last."""

from __future__ import annotations

from farm.admission.pace_script import PACE

# The names of a server's keys are made here from the URLs in the tickets; all have farm's prefix, and
# one Redis holds them all.
SCRIPT = (
    """
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ends = string.format('%.0f', now + ask.lease_ms)
local tickets, epoch_key = prefix .. 'admission:tickets', prefix .. 'admission:epoch'
local function of(url, what) return prefix .. 'server:' .. url .. ':' .. what end
local function lease(url, ticket)
  redis.call('ZADD', of(url, 'leases'), ends, ticket)
  redis.call('EXPIRE', of(url, 'leases'), ask.ttl)
  redis.call('HSETNX', of(url, 'begun'), ticket, now)
  redis.call('EXPIRE', of(url, 'begun'), ask.ttl)
end

-- A worker that knows another epoch has seen leases that this Redis does not hold any more.
local epoch = redis.call('GET', epoch_key)
if not epoch then
  epoch = string.format('%.0f', now)
  redis.call('SET', epoch_key, epoch)
end
redis.call('EXPIRE', epoch_key, ask.ttl)
if ask.epoch ~= '' and ask.epoch ~= epoch then
  redis.call('SET', prefix .. 'admission:closed', '1', 'PX', ask.grace_ms)
end

"""
    + PACE
    + """
local function free(url, ticket)
  redis.call('ZREM', of(url, 'leases'), ticket)
  redis.call('HDEL', of(url, 'begun'), ticket)
end
for _, ended in ipairs(ask.ended) do
  redis.call('HDEL', tickets, ended.ticket)
  for _, url in ipairs(ended.servers) do free(url, ended.ticket) end
end
for _, held in ipairs(ask.held) do lease(held.server, held.ticket) end
for _, one in ipairs(ask.accepted) do accepted(one.server, one.number) end
for _, one in ipairs(ask.refused) do refused(one.server, one.limited, one.wait_ms) end

local reply = {epoch}
local function tell(ticket, url)
  reply[#reply + 1] = ticket
  reply[#reply + 1] = url
end
for _, one in ipairs(ask.waiting) do
  local place = false
  for _, url in ipairs(one.servers) do
    if redis.call('ZSCORE', of(url, 'leases'), one.ticket) then place = url end
  end
  if place then
    lease(place, one.ticket)
    redis.call('HDEL', tickets, one.ticket)
    tell(one.ticket, place)
  else
    local known = redis.call('HGET', tickets, one.ticket)
    one.since = known and cjson.decode(known).since or now
    one.ends, one.worker = now + ask.lease_ms, ask.worker
    redis.call('HSET', tickets, one.ticket, cjson.encode(one))
    redis.call('EXPIRE', tickets, ask.ttl)
  end
end
if redis.call('EXISTS', prefix .. 'admission:closed') == 1 then return reply end

local queues, rows = {}, redis.call('HGETALL', tickets)
for i = 1, #rows, 2 do
  local one = cjson.decode(rows[i + 1])
  if one.ends < now then
    redis.call('HDEL', tickets, rows[i])
  else
    queues[one.run] = queues[one.run] or {}
    table.insert(queues[one.run], one)
  end
end
if next(queues) == nil then return reply end
local function older(a, b)
  if a.since ~= b.since then return a.since < b.since end
  return a.ticket < b.ticket
end
for _, queue in pairs(queues) do table.sort(queue, older) end

local used, of_run, limits, sick, rooms = {}, {}, {}, {}, {}
local function look(url)
  if used[url] then return end
  local over = redis.call('ZRANGEBYSCORE', of(url, 'leases'), '-inf', string.format('%.0f', now))
  for _, ticket in ipairs(over) do free(url, ticket) end
  local leases = redis.call('ZRANGE', of(url, 'leases'), 0, -1)
  used[url] = #leases
  for _, ticket in ipairs(leases) do
    local run = string.match(ticket, '^[^|]*')
    of_run[run] = (of_run[run] or 0) + 1
  end
  limits[url] = tonumber(redis.call('GET', of(url, 'limit')) or nil)
  sick[url] = redis.call('HEXISTS', of(url, 'facts'), 'sick') == 1
  rooms[url] = room(url, used[url])
end
for _, queue in pairs(queues) do
  for _, url in ipairs(queue[1].servers) do look(url) end
end
local function roomiest(one)
  local best, room = false, 0
  for _, url in ipairs(one.servers) do
    if not used[url] then look(url) end
    local free = math.min((limits[url] or one.limit) - used[url], rooms[url])
    if not sick[url] and free > room then best, room = url, free end
  end
  return best
end
while true do
  local best, place = false, false
  for run, queue in pairs(queues) do
    local head = queue[1]
    local url = head and roomiest(head)
    if url then
      local mine, its = of_run[run] or 0, best and (of_run[best.run] or 0)
      if not best or mine < its or (mine == its and older(head, best)) then best, place = head, url end
    end
  end
  if not best then break end
  table.remove(queues[best.run], 1)
  redis.call('HDEL', tickets, best.ticket)
  lease(place, best.ticket)
  rooms[place] = granted(place, rooms[place], used[place] == 0)
  if used[place] == 0 then redis.call('HSET', of(place, 'facts'), 'busy_at', now / 1000) end
  used[place] = used[place] + 1
  of_run[best.run] = (of_run[best.run] or 0) + 1
  redis.call('HSET', of(place, 'facts'), 'limit', best.limit)
  redis.call('EXPIRE', of(place, 'facts'), ask.ttl)
  redis.call('SADD', prefix .. 'servers', place)
  redis.call('EXPIRE', prefix .. 'servers', ask.ttl)
  if best.worker == ask.worker then tell(best.ticket, place) end
end
return reply
"""
)
