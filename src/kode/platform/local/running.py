"""The record of a platform that runs: who it is, and from when on statuses are its own.

Rule: a process is believed only with its start time and the boot that this counts from; a record
of one that has ended says nothing.
"""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kode.platform.local.places import Places
from kode.platform.local.shim import proc


@dataclass(frozen=True)
class Running:
    """A platform that runs.

    Attributes:
        pid: of its program.
        start: clock ticks between boot and its start.
        url: where a browser finds it.
        since: seconds since the epoch.
        version: of the product.
        address: that it listens on.
        ready: whether its door answers.
        trouble: why it does not; empty where that is not known, or it only just starts.
        boot: id of the boot that it runs in; empty in a record of an older release.
        statuses_since: resourceVersion after which a status was written by this platform; what
            stands in an older one was said by another.
    """

    pid: int
    start: int
    url: str
    since: float
    version: str
    address: str = "127.0.0.1"
    ready: bool = False
    trouble: str = ""
    boot: str = ""
    statuses_since: str = "0"


_FIELDS = {field.name for field in fields(Running)}


def record(places: Places) -> Path:
    """Return the file in which a platform writes that it runs."""
    return places.run / "platform.json"


def running(places: Places) -> Running | None:
    """Return the platform that runs; None where none does."""
    try:
        told = json.loads(record(places).read_text(encoding="utf-8"))
        # One of another release may say more.
        found = Running(**{key: told[key] for key in _FIELDS & told.keys()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if found.boot not in ("", proc.boot()):
        return None
    return found if proc.lives(found.pid, found.start) else None


def write(places: Places, found: Running) -> None:
    """Write that a platform runs.

    Raises:
        OSError: it cannot be written.
    """
    file = record(places)
    partial = file.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(asdict(found), stream)
    partial.replace(file)
