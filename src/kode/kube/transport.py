"""Requests to the API server: who asks, how long, and how often again.

Rule: trouble that passes is waited out here, a bounded number of times; every write asks the guard
before each try, so that a replica that lost its lease writes nothing, not even a repetition.
"""

import asyncio
import io
import logging
import random
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol

import aiohttp
from yarl import URL

from kode.errors import PlatformError, Reason
from kode.kube.errors import (
    ErrorResponse,
    Unauthorized,
    is_retryable,
    parse_retry_after,
    parse_warnings,
    to_error,
)

_LOG = logging.getLogger(__name__)

JSON = "application/json"
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 60.0
_WATCH_TIMEOUT = 100.0
"""A watch without an event or a bookmark (which come every minute) for this long is dead."""
_MAX_RETRY_AFTER = 30.0
"""Seconds that a server may ask us to wait before a repetition."""
_HEARTBEAT_SECONDS = 30.0
_MAX_CONNECTIONS = 64
_TLS_CLOSE_SECONDS = 0.05
_CLOSING_ROUNDS = 5


class Authenticator(Protocol):
    """Where the API server is, and who asks."""

    server: str
    """URL of the API server, without a slash at its end."""

    def tls(self) -> ssl.SSLContext:
        """Return what the connection is secured with."""
        ...

    def server_name(self) -> str | None:
        """Return the name that the server's certificate must have; None for the URL's."""
        ...

    def proxy(self) -> str | None:
        """Return the URL of the proxy on the way; None where there is none."""
        ...

    async def headers(self) -> dict[str, str]:
        """Return the headers that say who asks."""
        ...

    async def refresh(self) -> None:
        """Get the credentials again."""
        ...


class WriteGuard(Protocol):
    """What every write passes."""

    def acquire(self, what: str) -> float:
        """Return for how many seconds a write that starts now may last.

        Raises:
            NotLeading: it may not start.
        """

    def confirm(self, what: str) -> None:
        """Note that a write has been answered with success."""


@dataclass(frozen=True)
class NoGuard:
    """A guard that lets everything pass.

    Attributes:
        seconds: for how long a write may last.
    """

    seconds: float = 30.0

    def acquire(self, what: str) -> float:  # noqa: ARG002 - the protocol's argument
        """Return the seconds."""
        return self.seconds

    def confirm(self, what: str) -> None:
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


@dataclass(frozen=True)
class Response:
    """A success.

    Attributes:
        status: the HTTP status code.
        body: the body.
        warnings: what the server had to say besides.
    """

    status: int
    body: bytes
    warnings: tuple[str, ...] = ()


