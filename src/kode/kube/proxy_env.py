"""The proxy on the way to an API server, as the environment names it.

Rule: read as kubectl reads it: loopback is never asked through a proxy, and NO_PROXY takes names,
addresses and networks.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def of(server: str, environment: Mapping[str, str]) -> str | None:
    """Return the URL of the proxy for a server; None where there is none.

    Args:
        server: URL of the server.
        environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the same in small letters.
    """
    parts = urlsplit(server)
    host, wanted = parts.hostname or "", f"{parts.scheme}_proxy"
    proxy = environment.get(wanted.upper()) or environment.get(wanted)
    exceptions = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    if not proxy or _is_direct(host, exceptions):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_direct(host: str, exceptions: str) -> bool:
    for item in exceptions.lower().split(","):
        name = item.strip().removeprefix("*.").removeprefix(".")
        if name and (name in ("*", host) or host.endswith(f".{name}")):
            return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or any(
        address in network for network in map(_network, exceptions.split(",")) if network
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
