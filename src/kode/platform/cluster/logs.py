"""Lines of a container's log.

Rule: a connection that breaks, or a container that is started again, loses no line and repeats
none: each line comes with its time, and reading goes on after the last one seen.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus

from kode.api import layout
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import NotReady, PlatformError, RefNotFound
from kode.kube.client import Client
from kode.kube.errors import ApiError, is_retryable
from kode.kube.resources import POD, ObjectRef
from kode.kube.transport import Request, Transport
from kode.platform.cluster import messages, pods
from kode.platform.port import LogQuery

_POLL_INTERVAL = 1.0
_NOT_YET = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
_CONTAINERS = {"editor": layout.EDITOR, "sidecar": layout.SIDECAR}


@dataclass
class Log:
    """The log of one Kode."""

    transport: Transport
    client: Client
    ref: ObjectRef
    query: LogQuery
    last: str = ""
    """Time of the last line that was given."""

    async def lines(self) -> AsyncGenerator[str, None]:
        """Give the lines, without their ends.

        Raises:
            NotReady: the container has not started yet.
            RefNotFound: there is no such Kode.
        """
        running = await pods.running(self.client, await self._kode(), self._container)
        pod = pods.name_of(running)
        while True:
            try:
                async with aclosing(self._read(pod)) as lines:
                    async for line in lines:
                        yield line
            except NotReady:
                if not self.query.follow or not self.last:
                    raise
            except PlatformError as error:
                if not self.query.follow or _is_final(error):
                    raise
            if not self.query.follow or not await self._wait_for_more():
                return

    @property
    def _container(self) -> str:
        return _CONTAINERS[self.query.source]

    async def _kode(self) -> Object:
        with messages.translate_errors(self.ref):
            return await self.client.get(self.ref)

    async def _wait_for_more(self) -> bool:
        """Wait until there is more to read; tell whether there ever is."""
        while True:
            await asyncio.sleep(_POLL_INTERVAL)
            try:
                kode = await self._kode()
                if kode["spec"].get("suspend"):
                    return False
                await pods.running(self.client, kode, self._container)
            except RefNotFound:
                return False
            except NotReady:
                continue
            except PlatformError as error:
                if _is_final(error):
                    raise
                continue
            return True

    async def _read(self, pod: str) -> AsyncGenerator[str, None]:
        params = {"container": self._container, "timestamps": "true"}
        if self.query.follow:
            params["follow"] = "true"
        if self.last:
            params["sinceTime"] = self.last
        elif self.query.tail is not None:
            params["tailLines"] = str(self.query.tail)
        pod_ref = ObjectRef(POD, self.ref.namespace, pod)
        request = Request("GET", f"{pod_ref.path}/log", f"read the log of {pod_ref}", params)
        since = self.last
        try:
            async with self.transport.stream(request) as chunks, aclosing(_split(chunks)) as lines:
                async for line in lines:
                    time, _, text = line.partition(" ")
                    # sinceTime counts whole seconds, so that some lines come again.
                    if time > since:
                        self.last = time
                        yield text
        except ApiError as refused:
            if refused.response and refused.response.code in _NOT_YET:
                raise NotReady(Reason.STARTING, f"{pod_ref} has no log yet: {refused}") from refused
            raise messages.to_user_error(refused, self.ref) from refused


def _is_final(error: PlatformError) -> bool:
    cause = error if isinstance(error, ApiError) else error.__cause__
    answer = cause.response if isinstance(cause, ApiError) else None
    return answer is not None and not is_retryable(answer)


async def _split(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    rest = b""
    async for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            yield line.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")
