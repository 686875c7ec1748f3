"""Whether a request comes from another origin's page, which has no business with an editor.

Rule: each Kode has an origin of its own, and a page of one may lead to another (a link), but not
call it, frame it, post to it or open a WebSocket to it; and where a link leads is the bare page,
for what an address says may run code. A browser knows passwords and cookies of every origin and
sends them along whoever asks; only here can be told who asked.
"""

from typing import Any

from kode.gateway import cookies, lua, pages

Json = dict[str, Any]

# `Origin` comes with WebSockets and with whatever writes; `Sec-Fetch-*` with all requests of
# browsers over https and to this machine itself. Pages can set neither, nor may they set
# `X-Forwarded-Host` without asking first. Programs that are no browsers send none of them, and have
# no passwords but their own.
_SCRIPT = r"""
local function is_ours(origin, headers)
  local scheme, host = string.match(string.lower(origin), "^(https?)://(.+)$")
  if not host then
    return false
  end
  local with_port = host .. (scheme == "https" and ":443" or ":80")
  for _, name in ipairs({":authority", "x-forwarded-host"}) do
    local asked = string.lower(headers:get(name) or "")
    if asked == host or asked == with_port then
      return true
    end
  end
  return false
end

local function is_foreign(headers)
  local origin, site = headers:get("origin"), headers:get("sec-fetch-site")
  if origin and origin ~= "null" and not is_ours(origin, headers) then
    return true
  end
  if site then
    return site ~= "same-origin" and site ~= "none"
  end
  return origin == "null"
end

local function is_link(headers)
  return headers:get(":method") == "GET"
    and headers:get("sec-fetch-mode") == "navigate"
    and headers:get("sec-fetch-dest") == "document"
end

local function answer(handle, status, more, body)
  local headers = {[":status"] = status, ["cache-control"] = "no-store"}
  for key, value in pairs(more) do
    headers[key] = value
  end
  handle:respond(headers, body)
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if is_foreign(headers) then
    if not is_link(headers) then
      return answer(handle, "403", {}, REFUSED)
    end
    if headers:get("sec-fetch-user") ~= "?1" then
      return answer(handle, "403", {["content-type"] = "text/html; charset=utf-8"}, UNASKED)
    end
    if headers:get(":path") ~= "/" then
      return answer(handle, "303", {["location"] = "/"}, "")
    end
    handle:streamInfo():dynamicMetadata():set("kode", "led", true)
  end
  local sidecars, others = cookies(headers)
  if #sidecars > 0 then
    headers:remove("cookie")
    if #others > 0 then
      headers:add("cookie", table.concat(others, "; "))
    end
  end
end

-- Where the bare page leads on, the other origin would lead there as well, to a browser: it is the
-- same navigation. So a page of this origin leads on.
function envoy_on_response(handle)
  local seen = handle:streamInfo():dynamicMetadata():get("kode")
  local headers = handle:headers()
  local place = headers:get("location")
  if place and seen and seen["led"] and string.match(headers:get(":status"), "^3") then
    headers:replace(":status", "200")
    headers:remove("location")
    headers:replace("refresh", "0; url=" .. place)
    headers:replace("cache-control", "no-store")
  end
end
"""

NO_FRAMES: Json = {
    "header": {"key": "content-security-policy", "value": "frame-ancestors 'self'"},
    # Beside the editor's own: a browser does what all of them say.
    "append_action": "APPEND_IF_EXISTS_OR_ADD",
}
"""The header of every answer that keeps it out of other origins' frames."""


def cross_origin_filter() -> Json:
    """Return the filter that refuses what other origins' pages ask for.

    It is the last before the editor: a filter that answers by itself, as one that takes back who
    has logged in elsewhere, is led to by other origins and is not asked what these may do here.
    """
    texts = {"REFUSED": pages.FOREIGN, "UNASKED": pages.UNASKED}
    return lua.script(lua.constants(texts) + cookies.LUA + _SCRIPT)
