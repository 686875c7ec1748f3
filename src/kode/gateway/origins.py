"""Whether a request comes from another origin's page, which has no business with an editor.

Rule: each Kode has an origin of its own, and a page of one may lead to another (a link), but not
call it, frame it, post to it or open a WebSocket to it. A browser knows passwords and cookies of
every origin and sends them along whoever asks; only here can be told who asked.
"""

from typing import Any

from kode.gateway.listener import FILTERS

Json = dict[str, Any]

# `Origin` comes with WebSockets and with whatever writes; `Sec-Fetch-Site` with all requests of
# browsers to *.localhost. Pages can set neither. Programs that are no browsers send none of them,
# and have no passwords but their own.
_SCRIPT = """
local REFUSED = "This page belongs to another origin, so its request is refused.\\n"

local function foreign(headers)
  local origin = headers:get("origin")
  if origin and origin ~= "null" then
    local host = headers:get(":authority") or ""
    return string.lower((string.gsub(origin, "^https?://", ""))) ~= string.lower(host)
  end
  local site = headers:get("sec-fetch-site")
  if site then
    return site ~= "same-origin" and site ~= "none"
  end
  return origin ~= nil
end

local function link(headers)
  local method = headers:get(":method")
  return (method == "GET" or method == "HEAD")
    and headers:get("sec-fetch-mode") == "navigate"
    and headers:get("sec-fetch-dest") == "document"
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if foreign(headers) and not link(headers) then
    handle:respond({[":status"] = "403", ["cache-control"] = "no-store"}, REFUSED)
  end
end
"""


def guard() -> Json:
    """Return the filter that refuses what other origins' pages ask for."""
    return {
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": f"{FILTERS}.http.lua.v3.Lua",
            "default_source_code": {"inline_string": _SCRIPT},
        },
    }
