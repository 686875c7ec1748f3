"""A command in a pod, as a person's program runs it: its ends, and what is left of it then.

Rule: the server speaks what an API server speaks for exec, and runs the words here; what a real one
does is shown in tests/cluster.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from kode.kube.channels import STATUS, STDIN, STDOUT, WITH_CLOSE

_PROGRAM = """
import asyncio, sys
from kode.platform.cluster import pod_exec
from kode.kube.auth import KubeconfigAuth
from kode.platform.resources import KODE
from kode.kube.config import AuthInfo, Cluster, ContextConfig
from kode.kube.resources import ObjectRef
from kode.kube.transport import Transport
from kode.platform.port import ExecOptions

async def main():
    auth = KubeconfigAuth(ContextConfig("here", Cluster(server=sys.argv[1]), AuthInfo()), {})
    transport = Transport(auth, agent="test")
    pod = {"metadata": {"name": "dev-0"}}
    ref = ObjectRef(KODE, "team", "dev")
    try:
        return await pod_exec.run(transport, ref, pod, ExecOptions(sys.argv[2:]))
    finally:
        await transport.close()

sys.exit(asyncio.run(main()))
"""


async def _exec(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=(WITH_CLOSE,))
    await socket.prepare(request)
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *request.query.getall("command"), stdin=pipe, stdout=pipe, start_new_session=True
    )
    assert child.stdin is not None
    assert child.stdout is not None

    async def feed() -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY and message.data[0] == STDIN:
                child.stdin.write(message.data[1:])  # type: ignore[union-attr]

    feeding = asyncio.create_task(feed())
    try:
        # Whoever asked may be gone.
        with suppress(ConnectionError):
            while data := await child.stdout.read(1 << 14):
                await socket.send_bytes(bytes((STDOUT,)) + data)
        code = await child.wait()
        cause = {"causes": [{"reason": "ExitCode", "message": str(code)}]}
        status = {"status": "Failure", "details": cause} if code else {"status": "Success"}
        with suppress(ConnectionError):
            await socket.send_bytes(bytes((STATUS,)) + json.dumps(status).encode())
            await socket.close()
    finally:
        feeding.cancel()
        if child.returncode is None:
            child.kill()
        child._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - closes its pipes
    return socket


@asynccontextmanager
async def _serving() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/api/v1/namespaces/team/pods/dev-0/exec", _exec)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        # What a transport closes it closes in the next turns of the loop.
        await asyncio.sleep(0.1)


def _running(words: str) -> list[int]:
    """Return the processes of the words, as sh runs them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes() == words.replace(" ", "\0").encode() + b"\0":
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


async def _until(test: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not test():  # noqa: ASYNC110 - other processes tell of no event
            await asyncio.sleep(0.05)


@pytest.fixture
def alone() -> str:
    """Words of a command that nobody else runs."""
    return f"sleep 300.{os.getpid()}"


async def _started(
    url: str, *words: str, stdout: int = subprocess.PIPE
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", _PROGRAM, url, *words),
        stdin=subprocess.PIPE,
        stdout=stdout,
    )


async def test_a_command_has_its_input_output_and_exit_code() -> None:
    async with _serving() as url:
        tool = await _started(url, "sh", "-c", "head -n 1; exit 7")
        out, _ = await tool.communicate(b"told\n")
    assert (tool.returncode, out) == (7, b"told\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_ends_what_was_run_first(number: signal.Signals, alone: str) -> None:
    async with _serving() as url:
        tool = await _started(url, "sh", "-c", f"{alone} & setsid {alone} & wait")
        try:
            await _until(lambda: len(_running(alone)) == 2)
            tool.send_signal(number)
            code = await asyncio.wait_for(tool.wait(), 30)
            assert _running(alone) == [], "it is ended before the tool is"
        finally:
            for pid in _running(alone):
                os.kill(pid, signal.SIGKILL)
    # Ctrl-C is an exception in Python, and becomes 130 where commands end.
    assert code in {128 + number, -number}


async def test_what_nobody_reads_any_more_is_ended(alone: str) -> None:
    async with _serving() as url:
        reading, writing = os.pipe()
        tool = await _started(
            url, "sh", "-c", f"{alone} & while :; do echo y; sleep 0.1; done", stdout=writing
        )
        os.close(writing)
        try:
            await _until(lambda: len(_running(alone)) == 1)
            # Not in the loop, which is that of the server as well.
            await asyncio.to_thread(os.read, reading, 1)
            os.close(reading)
            code = await asyncio.wait_for(tool.wait(), 30)
            assert _running(alone) == []
        finally:
            for pid in _running(alone):
                os.kill(pid, signal.SIGKILL)
    assert code == 128 + signal.SIGPIPE
