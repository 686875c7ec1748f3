"""A command in a Kode's pod, with this process's input and output.

Rule: it ends when the command ends, with the command's exit code.
"""

import asyncio
import json
import signal
from contextlib import ExitStack, aclosing, suppress

from kode.errors import PlatformError
from kode.platform.kubernetes import channels, pods, refusals, terminal
from kode.platform.kubernetes.channels import SIZE, STATUS, STDERR, STDIN, STDOUT, Channels
from kode.platform.kubernetes.failures import Refused
from kode.platform.kubernetes.kinds import POD
from kode.platform.kubernetes.objects import Spot
from kode.platform.kubernetes.transport import Request, Transport
from kode.platform.port import Command

# The person's own shell where the image knows one, in the home of the person.
_SHELL = (
    'cd "${HOME:-/}" 2>/dev/null; '
    'shell=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f7); '
    'case $shell in */nologin|*/false|"") shell=${SHELL:-};; esac; '
    '[ -x "$shell" ] || shell=$(command -v bash) || shell=/bin/sh; exec "$shell" -l'
)
_DESCRIPTORS = {STDOUT: 1, STDERR: 2}


async def run(transport: Transport, kode: Spot, pod: str, command: Command) -> int:
    """Run a command; return its exit code.

    Args:
        transport: the cluster.
        kode: the Kode, for what is told.
        pod: name of its pod.
        command: what to run.

    Raises:
        PlatformError: it cannot be run, or the connection broke.
    """
    spot = Spot(POD, kode.namespace, pod)
    request = Request("GET", f"{spot.path}/exec", f"run a command in {spot}")
    params = _params(command)
    try:
        async with transport.converse(request, channels.PROTOCOLS, params) as socket:
            return await _talk(Channels(socket), command)
    except Refused as refused:
        raise refusals.meaning(await _in_words(transport, request, refused), kode) from refused


async def _talk(streams: Channels, command: Command) -> int:
    sizes: set[asyncio.Task[None]] = set()

    def resize(columns: int, rows: int) -> None:
        size = json.dumps({"Width": columns, "Height": rows}).encode()
        task = asyncio.create_task(streams.send(SIZE, size))
        sizes.add(task)
        task.add_done_callback(sizes.discard)

    with ExitStack() as stack:
        if command.terminal:
            stack.enter_context(terminal.raw())
            stack.enter_context(terminal.resized(resize))
        feeding = asyncio.create_task(_feed(streams))
        try:
            return await _listen(streams)
        except BrokenPipeError:
            return 128 + signal.SIGPIPE
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError):
                await feeding


async def _feed(streams: Channels) -> None:
    async with aclosing(terminal.chunks()) as chunks:
        async for chunk in chunks:
            await streams.send(STDIN, chunk)
    await streams.end(STDIN)


async def _listen(streams: Channels) -> int:
    status = b""
    async with aclosing(streams.messages()) as messages:
        async for channel, data in messages:
            if channel == STATUS:
                status += data
            elif channel in _DESCRIPTORS:
                terminal.write(_DESCRIPTORS[channel], data)
    return channels.exit_code(status)


def _params(command: Command) -> list[tuple[str, str]]:
    argv = list(command.argv) or ["/bin/sh", "-c", _SHELL]
    streams = ["stdin", "stdout", *(["tty"] if command.terminal else ["stderr"])]
    return [
        ("container", pods.EDITOR),
        *((name, "true") for name in streams),
        *(("command", word) for word in argv),
    ]


async def _in_words(transport: Transport, request: Request, refused: Refused) -> Refused:
    # A WebSocket that is refused comes without words; the same as a plain request has them.
    try:
        await transport.ask(request)
    except Refused as told:
        same = told.answer and refused.answer and told.answer.status == refused.answer.status
        return told if same else refused
    except PlatformError:
        return refused
    return refused
