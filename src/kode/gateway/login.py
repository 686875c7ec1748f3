"""The sidecar's own login: asks for user and password, remembers who had them, slows who guesses.

Rule: Envoy's basic_auth decides about every request. A remembered login is handed to it as what it
is, a user of its own whose password is a random value; nothing goes past it.
"""

from typing import Any

from kode.api import layout
from kode.gateway import cookies, lua, pages
from kode.gateway.sidecar import Sidecar

Json = dict[str, Any]

CONNECTION = "x-kode-connection"
"""Header to an inner listener: both ends of the connection to the outer one."""
PROTOCOL = "x-kode-protocol"
"""Header within a sidecar: the X-Forwarded-Proto that it was asked with, https behind TLS."""

MAX_WRONG = 30
"""Wrong passwords in a row that are answered at once."""
SECONDS_PER_WRONG = 6
"""Seconds until one more is."""

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"

# A word for the scheme counts in any case of letters (RFC 9110), and Envoy's filters know one.
_SCHEMES = r"""
local SCHEMES = {basic = "Basic", bearer = "Bearer"}

-- Write the Authorization header as Envoy reads it; return its scheme and what follows.
local function credentials(headers)
  local word, rest = string.match(headers:get("authorization") or "", "^(%a+) +(%S+) *$")
  local scheme = word and SCHEMES[string.lower(word)]
  if scheme then
    headers:replace("authorization", scheme .. " " .. rest)
  end
  return scheme, rest
end
"""

_ONLY_SCHEMES = r"""
function envoy_on_request(handle)
  credentials(handle:headers())
end
"""

# One state for each of Envoy's threads. What was guessed wrong is remembered for a while, so that
# a program that comes again and again with an old password takes nobody's turn: it guesses nothing.
_TURNS = r"""
local left, since = MAX_WRONG, os.time()
local known_wrong, places, place = {}, {}, 1
local last_guess

local function has_turn()
  local now = os.time()
  if now > since then
    left = math.min(MAX_WRONG, left + (now - since) / SECONDS_PER_WRONG)
  end
  since = now
  return left >= 1
end

local function take_turn(guess)
  if known_wrong[guess] then
    return
  end
  left = left - 1
  known_wrong[places[place] or ""] = nil
  places[place], known_wrong[guess] = guess, true
  place = place % MAX_WRONG + 1
end
"""

# On one machine a cookie goes to every port of the host, and another person's program may listen
# on one of them. So it counts only where the connection is of a program of the person who runs
# this Envoy. Source: proc_pid_net(5), addresses are 32-bit words in the machine's order.
_PEERS = r"""
local function user()
  for line in io.lines("/proc/self/status") do
    local found = string.match(line, "^Uid:%s+%d+%s+(%d+)")
    if found then
      return found
    end
  end
end

local function as_in_table(address)
  local a, b, c, d, port = string.match(address, "^(127)%.(%d+)%.(%d+)%.(%d+):(%d+)$")
  if a then
    return string.format("%02X%02X%02X%02X:%04X", d, c, b, a, port), "/proc/net/tcp"
  end
  port = string.match(address, "^%[::1%]:(%d+)$")
  if port then
    return string.format("00000000000000000000000001000000:%04X", port), "/proc/net/tcp6"
  end
end

local function is_trusted(headers)
  local theirs, ours = string.match(headers:get(CONNECTION) or "", "^(%S+) (%S+)$")
  if not theirs then
    return false
  end
  local from, place = as_in_table(theirs)
  local to = as_in_table(ours)
  if not from or not to then
    return false
  end
  for line in io.lines(place) do
    local a, b, state, owner =
      string.match(line, "^%s*%d+: (%S+) (%S+) (%x+) %S+ %S+ %S+%s+(%d+)")
    if a == from and b == to and state == "01" then
      return owner == user()
    end
  end
  return false
end
"""

_NO_PEERS = r"""
local function is_trusted()
  return true
end
"""

