"""Where the API server is, and who we are to it.

Rule: credentials are kopf's business; they are asked for again before a token grows old, and never
shown.
"""

import asyncio
import os
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import kopf
import yaml

from kode.api.conditions import Reason
from kode.errors import PlatformError

_ODD = (LookupError, ValueError, TypeError, AttributeError)
"""What a kubeconfig that is no kubeconfig leads to."""
_FRESH = 60.0
"""Seconds for which a token is used before its file is read again."""

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod finds its own namespace."""


def log_in() -> kopf.ConnectionInfo:
    """Return a connection: of the kubeconfig in KUBECONFIG, else of the pod's service account.

    Raises:
        PlatformError: there is neither.
    """
    settings = kopf.OperatorSettings()
    try:
        found = None
        if os.environ.get("KUBECONFIG"):
            found = kopf.login_with_kubeconfig(settings=settings)
        found = found or kopf.login_with_service_account(settings=settings)
        found = found or kopf.login_with_kubeconfig(settings=settings)
    except (OSError, kopf.LoginError, yaml.YAMLError, *_ODD) as error:
        text = f"cannot read the credentials for the API server: {error}"
        raise PlatformError(Reason.PLATFORM_ERROR, text) from error
    if found is None:
        text = "no credentials for the API server: set --kubeconfig, or run in a pod"
        raise PlatformError(Reason.PLATFORM_ERROR, text)
    return _by_address(found)


class Login:
    """A connection whose token is kept fresh."""

    def __init__(
        self, clock: Callable[[], float], source: Callable[[], kopf.ConnectionInfo] = log_in
    ) -> None:
        """Log in.

        Args:
            clock: monotonic seconds.
            source: what logs in.
        """
        self._clock = clock
        self._source = source
        self._found = source()
        self._since = clock()
        self.server = self._found.server.rstrip("/")
        """URL of the API server."""

    def tls(self) -> ssl.SSLContext:
        """Return what the connection is secured with."""
        return self._found.as_ssl_context()

    def server_name(self) -> None:
        """Return that the server's certificate has the name of its URL: kopf knows no other."""

    def proxy(self) -> str | None:
        """Return the URL of the proxy that the kubeconfig names; None where it names none."""
        return self._found.proxy_url

    async def headers(self) -> dict[str, str]:
        """Return the headers that say who we are."""
        if self._clock() - self._since > _FRESH:
            await self.renew()
        return self._found.as_http_headers()

    async def renew(self) -> None:
        """Read the credentials again."""
        self._found = await asyncio.to_thread(self._source)
        self._since = self._clock()


def _by_address(found: kopf.ConnectionInfo) -> kopf.ConnectionInfo:
    # A pod is told the address of the API server, so that it needs no name service to reach it.
    host, port = (
        os.environ.get("KUBERNETES_SERVICE_HOST"),
        os.environ.get("KUBERNETES_SERVICE_PORT"),
    )
    if not host or found.server != "https://kubernetes.default.svc":
        return found
    host = f"[{host}]" if ":" in host else host
    return replace(found, server=f"https://{host}:{port or 443}")
