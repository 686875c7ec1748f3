"""The cookies by which sidecars remember logins: what they are called, and that editors see none.

Rule: a cookie is for the sidecar that gave it. Cookies know no ports, so a browser that has two
Kodes on one host shows each of them the other's; behind a sidecar nobody sees any of them.
"""

PREFIX = "kode-login-"
"""What the name of every such cookie begins with."""

LUA = f"""
local PREFIX = "{PREFIX}"
"""
LUA += r"""
-- Return the pairs of all Cookie headers: those of sidecars, and all others.
local function cookies(headers)
  local sidecars, others = {}, {}
  for key, line in pairs(headers) do
    if key == "cookie" then
      for pair in string.gmatch(line, "[^;]+") do
        local trimmed = string.match(pair, "^%s*(.-)%s*$")
        if string.sub(trimmed, 1, #PREFIX) == PREFIX then
          table.insert(sidecars, trimmed)
        elseif trimmed ~= "" then
          table.insert(others, trimmed)
        end
      end
    end
  end
  return sidecars, others
end
"""
"""Lua that reads them: `cookies(headers)`."""