_VALUE_OF_FILE = r"""
local value
local file = io.open(FILE)
if file then
  value = file:read("*l")
  file:close()
end
"""

_LOGIN = r"""
-- Without a value nothing is remembered.
local session = value and #value > 0 and NAME .. "=" .. value

local function is_remembered(headers)
  for _, pair in ipairs((cookies(headers))) do
    if pair == session then
      return true
    end
  end
  return false
end

function envoy_on_request(handle)
  local headers, seen = handle:headers(), handle:streamInfo():dynamicMetadata()
  local remembered = is_remembered(headers)
  local scheme, guess = credentials(headers)
  local asks = scheme == "Basic"
  if asks and has_turn() then
    -- A wrong one is answered before any other request is looked at.
    last_guess = guess
    seen:set("kode", "guess", true)
    seen:set("kode", "remembered", remembered)
    seen:set("kode", "secure", headers:get(PROTOCOL) == "https")
  elseif remembered and is_trusted(headers) then
    local given = headers:get("authorization")
    if given and not asks then
      -- Not for this sidecar, so for a program behind it.
      seen:set("kode", "authorization", given)
    end
    headers:replace("authorization", "Basic " .. handle:base64Escape(USER .. ":" .. value))
  elseif asks then
    handle:respond({
      [":status"] = "429",
      ["retry-after"] = tostring(SECONDS_PER_WRONG),
      ["cache-control"] = "no-store",
    }, TOO_MANY)
  end
end

function envoy_on_response(handle)
  local seen = handle:streamInfo():dynamicMetadata():get("kode")
  if not seen or not seen["guess"] then
    return
  end
  if not seen["passed"] then
    take_turn(last_guess)
  elseif session and not seen["remembered"] then
    local secure = seen["secure"] and "; Secure" or ""
    handle:headers():add(
      "set-cookie", session .. "; Path=/; HttpOnly; SameSite=Strict" .. secure
    )
  end
end
"""


def filters(sidecar: Sidecar) -> list[Json]:
    """Return the filters that let in who has the user and password, or has had them."""
    return [
        lua.script(_script(sidecar)),
        {
            "name": "envoy.filters.http.basic_auth",
            "typed_config": {
                "@type": f"{_FILTERS}.basic_auth.v3.BasicAuth",
                "users": _users(sidecar),
            },
        },
        # Whoever comes here has been let in; only they are handed the cookie.
        {
            "name": "envoy.filters.http.set_metadata",
            "typed_config": {
                "@type": f"{_FILTERS}.set_metadata.v3.Config",
                "metadata": [
                    {
                        "metadata_namespace": "kode",
                        "value": {"passed": True},
                        "allow_overwrite": True,
                    }
                ],
            },
        },
    ]


def schemes() -> Json:
    """Return the filter that lets the scheme of an Authorization header be in any case."""
    return lua.script(_SCHEMES + _ONLY_SCHEMES)


def _users(sidecar: Sidecar) -> Json:
    if sidecar.users:
        return {"inline_string": sidecar.users}
    return {"filename": sidecar.users_file}


def _script(sidecar: Sidecar) -> str:
    values: dict[str, str | int] = {
        "NAME": sidecar.cookie,
        "USER": layout.SESSION_USER,
        "FILE": sidecar.session_file,
        "TOO_MANY": pages.TOO_MANY,
        "CONNECTION": CONNECTION,
        "PROTOCOL": PROTOCOL,
        "MAX_WRONG": MAX_WRONG,
        "SECONDS_PER_WRONG": SECONDS_PER_WRONG,
    }
    peers = _PEERS if sidecar.socket else _NO_PEERS
    return f"{lua.constants(values)}{_value(sidecar)}{cookies.LUA}{_SCHEMES}{_TURNS}{peers}{_LOGIN}"


def _value(sidecar: Sidecar) -> str:
    if not sidecar.cookie:
        return "local value\n"
    if sidecar.session:
        return lua.constants({"value": sidecar.session})
    return _VALUE_OF_FILE
