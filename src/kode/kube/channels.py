"""Several streams over one WebSocket: what exec and port-forward speak.

Rule: the first byte of a message is its stream; everything behind it sees streams alone.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and
https://github.com/kubernetes/kubernetes/tree/master/staging/src/k8s.io/streaming
"""

from collections.abc import AsyncGenerator

import aiohttp
import orjson

from kode.errors import PlatformError, Reason

STDIN, STDOUT, STDERR, STATUS, SIZE = range(5)
_CLOSE = 255
WITH_CLOSE = "v5.channel.k8s.io"
"""The protocol in which the end of input can be told."""
PROTOCOLS = (WITH_CLOSE, "v4.channel.k8s.io")


class Channels:
    """A conversation in streams."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take an open WebSocket."""
        self._socket = socket

    async def send(self, channel: int, data: bytes) -> None:
        """Send bytes on a stream; nothing where the other side is gone."""
        await self._send(bytes((channel,)) + data)

    async def end(self, channel: int) -> None:
        """Tell the end of a stream, where the protocol can."""
        if self._socket.protocol == WITH_CLOSE:
            await self._send(bytes((_CLOSE, channel)))

    async def messages(self) -> AsyncGenerator[tuple[int, bytes], None]:
        """Give what comes, with its stream, until the other side ends, or the connection breaks.

        API servers end by cutting the connection, so that the two look alike; what must not be
        missing is told before.
        """
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY and message.data:
                yield message.data[0], message.data[1:]

    async def _send(self, message: bytes) -> None:
        try:
            await self._socket.send_bytes(message)
        except (ConnectionError, RuntimeError, aiohttp.ClientError):
            # The end is told by what comes, or no longer comes.
            return


def exit_code(status: bytes) -> int:
    """Return the exit code that the status stream tells.

    Args:
        status: a metav1.Status.

    Raises:
        PlatformError: the command did not run, or it is not known how it ended.
    """
    if not status:
        text = "the connection to the cluster broke before the command ended"
        raise PlatformError(Reason.PLATFORM_ERROR, text)
    try:
        answer = orjson.loads(status)
    except orjson.JSONDecodeError:
        answer = {}
    if not isinstance(answer, dict):
        answer = {}
    if answer.get("status") == "Success":
        return 0
    details = answer.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    for cause in causes if isinstance(causes, list) else []:
        if isinstance(cause, dict) and cause.get("reason") == "ExitCode":
            return int(str(cause.get("message")))
    message = str(answer.get("message") or "the cluster gives no reason")
    # Five programs on the way each put their own words before the reason.
    message = message.rpartition(" exec: ")[2]
    raise PlatformError(Reason.REJECTED, f"the command cannot be run: {message}")
