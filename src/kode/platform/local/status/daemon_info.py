"""The record of a platform that runs: who it is, and from when on statuses are its own.

Rule: a process is believed only with its start time and the boot that this counts from; a record
of one that has ended says nothing.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kode.platform.local.files import replace_file
from kode.platform.local.paths import Paths
from kode.platform.local.shim import procfs


@dataclass(frozen=True)
class DaemonInfo:
    """A platform that runs.

    Attributes:
        pid: of its program.
        start: clock ticks between boot and its start.
        url: where a browser finds it.
        since: seconds since the epoch.
        version: of the product.
        address: that it listens on.
        ready: whether its gateway answers.
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


_FIELDS = {field.name for field in fields(DaemonInfo)}


def info_path(paths: Paths) -> Path:
    """Return the file in which a platform writes that it runs."""
    return paths.run / "platform.json"


def find_daemon(paths: Paths) -> DaemonInfo | None:
    """Return the platform that runs; None where none does."""
    try:
        content = json.loads(info_path(paths).read_text(encoding="utf-8"))
        # One of another release may say more.
        info = DaemonInfo(**{key: content[key] for key in _FIELDS & content.keys()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if info.boot not in ("", procfs.boot()):
        return None
    return info if procfs.is_alive(info.pid, info.start) else None


def write(paths: Paths, info: DaemonInfo) -> None:
    """Write that a platform runs.

    Raises:
        OSError: it cannot be written.
    """
    replace_file(info_path(paths), json.dumps(asdict(info)))
