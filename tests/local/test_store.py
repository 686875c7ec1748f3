"""The store on a real disk: killed, shared by many, damaged, and without room.

Rule: real processes and real SQLite; what a process was told is written must be there.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from kode.errors import Conflict, PlatformError, RefNotFound
from kode.platform.local.store.store import LocalStore
from tests.local import writer

KIND = writer.KIND
_REPOSITORY = Path(__file__).resolve().parents[2]
_ROUNDS = 20


def start(path: Path, name: str, seed: int, most: int = 1_000_000) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.local.writer", str(path), name, str(seed), str(most)],
        cwd=_REPOSITORY,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{_REPOSITORY / 'src'}:{_REPOSITORY}"},
    )


def acknowledged(told: bytes, stands: dict[str, str]) -> dict[str, set[str]]:
    """Return what may stand under each name after what a writer has said.

    Args:
        told: its output; the last line may be torn.
        stands: what stood before; brought up to what was acknowledged.
    """
    may: dict[str, set[str]] = {}
    for line in told.decode().splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[0] not in {"begin", "done"}:
            continue
        verb, name, number = words
        if verb == "done":
            stands[name] = number
            may.pop(name, None)
        else:
            # Begun and not acknowledged: it is there, or it is not, or the object is gone.
            may[name] = {stands.get(name, "gone"), number, "gone"}
    return may


def found_in(store: LocalStore, name: str) -> str:
    live = store.find(KIND, name, "work")
    return str(live["data"]["number"]) if live else "gone"


def test_a_writer_is_killed_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "data" / "kode.db"
    LocalStore(path).close()
    chance = random.Random(7)  # noqa: S311 - when to kill is no secret
    stands: dict[str, dict[str, str]] = {"a": {}, "b": {}}
    versions = [0]
    for number in range(_ROUNDS):
        writers = {name: start(path, name, number) for name in stands}
        begun = {}
        for name, process in writers.items():
            assert process.stdout is not None
            begun[name] = process.stdout.readline()
            assert begun[name].startswith(b"begin")
        time.sleep(chance.random() * 0.4)
        for process in writers.values():
            process.send_signal(signal.SIGKILL)
        told = {name: begun[name] + process.communicate()[0] for name, process in writers.items()}
        store = LocalStore(path)
        assert store.problems() == ()
        for name, output in told.items():
            may = acknowledged(output, stands[name])
            for place, last in list(stands[name].items()):
                now = found_in(store, place)
                assert now in may.get(place, {last}), f"{place} after {number + 1} rounds"
            for place in {*stands[name], *may}:
                stands[name][place] = found_in(store, place)
        versions.append(int(store.version()))
        store.close()
    assert versions == sorted(versions)
    assert versions[-1] > _ROUNDS


def test_many_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "data" / "kode.db"
    # Nobody has made the file yet: they all try.
    writers = [start(path, f"w{number}", number, most=40) for number in range(5)]
    told = [process.communicate()[0] for process in writers]
    assert [process.returncode for process in writers] == [0] * 5
    store = LocalStore(path)
    stands: dict[str, str] = {}
    for output in told:
        acknowledged(output, stands)
    assert {name: found_in(store, name) for name in stands} == stands
    assert int(store.version()) == 5 * 40
    batch, seen = store.changes("0"), []
    while True:
        seen += [int(change.document["metadata"]["resourceVersion"]) for change in batch.changes]
        if batch.complete:
            break
        batch = store.changes(batch.version)
    assert seen == list(range(1, 201))


def test_of_many_that_replace_the_same_version_one_gets_through(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    document = {"apiVersion": "v1", "kind": KIND, "metadata": {"name": "it", "namespace": "work"}}
    made = LocalStore(path).create(document)

    def write(number: int) -> bool:
        store = LocalStore(path)
        try:
            store.replace({**made, "data": {"number": str(number)}})
        except Conflict:
            return False
        finally:
            store.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(16))) == 1


def _filled(path: Path, count: int = 40) -> None:
    store = LocalStore(path)
    for number in range(count):
        metadata = {"name": f"it-{number}", "namespace": "work"}
        store.create(
            {"apiVersion": "v1", "kind": KIND, "metadata": metadata, "data": {"x": "y" * 900}}
        )
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"this is not a database, whatever its name says" * 100),
        lambda path: os.truncate(path, 1000),
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: _overwrite(path, 4096, path.stat().st_size),
        lambda path: _overwrite(path, 0, 60),
    ],
    ids=["empty", "text", "a-stump", "half", "all-but-the-head", "the-head"],
)
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "kode.db"
    _filled(path)
    assert callable(damage)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(PlatformError) as told:
        _use(path)
    assert str(path) in told.value.message
    assert "damaged" in told.value.message
    assert "kode doctor" in told.value.message
    assert path.read_bytes() == before


def _overwrite(path: Path, begin: int, end: int) -> None:
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(os.urandom(end - begin))


def _use(path: Path) -> None:
    store = LocalStore(path)
    try:
        store.list(KIND)
        for number in range(40):
            store.get(KIND, f"it-{number}", "work")
        store.create(
            {"apiVersion": "v1", "kind": KIND, "metadata": {"name": "new", "namespace": ""}}
        )
    finally:
        store.close()


def test_a_document_that_is_no_json_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    _filled(path, 1)
    _execute(path, "UPDATE objects SET body = substr(body, 1, 20)")
    with pytest.raises(PlatformError, match="damaged"):
        LocalStore(path).get(KIND, "it-0", "work")


def test_problems_are_shown_to_who_looks_for_them(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    _filled(path)
    store = LocalStore(path)
    assert store.problems() == ()
    _overwrite(path, 8192, path.stat().st_size)
    again = LocalStore(path)
    assert again.problems()
    again.close()
    store.close()


def test_a_newer_file_is_left_to_a_newer_release(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    _filled(path, 1)
    _execute(path, "PRAGMA user_version = 99")
    with pytest.raises(PlatformError, match="newer release"):
        LocalStore(path)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    _execute(path, "CREATE TABLE theirs (a)")
    with pytest.raises(PlatformError, match="another program"):
        LocalStore(path)


def test_a_journal_without_its_file_is_not_played_into_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    path.with_name("kode.db-wal").write_bytes(b"journal")
    with pytest.raises(PlatformError, match=r"kode\.db-wal exists without"):
        LocalStore(path)
    assert not path.exists()


def test_a_file_that_is_moved_away_in_use_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "kode.db"
    _filled(path, 1)
    store = LocalStore(path)
    path.rename(tmp_path / "aside.db")
    with pytest.raises(PlatformError, match="moved away"):
        store.delete(KIND, "it-0", "work")
    with pytest.raises(PlatformError, match=r"kode\.db-wal exists without"):
        LocalStore(path)
    shutil.copy(tmp_path / "aside.db", path)
    with pytest.raises(PlatformError, match="moved away or replaced"):
        store.delete(KIND, "it-0", "work")
    store.close()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "own" / "kode.db"
    store = LocalStore(path)
    _execute(path, "SELECT 1")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {item.name: item.stat().st_mode & 0o777 for item in path.parent.iterdir()} == {
        "kode.db": 0o600,
        "kode.db-wal": 0o600,
        "kode.db-shm": 0o600,
    }
    store.close()


def test_a_folder_that_others_use_is_not_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "theirs").touch()
    LocalStore(tmp_path / "kode.db").close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_nothing_is_lost(small: Path) -> None:
    path = small / "kode.db"
    store = LocalStore(path)
    written: list[str] = []
    with pytest.raises(PlatformError, match="no space is left") as told:
        _write_on(store, written, "y" * 20_000)
    assert str(path) in told.value.message
    assert written
    # What is there can still be read, by this process and by a new one.
    assert _names(store) == sorted(written)
    store.close()
    again = LocalStore(path)
    assert _names(again) == sorted(written)
    assert again.problems() == ()
    again.close()


def test_with_room_again_it_goes_on(small: Path) -> None:
    store = LocalStore(small / "kode.db")
    _fill(small / "ballast")
    written: list[str] = []
    with pytest.raises(PlatformError, match="no space is left"):
        _write_on(store, written, "y" * 2_000)
    (small / "ballast").unlink()
    store.create({"apiVersion": "v1", "kind": KIND, "metadata": {"name": "z", "namespace": "work"}})
    assert _names(store) == sorted([*written, "z"])
    store.close()


def test_a_store_cannot_be_made_where_there_is_no_room(small: Path) -> None:
    _fill(small / "ballast")
    with pytest.raises(PlatformError, match="space"):
        LocalStore(small / "kode.db")
    assert [item.name for item in small.iterdir()] == ["ballast"]


def _write_on(store: LocalStore, written: list[str], text: str) -> None:
    for number in range(1_000):
        name = f"it-{number}"
        metadata = {"name": name, "namespace": "work"}
        store.create({"apiVersion": "v1", "kind": KIND, "metadata": metadata, "data": {"x": text}})
        written.append(name)


def _names(store: LocalStore) -> list[str]:
    return [item["metadata"]["name"] for item in store.list(KIND).items]


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_what_is_gone_is_told_as_gone(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "kode.db")
    with pytest.raises(RefNotFound):
        store.delete(KIND, "nothing", "work")
    store.close()


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()
