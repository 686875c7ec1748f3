"""The file of the store: made whole or not at all, opened, and what its failures mean.

Rule: a file that is damaged, empty, newer or somebody else's is never written over and never made
again; the error says which file it is and what to do.

A new file is made under another name and then linked into place, so that one of no length is always
damage and never a start that was cut short. Every write is one transaction that takes the lock at
its beginning; when it has ended, it is on the disk (synchronous=FULL).

Source: https://www.sqlite.org/wal.html and https://www.sqlite.org/rescode.html
"""

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.local.store import schema

_BUSY_SECONDS = 20.0
_OWN = frozenset({"run", "logs", "volumes"})
_LITTLE = 2**20
"""Bytes of free space below which a failure to write is one of space."""
_MAX_JOURNAL_BYTES = 16 * 2**20
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNREACHABLE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_AUTH,
    }
)


class Database:
    """One connection to the file, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open a file, making it where there is none.

        Raises:
            PlatformError: it cannot be used; the message says what to do.
        """
        self.path = path
        self._lock = threading.RLock()
        with _translate_errors(path):
            if not path.exists():
                _make(path)
            self._place = _place_of(path)
            self._connection = _connect(path)
            try:
                schema.check(self._connection, str(path))
                if schema.version(self._connection) < schema.CURRENT:
                    with self.write() as connection:
                        schema.migrate(connection)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that writes; it is on the disk when the block has ended.

        Raises:
            PlatformError: nothing of it was written.
        """
        with self._lock, _translate_errors(self.path):
            self._check_place()
            with _transaction(self._connection, "BEGIN IMMEDIATE"):
                yield self._connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction in which everything read is of the same moment."""
        with self._lock, _translate_errors(self.path), _transaction(self._connection, "BEGIN"):
            yield self._connection

    def data_version(self) -> int:
        """Return a number that differs once another connection has written."""
        with self._lock, _translate_errors(self.path):
            (number,) = self._connection.execute("PRAGMA data_version").fetchone()
            return int(number)

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong with the file, as SQLite tells it; empty where nothing is."""
        try:
            with self._lock:
                rows = self._connection.execute("PRAGMA quick_check(20)").fetchall()
        except sqlite3.DatabaseError as error:
            return (str(error),)
        return tuple(str(row[0]) for row in rows if row[0] != "ok")

    def _check_place(self) -> None:
        # What is written to a file that was moved away would be lost to everybody else.
        if _place_of(self.path) != self._place:
            raise PlatformError(
                Reason.PLATFORM_ERROR,
                f"{self.path} was moved away or replaced while it was in use: nothing was written; "
                "run `kode down`, then `kode up`",
            )


def damage_error(path: Path, problem: str) -> PlatformError:
    """Return the error for a file whose contents make no sense."""
    return PlatformError(
        Reason.PLATFORM_ERROR,
        f"{path} is damaged ({problem}); nothing was changed. Run `kode down`, then restore a copy "
        f"of it, or move {path.name} and {path.name}-wal away to start with an empty one; the "
        f"files of your Kodes, in {path.parent / 'volumes'}, are kept. `kode doctor` shows more",
    )


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _connect(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    if path.stat().st_size == 0:
        raise damage_error(path, "it is empty")
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        # The lock of Database is what makes that safe.
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA journal_size_limit = {_MAX_JOURNAL_BYTES:d}")
    return connection


def _make(path: Path) -> None:
    _make_folder(path.parent)
    journal = path.with_name(f"{path.name}-wal")
    if journal.exists() and not path.exists():
        # SQLite would play the journal of the old file into the new one.
        raise PlatformError(
            Reason.PLATFORM_ERROR,
            f"{journal} exists without {path.name}: restore {path.name}, or move "
            f"{journal.name} away as well",
        )
    handle, name = tempfile.mkstemp(prefix=".kode.db-", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        _fill(made)
        with suppress(FileExistsError):  # another process was quicker
            os.link(made, path)
        _sync(path.parent)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            made.with_name(made.name + suffix).unlink(missing_ok=True)


def _fill(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with _transaction(connection, "BEGIN IMMEDIATE"):
            connection.execute(f"PRAGMA application_id = {schema.MARK:d}")
            schema.migrate(connection)
        connection.execute("PRAGMA journal_mode = WAL")
    _sync(path)


def _make_folder(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    # Not of a folder that others use as well: closing /tmp would be worse than an open one.
    if {entry.name for entry in folder.iterdir()} <= _OWN:
        folder.chmod(0o700)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place_of(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(path, error) from error
    except OSError as error:
        raise PlatformError(
            Reason.PLATFORM_ERROR, f"{path}: {error.strerror or error}; check its folder"
        ) from error


def _meaning(path: Path, error: sqlite3.Error) -> PlatformError:
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    if primary in _DAMAGED:
        return damage_error(path, str(error))
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and _is_full(path)):
        message = f"no space is left for {path}: nothing was written; free some and try again"
    elif primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        message = (
            f"{path} was locked by another program for {_BUSY_SECONDS:.0f} s: nothing was "
            "written; try again"
        )
    elif primary in _UNREACHABLE:
        message = (
            f"{path} cannot be opened for writing ({error}): check the permissions of its folder"
        )
    else:
        message = f"{path}: {error}; run `kode doctor`"
    return PlatformError(Reason.PLATFORM_ERROR, message)


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE
    except OSError:
        return False
