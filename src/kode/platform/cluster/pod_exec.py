"""A command in a Kode's pod, with this process's input and output.

Rule: it ends when the command ends, with the command's exit code; and where it is ended itself, the
command is ended first.
"""

import asyncio
import json
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager, suppress

from kode.api import layout
from kode.api.meta import Object
from kode.errors import PlatformError
from kode.kube import channels, terminal
from kode.kube.channels import SIZE, STATUS, STDERR, STDIN, STDOUT, Channels
from kode.kube.errors import ApiError
from kode.kube.resources import POD, ObjectRef
from kode.kube.transport import Request, Transport
from kode.platform.cluster import messages, pods
from kode.platform.cluster.exec_command import Leash
from kode.platform.port import ExecOptions

# The user's own shell where the image knows one.
_SHELL = (
    'shell=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f7); '
    'case $shell in */nologin|*/false|"") shell=${SHELL:-};; esac; '
    '[ -x "$shell" ] || shell=$(command -v bash) || shell=/bin/sh; exec "$shell" -l'
)
_DESCRIPTORS = {STDOUT: 1, STDERR: 2}
_END_TIMEOUT = 15.0
_NOBODY_READS = 128 + signal.SIGPIPE


async def run(transport: Transport, kode: ObjectRef, pod: Object, command: ExecOptions) -> int:
    """Run a command; return its exit code.

    Args:
        transport: the cluster.
        kode: the Kode, for what is told.
        pod: its pod.
        command: what to run.

    Raises:
        PlatformError: it cannot be run, or the connection broke.
    """
    ref = ObjectRef(POD, kode.namespace, pods.name_of(pod))
    request = Request("GET", f"{ref.path}/exec", f"run a command in {ref}")
    ids = ("0", "0") if command.root else pods.user_of(pod)
    leash = Leash(*ids, mark=secrets.token_hex(8), folder=pods.workspace_of(pod))
    params = _params(command, leash)
    with _signals() as caught:
        try:
            async with transport.websocket(request, channels.PROTOCOLS, params) as socket:
                code = await _talk(Channels(socket), command)
        except ApiError as refused:
            raise messages.to_user_error(
                await _in_words(transport, request, refused), kode
            ) from refused
        except asyncio.CancelledError:
            # Ctrl-C, or one of the signals below.
            number = caught[0] if caught else signal.SIGINT
            await _end(transport, request, leash.end(number.name.removeprefix("SIG")))
            if not caught:
                raise
            return 128 + number
        except PlatformError:
            await _end(transport, request, leash.end("HUP"))
            raise
        if code == _NOBODY_READS:
            await _end(transport, request, leash.end("PIPE"))
        return code


@contextmanager
def _signals() -> Iterator[list[signal.Signals]]:
    """Have signals that would end this process end what it waits for first; give those caught."""
    caught: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - it runs this

    def on_signal(number: signal.Signals) -> None:
        caught.append(number)
        task.cancel()

    numbers = (signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield caught
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _end(transport: Transport, request: Request, argv: list[str]) -> None:
    """End a command by a second one; where that cannot be had, nothing more can be done."""
    params = [("container", layout.EDITOR), ("stdout", "true"), *(("command", it) for it in argv)]
    with suppress(PlatformError, TimeoutError):
        async with (
            asyncio.timeout(_END_TIMEOUT),
            transport.websocket(request, channels.PROTOCOLS, params) as socket,
            aclosing(Channels(socket).messages()) as messages,
        ):
            async for _ in messages:
                continue


async def _talk(streams: Channels, command: ExecOptions) -> int:
    sizes: set[asyncio.Task[None]] = set()

    def resize(columns: int, rows: int) -> None:
        size = json.dumps({"Width": columns, "Height": rows}).encode()
        task = asyncio.create_task(streams.send(SIZE, size))
        sizes.add(task)
        task.add_done_callback(sizes.discard)

    with ExitStack() as stack:
        if command.terminal:
            stack.enter_context(terminal.raw())
            stack.enter_context(terminal.on_resize(resize))
        feeding = asyncio.create_task(_feed(streams))
        try:
            return await _listen(streams)
        except BrokenPipeError:
            return _NOBODY_READS
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


def _params(command: ExecOptions, leash: Leash) -> list[tuple[str, str]]:
    argv = leash.wrap(command.argv or ["/bin/sh", "-c", _SHELL])
    streams = ["stdin", "stdout", *(["tty"] if command.terminal else ["stderr"])]
    return [
        ("container", layout.EDITOR),
        *((name, "true") for name in streams),
        *(("command", word) for word in argv),
    ]


async def _in_words(transport: Transport, request: Request, refused: ApiError) -> ApiError:
    # A WebSocket that is refused comes without words; the same as a plain request has them.
    try:
        await transport.request(request)
    except ApiError as told:
        same = (
            told.response and refused.response and told.response.status == refused.response.status
        )
        return told if same else refused
    except PlatformError:
        return refused
    return refused