class Transport:
    """A connection to the API server."""

    def __init__(
        self,
        auth: Authenticator,
        guard: WriteGuard | None = None,
        delays: tuple[float, ...] = (0.2, 1.0, 3.0),
        agent: str = "kode-operator",
    ) -> None:
        """Make a connection; nothing is sent yet.

        Args:
            auth: where the server is and who asks.
            guard: what every write passes; one that lets everything pass where it is left out.
            delays: seconds before each repetition, before jitter; as many as there are.
            agent: what the server's log calls us.
        """
        self._auth = auth
        self._guard = guard or NoGuard()
        self._delays = delays
        self._agent = agent
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connection."""
        if self._session:
            await self._session.close()
            # What was cut off in the middle of a handshake is closed by the loop's next rounds.
            for _ in range(_CLOSING_ROUNDS):
                await asyncio.sleep(0)

    async def request(self, request: Request) -> Response:
        """Send a request; return the answer.

        Raises:
            PlatformError: the answer is none of success, or there was none.
        """
        for delay in (*self._delays, None):
            try:
                return await self._once(request)
            except _Retryable as trouble:
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
        timeout = aiohttp.ClientTimeout(sock_connect=_CONNECT_TIMEOUT, sock_read=_WATCH_TIMEOUT)
        headers = await self._auth.headers()
        try:
            async with await self._open(request, timeout, headers) as response:
                if not response.ok:
                    raise to_error(await _answer(response), request.what)
                try:
                    yield response.content.iter_any()
                finally:
                    _abort(response)
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(request, error) from error

    @asynccontextmanager
    async def websocket(
        self, request: Request, protocols: Sequence[str], params: Sequence[tuple[str, str]]
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a WebSocket.

        Args:
            request: a request without parameters of its own.
            protocols: subprotocols, the best first.
            params: the query, in which a name may stand several times.

        Raises:
            PlatformError: it could not be opened.
        """
        headers = await self._auth.headers()
        url = URL(self._auth.server + request.path, encoded=True).with_query(params)
        # A session of its own, whose end cuts the connection.
        session = self._new_session()
        try:
            async with asyncio.timeout(self._guard.acquire(request.what)):
                socket = await session.ws_connect(
                    url,
                    protocols=protocols,
                    headers=headers,
                    heartbeat=_HEARTBEAT_SECONDS,
                    max_msg_size=0,
                    server_hostname=self._auth.server_name(),
                )
            yield socket
        except aiohttp.WSServerHandshakeError as error:
            raise to_error(ErrorResponse(error.status), request.what) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unreachable(request, error) from error
        finally:
            await session.close()
            # Where the server ended first, the goodbyes of TLS are on their way already.
            await asyncio.sleep(_TLS_CLOSE_SECONDS)

    async def _once(self, request: Request) -> Response:
        headers = await self._auth.headers()
        seconds = self._guard.acquire(request.what) if request.writes else _READ_TIMEOUT
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_TIMEOUT)
        if request.writes:
            # The server gives up as well, so that nothing is carried out after our time.
            deadline = {"timeout": f"{max(1, int(seconds))}s"}
            request = replace(request, params={**request.params, **deadline})
        try:
            async with await self._open(request, timeout, headers) as response:
                if response.ok:
                    body = await response.read()
                    if request.writes:
                        self._guard.confirm(request.what)
                        _LOG.debug("%s: done", request.what)
                    warned = parse_warnings(response.headers.getall("Warning", ()))
                    return Response(response.status, body, warned)
                answer = await _answer(response)
                if answer.code == HTTPStatus.UNAUTHORIZED:
                    # A certificate is shown once a connection; a new one needs a new connection.
                    response.close()
        except (aiohttp.ClientError, OSError) as error:
            raise _Retryable(_unreachable(request, error)) from error
        failure = to_error(answer, request.what)
        if isinstance(failure, Unauthorized):
            await self._auth.refresh()
            raise _Retryable(failure)
        if is_retryable(answer):
            raise _Retryable(failure, min(answer.retry_after or 0.0, _MAX_RETRY_AFTER))
        raise failure

    async def _open(
        self, request: Request, limits: aiohttp.ClientTimeout, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        headers["Accept"] = request.accept
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        url = URL(self._auth.server + request.path, encoded=True)
        return await self._open_session().request(
            request.method,
            url.with_query(request.params),
            # aiohttp sends large bytes in pieces only when they come as a file.
            data=io.BytesIO(request.body) if request.body is not None else None,
            headers=headers,
            timeout=limits,
            server_hostname=self._auth.server_name(),
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._auth.tls(), limit=_MAX_CONNECTIONS),
            headers={
                "User-Agent": self._agent,
                # Packing costs both sides more than the network between them.
                "Accept-Encoding": "identity",
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            # Not from the environment: aiohttp would look it up for each request again.
            proxy=self._auth.proxy(),
        )


class _Retryable(Exception):
    """Trouble that may pass: the error to raise if it does not, and how long to wait at least."""

    def __init__(self, error: PlatformError, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def _abort(response: aiohttp.ClientResponse) -> None:
    # Nobody waits for the rest of an endless answer, nor for the goodbyes of TLS after it.
    if response.connection and response.connection.transport:
        response.connection.transport.abort()


async def _answer(response: aiohttp.ClientResponse) -> ErrorResponse:
    return ErrorResponse(
        code=response.status,
        body=await response.read(),
        retry_after=parse_retry_after(response.headers.get("Retry-After")),
    )


def _unreachable(request: Request, error: Exception) -> PlatformError:
    message = str(error) or type(error).__name__
    return PlatformError(
        Reason.PLATFORM_ERROR, f"{request.what}: the API server does not answer: {message}"
    )
