"""The tables of the store, and how an older file becomes a newer one.

Rule: a step here is never edited once it has shipped; a change of the tables is a new step. The
number of steps a file has taken stands in its header (PRAGMA user_version).
"""

import sqlite3

from kode.api.conditions import Reason
from kode.errors import PlatformError

MARK = 0x4B4F4445
"""PRAGMA application_id of our files: "KODE"."""

_FIRST = """
CREATE TABLE counter (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
);
INSERT INTO counter VALUES (1, 0, 0);
CREATE TABLE objects (
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    applied TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, namespace, name)
);
CREATE TABLE changes (
    version INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    uid TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX changes_uid ON changes (uid);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    kode TEXT NOT NULL,
    type TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    time TEXT NOT NULL,
    count INTEGER NOT NULL,
    UNIQUE (namespace, kode, type, reason, message)
);
"""

_STEPS: tuple[str, ...] = (_FIRST,)

CURRENT = len(_STEPS)
"""The version of the tables that this release reads and writes."""


def version(database: sqlite3.Connection) -> int:
    """Return the version of a file's tables."""
    (number,) = database.execute("PRAGMA user_version").fetchone()
    return int(number)


def check(database: sqlite3.Connection, where: str) -> None:
    """Refuse a file that is not ours, or is newer than this release.

    Raises:
        PlatformError: with what to do about it.
    """
    (mark,) = database.execute("PRAGMA application_id").fetchone()
    if mark != MARK:
        raise PlatformError(
            Reason.PLATFORM_ERROR,
            f"{where} belongs to another program: move it away, or set KODE_HOME to another folder",
        )
    current = version(database)
    if current > CURRENT:
        raise PlatformError(
            Reason.PLATFORM_ERROR,
            f"{where} was written by a newer release (its tables have version {current}, this one "
            f"knows {CURRENT}): install that release again",
        )


def migrate(database: sqlite3.Connection) -> None:
    """Take the steps that a file has not taken yet, within the transaction that is open."""
    for number, step in enumerate(_STEPS[version(database) :], start=version(database) + 1):
        for statement in step.split(";\n"):
            if statement.strip():
                database.execute(statement)
        # A pragma takes no parameters; the number is our own.
        database.execute(f"PRAGMA user_version = {number:d}")
