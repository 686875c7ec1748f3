"""What can go wrong on a machine ends in a clear message or condition, and costs nobody else much.

Rule: faults are made for real: a file system that is full, a file that is damaged, a port that is
taken. A kind of fault that needs root is skipped without, and says so.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.local.kodes import LOGIN, kode, opened, template, tiny
from tests.local.machine import Machine
from tests.polling import free_port, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def up(machine: Machine) -> Machine:
    """A machine with a platform, and a Kode that nobody else's fault may reach."""
    machine.up("--empty")
    machine.apply(tiny(), opened("bystander"))
    machine.ready("bystander")
    return machine


@pytest.fixture(autouse=True)
def _bystander(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "up" in request.fixturenames:
        found: Machine = request.getfixturevalue("up")
        assert found.ask("bystander.localhost", login=LOGIN).status == 200


# Kodes


def test_names_that_are_none_are_refused(up: Machine) -> None:
    for name, namespace in (
        ("n" * 300, "default"),
        ("übung", "default"),
        ("with space", "default"),
        ("../up", "default"),
        ("fine", "n" * 300),
        ("fine", "größe"),
        ("fine", "../up"),
    ):
        given = kode(f"'{name}'", f"'{namespace}'", "tiny")
        found = up.run("apply", "-f", "-", given=given)
        assert found.returncode == 1, (name, namespace, found)
        assert "name" in found.stderr
        assert "Traceback" not in found.stderr


def test_the_longest_names_work(up: Machine) -> None:
    name, namespace = "n" * 253, "s" * 63
    found = up.run("apply", "-f", "-", given=kode(name, namespace, "tiny"))
    if found.returncode:
        assert "characters" in found.stderr
        name = "n" * 63
        up.apply(kode(name, namespace, "tiny"))
    up.ready(name, namespace)
    host = up.address(name, namespace)["url"].split("//")[1].split(":")[0]
    assert up.ask(host, login=up.login(name, namespace)).status == 200
    up.kode("delete", name, "-n", namespace, "--wait")


def test_a_parameter_that_is_wrong_is_told(up: Machine) -> None:
    asks = "  parameters: [{name: size, type: number, min: 1, max: 4, default: '2'}]"
    up.apply(tiny("asks", asks))
    for given in ("size: '9'", "other: '1'"):
        up.apply(kode("asking", template="asks", more=f"  parameters: {{{given}}}"))
        word = f"{given.partition(':')[0]}: "
        until(partial(says, up, "asking", word), lambda: str(up.condition("asking")))
        assert up.condition("asking")["reason"] == "InvalidSpec"
    up.apply(kode("asking", template="asks", more="  parameters: {size: '3'}"))
    up.ready("asking")
    up.kode("delete", "asking")


def test_dotfiles_that_fail_are_told_with_their_words(up: Machine) -> None:
    nowhere = up.root / "nowhere.git"
    up.apply(
        kode("dotted", template="tiny", more=f"  dotfiles: {{repository: 'file://{nowhere}'}}")
    )
    told = up.told("dotted", status="False", reason="InitFailed")
    assert "dotfiles" in told["message"]
    assert "nowhere.git" in up.kode("logs", "dotted")
    up.apply(opened("dotted"))
    up.ready("dotted")
    up.kode("delete", "dotted")


def test_a_filter_that_envoy_refuses_is_that_kodes_alone(up: Machine) -> None:
    up.apply(
        """
apiVersion: kode.jacero.io/v1alpha1
kind: EnvoyProxyClusterConfig
metadata: {name: odd}
spec:
  authType: basic
  httpFilters:
    - name: odd
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
        no_such_field: true
""",
        tiny("odd", "  envoyProxyRef: {kind: EnvoyProxyClusterConfig, name: odd}"),
        opened("odd", "odd"),
    )
    told = up.told("odd", "ProxyConfigInvalid")
    assert "no_such_field" in told["message"]
    assert up.ask("odd.localhost", login=LOGIN).status == 503
    up.apply(tiny("odd"))
    up.kode("restart", "odd")
    up.told("odd", "Running")
    until(lambda: up.ask("odd.localhost", login=LOGIN).status == 200, lambda: "not led to")
    up.kode("delete", "odd")


def test_a_home_that_is_deleted_under_a_kode_is_told(up: Machine) -> None:
    up.apply(opened("homeless"))
    up.ready("homeless")
    shutil.rmtree(up.files("homeless"))
    up.apply(tiny("stirs"))
    told = up.told("homeless", "ClaimLost")
    assert str(up.files("homeless")) in told["message"]
    refused = up.run("restart", "homeless")
    assert refused.returncode == 1
    assert "kode start homeless --new-home" in refused.stderr
    assert not up.files("homeless").exists()
    up.kode("start", "homeless", "--new-home")
    up.told("homeless", "Running")
    assert up.files("homeless").is_dir()


def test_a_home_that_is_deleted_while_nothing_runs_is_not_made_anew_unasked(up: Machine) -> None:
    up.kode("stop", "homeless")
    shutil.rmtree(up.files("homeless"))
    started = up.run("start", "homeless")
    assert started.returncode == 5
    assert "ClaimLost" in started.stderr
    up.kode("stop", "homeless")
    assert not up.files("homeless").exists()
    up.files("homeless").mkdir()
    up.kode("start", "homeless")
    up.told("homeless", "Running")
    assert "is not lost" in up.run("start", "homeless", "--new-home").stderr
    up.kode("delete", "homeless")


def test_a_claim_in_use_goes_only_after_its_kodes(up: Machine) -> None:
    up.apply(opened("first"))
    up.ready("first")
    file = up.files("first") / "workspace" / "shared.txt"
    file.write_text("shared")
    # The small editor takes its folder for itself; another kind does not.
    up.apply(
        template("shares"),
        opened("second", "shares", more="\n  storage: {existingVolumeClaim: first-home}"),
    )
    up.ready("second")
    # As on one node of a cluster: both have the same files.
    for name in ("first", "second"):
        assert up.ask(f"{name}.localhost", "/shared.txt", LOGIN).body == "shared"
    up.kode("delete", "first", "--purge", "--yes")
    up.told("second", "ClaimNotFound")
    assert up.ask("second.localhost", "/shared.txt", LOGIN).body == "shared"
    up.kode("delete", "second", "--wait")
    until(lambda: not up.files("first").exists(), lambda: "its files are left")


def test_a_kode_is_deleted_while_it_starts(up: Machine) -> None:
    slow = "  initPlugins: [{name: slow, image: none, command: [sleep, '1000']}]"
    up.apply(tiny("slow", slow), kode("begun", template="slow"))
    until(lambda: "sleep 1000 " in up.processes().values(), lambda: "it does not start")
    up.kode("delete", "begun", "--wait", "--purge", "--yes")
    until(lambda: not list(up.root.glob("run/begun-*")), lambda: "it is left")
    assert not [line for line in up.processes().values() if "begun" in line]
    until(lambda: not up.files("begun").exists(), lambda: "its files are left")


def test_a_port_that_another_took_meanwhile_is_not_asked_for_again(up: Machine) -> None:
    up.apply(opened("moves"))
    up.ready("moves")
    up.kode("stop", "moves", "--wait")
    (made,) = up.root.glob("run/moves-*/environment.json")
    port = int(made.read_text().split('"PORT": "')[1].split('"')[0])
    with taken(port):
        up.kode("start", "moves", "--wait")
        assert up.ask("moves.localhost", login=LOGIN).status == 200
    up.kode("delete", "moves")


# The machine


def test_a_taken_port_is_told_with_its_holder(own_machine: Machine) -> None:
    with taken(own_machine.port):
        found = own_machine.run("up", f"--port={own_machine.port}", "--empty")
    assert found.returncode == 6
    assert f":{own_machine.port} is taken by" in found.stderr
    assert f"(pid {os.getpid()})" in found.stderr
    assert own_machine.processes() == {}
    own_machine.up("--empty")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    machine = Machine(tmp_path / "file" / "home", tmp_path / "cache", free_port())
    for arguments in (("up", f"--port={machine.port}"), ("list",), ("apply", "-f", "-"), ("down",)):
        found = machine.run(*arguments, given=tiny())
        assert "Traceback" not in found.stderr
        if arguments != ("down",):
            assert found.returncode == 6, found
            assert str(tmp_path / "file") in found.stderr


def test_a_damaged_store_stops_commands_and_no_editor(own_machine: Machine) -> None:
    machine = own_machine
    machine.up("--empty")
    machine.apply(tiny(), opened("works"))
    machine.ready("works")
    store = machine.root / "kode.db"
    copy = damage(store)
    assert machine.ask("works.localhost", login=LOGIN).status == 200
    for arguments in (("list",), ("apply", "-f", "-"), ("stop", "works"), ("describe", "works")):
        found = machine.run(*arguments, given=tiny())
        assert found.returncode == 6, (arguments, found)
        assert f"{store} is damaged" in found.stderr
    doctor = machine.run("doctor")
    assert doctor.returncode == 6
    assert "kode.db" in doctor.stdout
    machine.kode("down")
    assert machine.processes() == {}
    found = machine.run("up", f"--port={machine.port}")
    assert found.returncode == 6
    assert f"{store} is damaged" in found.stderr
    assert machine.processes() == {}
    for suffix in ("-wal", "-shm"):
        store.with_name(f"kode.db{suffix}").unlink(missing_ok=True)
    store.write_bytes(copy)
    machine.up()
    machine.ready("works")


def test_a_store_of_a_newer_release_is_left_alone(own_machine: Machine) -> None:
    own_machine.apply(tiny())
    store = own_machine.root / "kode.db"
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA user_version = 1000")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = store.read_bytes()
    for arguments in (("up", f"--port={own_machine.port}"), ("list",), ("apply", "-f", "-")):
        found = own_machine.run(*arguments, given=tiny("other"))
        assert found.returncode == 6, found
        assert "newer" in found.stderr
    assert store.read_bytes() == before
    assert own_machine.processes() == {}


def test_a_full_disk_holds_up_what_is_new_and_nothing_else() -> None:
    with small() as root:
        machine = Machine(root / "home", Path(os.environ["HOME"]) / ".cache" / "kode", free_port())
        try:
            machine.up("--empty")
            machine.apply(tiny(), opened("works"))
            machine.ready("works")
            fill(root / "ballast")
            found = machine.run("apply", "-f", "-", given=opened("late"))
            assert found.returncode == 6, found
            assert "no space is left" in found.stderr
            os.kill(machine.platform(), 9)
            assert machine.ask("works.localhost", login=LOGIN).status == 200
            full = machine.run("up", f"--port={machine.port}")
            assert full.returncode == 6, full
            assert "No space left" in full.stderr
            assert machine.ask("works.localhost", login=LOGIN).status == 200
            (root / "ballast").unlink()
            machine.up()
            machine.apply(opened("late"))
            machine.ready("late")
            machine.ready("works")
        finally:
            machine.end()


def says(machine: Machine, name: str, word: str) -> bool:
    """Tell whether Ready's message of a Kode has a word."""
    return word in machine.condition(name).get("message", "")


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Listen on a port."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        yield


@contextmanager
def small() -> Iterator[Path]:
    """Mount a file system of eight megabytes."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    folder = Path(tempfile.mkdtemp(prefix="kode-"))
    command = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def damage(store: Path) -> bytes:
    """Write over a store in use; return what it was."""
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = store.read_bytes()
    with store.open("r+b") as file:
        file.write(b"\xa5" * 8192)
    return before
