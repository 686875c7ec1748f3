"""What the command line does in a Kode of a cluster: logs, commands, events, its address.

Rule: what tests/contract says of both platforms is not said again here; here something runs.
"""

import asyncio
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from kode.errors import NotReady
from kode.platform.cluster.platform import ClusterPlatform
from kode.platform.port import ExecOptions, LogQuery
from tests.cluster.documents import PASSWORD, USER, kode, stand_in
from tests.cluster.place import Place

_KODE = str(Path(sys.executable).parent / "kode")
_SECONDS = 60.0
_ROWS, _COLUMNS = 33, 101


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(stand_in("plain"), kode("dev", "plain"), kode("brief", "plain"))
    place.ready("dev", "brief")


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterPlatform]:
    found = ClusterPlatform.from_environment(os.environ)
    yield found
    await found.close()


@contextmanager
def _typed(data: bytes) -> Iterator[None]:
    """Have standard input be these bytes."""
    before = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.write(writing, data)
    os.close(writing)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)


async def test_a_command_has_its_input_output_and_exit_code(
    place: Place, cluster: ClusterPlatform, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    script = "echo told >&2; cat; exit 7"
    with _typed(b"a\0\xff" * 9000):
        code = await cluster.exec("dev", place.namespace, ExecOptions(("sh", "-c", script)))
    out, err = capfdbinary.readouterr()
    assert (code, out, err) == (7, b"a\0\xff" * 9000, b"told\n")


async def test_a_signal_is_told_as_a_shell_tells_it(place: Place, cluster: ClusterPlatform) -> None:
    with _typed(b""):
        command = ExecOptions(("sh", "-c", "kill -9 $$"))
        assert await cluster.exec("dev", place.namespace, command) == 128 + 9


async def test_a_command_that_is_not_there_is_told(place: Place, cluster: ClusterPlatform) -> None:
    with _typed(b""):
        command = ExecOptions(("no-such-program",))
        assert await cluster.exec("dev", place.namespace, command) == 127


async def test_a_command_is_the_editors_user_and_root_only_where_asked(
    place: Place, cluster: ClusterPlatform, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for root in (False, True):
        with _typed(b""):
            command = ExecOptions(("sh", "-c", "id -u; id -g"), root=root)
            assert await cluster.exec("dev", place.namespace, command) == 0
    assert capfdbinary.readouterr().out == b"1000\n1000\n0\n0\n"


def test_what_was_run_ends_with_its_tool(place: Place) -> None:
    script = "sleep 4321 & setsid sleep 4321 & sleep 4321"
    # It begins its command line as sleep does, and is none.
    looking = (
        "sh",
        "-c",
        "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o '[s]leep 4321' | wc -l",
    )
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        tool = subprocess.Popen(
            [_KODE, "exec", "-n", place.namespace, "dev", "--", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
        )
        while int(place.exec("dev", *looking)) < 3:
            assert tool.poll() is None
        tool.send_signal(number)
        tool.wait(_SECONDS)
        assert int(place.exec("dev", *looking)) == 0, number


def test_a_terminal_is_one_on_the_other_side(place: Place) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (_ROWS, _COLUMNS))
    program = (
        "import asyncio, os\nfrom kode.platform.cluster.platform import ClusterPlatform\n"
        "from kode.platform.port import ExecOptions\n"
        "cluster = ClusterPlatform.from_environment(os.environ)\n"
        f"command = cluster.exec('dev', {place.namespace!r}, ExecOptions((), terminal=True))\n"
        "print(asyncio.run(command))"
    )
    shell = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.write(ours, b"test -t 0 && stty size; exit 5\n")
    before = termios.tcgetattr(theirs)
    assert shell.wait(_SECONDS) == 0
    said = os.read(ours, 1 << 16).decode()
    assert f"{_ROWS} {_COLUMNS}" in said
    assert "\r\n5\r\n" in said
    assert termios.tcgetattr(theirs)[3] == before[3] | termios.ECHO
    os.close(ours)
    os.close(theirs)


async def test_a_log_is_followed(place: Place, cluster: ClusterPlatform) -> None:
    query = LogQuery(follow=True, tail=0)
    async with aclosing(cluster.logs("dev", place.namespace, query)) as lines:
        first = asyncio.ensure_future(anext(lines))
        while not first.done():
            place.exec("dev", "sh", "-c", "echo  two words > /proc/1/fd/1")
            await asyncio.wait({first}, timeout=1)
        assert await first == "two words"


async def test_a_log_is_read_to_its_end(place: Place, cluster: ClusterPlatform) -> None:
    place.exec("dev", "sh", "-c", "for i in 1 2 3; do echo line $i; done > /proc/1/fd/1")
    # What is written is in the log a moment later: the follower waits for it, the others need not.
    async with aclosing(cluster.logs("dev", place.namespace, LogQuery(follow=True))) as lines:
        async for line in lines:
            if line == "line 3":
                break
    assert await _log(cluster, place, LogQuery(tail=2)) == ["line 2", "line 3"]
    assert "line 3" not in await _log(cluster, place, LogQuery(source="sidecar"))


async def _log(cluster: ClusterPlatform, place: Place, query: LogQuery) -> list[str]:
    return [line async for line in cluster.logs("dev", place.namespace, query)]


async def test_events_tell_of_the_pod_as_well(place: Place, cluster: ClusterPlatform) -> None:
    own = await cluster.events(place.namespace, "dev")
    assert {"Scheduled", "Started"} <= {event.reason for event in own}
    assert {event.kode for event in own} == {"dev"}
    assert [event.time for event in own] == sorted(event.time for event in own)
    every = await cluster.events(place.namespace)
    assert {event.kode for event in every} >= {"dev", "brief"}
    assert set(own) <= set(every)


async def test_each_tunnel_answers_under_a_host_name_of_its_kode_alone(
    place: Place, cluster: ClusterPlatform
) -> None:
    hosts = set()
    for name in ("dev", "brief"):
        endpoint = await cluster.endpoint(name, place.namespace)
        assert endpoint.url == ""
        async with cluster.tunnel(name, place.namespace) as url:
            assert await _codes(url, endpoint.user) in {(401, 200), (200, 200)}
            hosts.add(urlsplit(url).hostname)
        with pytest.raises(httpx2.ConnectError):
            await _codes(url, endpoint.user)
    assert hosts == {f"{name}--{place.namespace}.localhost" for name in ("dev", "brief")}


async def _codes(url: str, user: str | None) -> tuple[int, int]:
    """Return what is answered without and with a login; names below localhost are resolved here."""
    parts = urlsplit(url)
    base = f"http://127.0.0.1:{parts.port}"
    named = {"host": parts.netloc}
    async with (
        asyncio.timeout(_SECONDS),
        httpx2.AsyncClient(trust_env=False, base_url=base, headers=named) as client,
    ):
        closed = await client.get("/")
        opened = await client.get("/", auth=(user or USER, PASSWORD))
    return closed.status_code, opened.status_code


async def test_what_does_not_run_says_why(place: Place, cluster: ClusterPlatform) -> None:
    await cluster.suspend("brief", place.namespace, suspended=True)
    place.gone("Pod", "brief")
    with pytest.raises(NotReady, match="kode start brief"):
        await cluster.exec("brief", place.namespace, ExecOptions(("true",)))
    with pytest.raises(NotReady, match="kode start brief"):
        await anext(cluster.logs("brief", place.namespace, LogQuery()))


async def test_a_purge_takes_the_files(place: Place, cluster: ClusterPlatform) -> None:
    assert not place.absent("PersistentVolumeClaim", "brief-home")
    await cluster.delete("Kode", "brief", place.namespace, purge=True)
    place.gone("PersistentVolumeClaim", "brief-home")
