"""Requests to the API server: who asks, how long, and how often again.

Rule: trouble that passes is waited out here, a bounded number of times; every write asks the gate
before each try, so that a replica that lost its lease writes nothing, not even a repetition.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import aiohttp
from yarl import URL

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.kubernetes.failures import RETRIED, Answer, Unauthorized, error_of, retry_after

_LOG = logging.getLogger(__name__)

JSON = "application/json"
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 60.0
_SILENT_SECONDS = 100.0
"""A watch without an event or a bookmark (which come every minute) for this long is dead."""
_LONGEST_WAIT = 30.0
"""Seconds that a server may ask us to wait before a repetition."""
_MOST_CONNECTIONS = 64


class Identity(Protocol):
    """Where the API server is, and who asks."""

    server: str
    """URL of the API server, without a slash at its end."""

    def tls(self) -> ssl.SSLContext:
        """Return what the connection is secured with."""
        ...

    def proxy(self) -> str | None:
        """Return the URL of the proxy on the way; None where there is none."""
        ...

    async def headers(self) -> dict[str, str]:
        """Return the headers that say who asks."""
        ...

    async def renew(self) -> None:
        """Get the credentials anew."""
        ...


class Gate(Protocol):
    """What every write passes."""

    def enter(self, what: str) -> float:
        """Return for how many seconds a write that starts now may last.

        Raises:
            NotLeading: it may not start.
        """

    def leave(self, what: str) -> None:
        """Note that a write has been answered with success."""


@dataclass(frozen=True)
class OpenGate:
    """A gate that lets everything pass.

    Attributes:
        seconds: for how long a write may last.
    """

    seconds: float = 30.0

    def enter(self, what: str) -> float:  # noqa: ARG002 - the protocol's argument
        """Return the seconds."""
        return self.seconds

    def leave(self, what: str) -> None:
        """Note nothing."""


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        method: the HTTP method.
        path: the path, quoted.
        what: the request in words, for errors, for example "create Secret team-a/dev-auth".
        params: the query.
        body: the body, with its content type in content_type.
        content_type: of the body.
        accept: what form of answer is wanted.
    """

    method: str
    path: str
    what: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


class Transport:
    """A connection to the API server."""

    def __init__(
        self, login: Identity, gate: Gate | None = None, delays: tuple[float, ...] = (0.2, 1.0, 3.0)
    ) -> None:
        """Make a connection; nothing is sent yet.

        Args:
            login: where the server is and who we are.
            gate: what every write passes; open for all where it is left out.
            delays: seconds before each repetition, before jitter; as many as there are.
        """
        self._login = login
        self._gate = gate or OpenGate()
        self._delays = delays
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connection."""
        if self._session:
            await self._session.close()

    async def send(self, request: Request) -> bytes:
        """Send a request; return the body of the answer.

        Raises:
            PlatformError: the answer is none of success, or there was none.
        """
        for delay in (*self._delays, None):
            try:
                return await self._once(request)
            except _Passing as trouble:
                if delay is None:
                    raise trouble.error from trouble.__cause__
                pause = max(delay * random.uniform(0.5, 1.5), trouble.wait)  # noqa: S311
                _LOG.info("%s; again in %.1f s", trouble.error, pause)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an endless answer; give its chunks as they come.

        Raises:
            PlatformError: it could not be opened, or it broke.
        """
        timeout = aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS)
        try:
            headers = await self._login.headers()
            async with await self._open(request, timeout, headers) as response:
                if not response.ok:
                    raise error_of(await _answer(response), request.what)
                yield response.content.iter_any()
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(request, error) from error

    async def _once(self, request: Request) -> bytes:
        headers = await self._login.headers()
        seconds = self._gate.enter(request.what) if request.writes else _READ_SECONDS
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS)
        if request.writes:
            # The server gives up as well, so that nothing is carried out after our time.
            deadline = {"timeout": f"{max(1, int(seconds))}s"}
            request = replace(request, params={**request.params, **deadline})
        try:
            async with await self._open(request, timeout, headers) as response:
                if response.ok:
                    body = await response.read()
                    if request.writes:
                        self._gate.leave(request.what)
                        _LOG.debug("%s: done", request.what)
                    return body
                answer = await _answer(response)
        except (aiohttp.ClientError, OSError) as error:
            raise _Passing(_unreachable(request, error)) from error
        failure = error_of(answer, request.what)
        if isinstance(failure, Unauthorized):
            await self._login.renew()
            raise _Passing(failure)
        if answer.status in RETRIED:
            raise _Passing(failure, min(answer.retry_after or 0.0, _LONGEST_WAIT))
        raise failure

    async def _open(
        self, request: Request, limits: aiohttp.ClientTimeout, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        headers["Accept"] = request.accept
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        url = URL(self._login.server + request.path, encoded=True)
        return await self._connected().request(
            request.method,
            url.with_query(request.params),
            data=request.body,
            headers=headers,
            timeout=limits,
        )

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._login.tls(), limit=_MOST_CONNECTIONS),
                headers={
                    "User-Agent": "kode-operator",
                    # Packing costs both sides more than the network between them.
                    "Accept-Encoding": "identity",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                # Not from the environment: aiohttp would look it up for each request anew.
                proxy=self._login.proxy(),
            )
        return self._session


class _Passing(Exception):
    """Trouble that may pass: the error to raise if it does not, and how long to wait at least."""

    def __init__(self, error: PlatformError, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    return Answer(
        status=response.status,
        body=await response.read(),
        retry_after=retry_after(response.headers.get("Retry-After")),
    )


def _unreachable(request: Request, error: Exception) -> PlatformError:
    words = str(error) or type(error).__name__
    return PlatformError(
        Reason.PLATFORM_ERROR, f"{request.what}: the API server does not answer: {words}"
    )
