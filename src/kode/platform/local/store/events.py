"""What happened to Kodes, in the store.

Rule: what happens again is counted, not written again; of one Kode only the last thousand are kept,
and a new Kode begins with none of an earlier one's.
"""

import sqlite3

from kode.platform.local.store.objects import Key
from kode.platform.port import Event

_MAX_EVENTS = 1_000


def record(database: sqlite3.Connection, event: Event) -> None:
    """Write down an event."""
    same = (event.namespace, event.kode, event.type, event.reason, event.message)
    row = database.execute(
        "SELECT id, count FROM events WHERE namespace = ? AND kode = ? AND type = ? "
        "AND reason = ? AND message = ?",
        same,
    ).fetchone()
    before = 0
    if row is not None:
        before = row[1]
        database.execute("DELETE FROM events WHERE id = ?", (row[0],))
    database.execute(
        "INSERT INTO events (namespace, kode, type, reason, message, time, count) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*same, event.time, before + event.count),
    )
    database.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE namespace = ? AND kode = ? "
        "ORDER BY id DESC LIMIT -1 OFFSET ?)",
        (event.namespace, event.kode, _MAX_EVENTS),
    )


def read(
    database: sqlite3.Connection, namespace: str | None, name: str | None
) -> tuple[Event, ...]:
    """Return events, the one that happened last at the end."""
    rows = database.execute(
        "SELECT time, type, reason, message, namespace, kode, count FROM events "
        "WHERE (?1 IS NULL OR namespace = ?1) AND (?2 IS NULL OR kode = ?2) ORDER BY id",
        (namespace, name),
    ).fetchall()
    return tuple(Event(*row) for row in rows)


def begin(database: sqlite3.Connection, key: Key) -> None:
    """Forget what happened to an earlier Kode of this name."""
    database.execute(
        "DELETE FROM events WHERE namespace = ? AND kode = ?", (key.namespace, key.name)
    )


def forget_gone(database: sqlite3.Connection, before: str) -> None:
    """Forget what happened before a time to Kodes that are no more."""
    database.execute(
        "DELETE FROM events WHERE time < ? AND NOT EXISTS (SELECT 1 FROM objects WHERE "
        "kind = 'Kode' AND objects.namespace = events.namespace AND objects.name = events.kode)",
        (before,),
    )
