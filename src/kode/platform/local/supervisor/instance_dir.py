"""The files of one instance: what its shim is to run, and what the shim says.

Rule: mode 0600 in a folder of mode 0700, for the spec holds passwords; replaced in one step. The
folder may hold files of others (a socket), which are left alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kode.platform.local.files import replace_file
from kode.platform.local.program import Command, Probe, Program
from kode.platform.local.shim import record
from kode.platform.local.shim.record import Record
from kode.platform.local.shim.shim import LOCK, SPEC

ERRORS = "shim.err"
"""What a shim that fails prints."""
_FILES = (SPEC, record.NAME, f"{record.NAME}.new", ERRORS, LOCK)


@dataclass(frozen=True)
class Folder:
    """The folder of an instance.

    Attributes:
        path: where it is.
    """

    path: Path

    @property
    def errors(self) -> Path:
        """The file that a failing shim prints to."""
        return self.path / ERRORS

    def write(self, program: Program, *, restarts: int, only_cleanup: bool) -> None:
        """Say what the next shim is to run, and forget what the last one said.

        Raises:
            OSError: the files cannot be written.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "program": _dump(program),
            "digest": program.digest,
            "restarts": restarts,
            "only_cleanup": only_cleanup,
        }
        replace_file(self.path / SPEC, json.dumps(content))
        (self.path / record.NAME).unlink(missing_ok=True)

    def program(self) -> Program | None:
        """Return the program that was written last; None where none is, or none that we know."""
        try:
            content = json.loads((self.path / SPEC).read_text(encoding="utf-8"))
            return _load(content["program"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def only_cleanup(self) -> bool:
        """Whether what was written last is to run nothing but the cleanup."""
        try:
            content = json.loads((self.path / SPEC).read_text(encoding="utf-8"))
            return bool(content["only_cleanup"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    @property
    def needs_cleanup(self) -> bool:
        """Whether a shim was to run there that has not said that it ended, cleanup and all."""
        report = self.record()
        ended = report is not None and report.phase == record.ENDED
        return (self.path / SPEC).exists() and not ended

    @property
    def ours(self) -> bool:
        """Whether it is of an instance at all."""
        return any((self.path / name).exists() for name in (SPEC, record.NAME))

    def record(self) -> Record | None:
        """Return what the shim wrote last; None where nothing readable is."""
        return Record.load(str(self.path))

    def complaint(self) -> str:
        """Return the last lines of what a failing shim printed."""
        try:
            return record.last_lines(self.errors.read_bytes()[-8192:])
        except OSError:
            return ""

    def remove(self) -> None:
        """Take our files away, and the folder where it is empty then."""
        # What whoever was killed had only begun to write.
        begun = [path.name for path in self.path.glob(f".{SPEC}.*.new")]
        for name in (*_FILES, *begun):
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError:
                continue
        try:
            self.path.rmdir()
        except OSError:
            return


def _dump(program: Program) -> dict[str, Any]:
    health = program.health
    return {
        "key": program.key,
        "instance": program.instance,
        "main": _dump_step(program.main),
        "log": str(program.log),
        "steps": [_dump_step(step) for step in program.steps],
        "cleanup": _dump_step(program.cleanup) if program.cleanup else None,
        "health": {
            "path": health.path,
            "socket": str(health.socket) if health.socket else None,
            "port": health.port,
            "within": health.startup_timeout,
            "below": health.unhealthy_from_status,
            "renew": health.renew,
        }
        if health
        else None,
        "grace": program.grace,
        "mark": program.mark,
        "meant": program.meant,
    }


def _dump_step(step: Command) -> dict[str, Any]:
    return {
        "name": step.name,
        "argv": [str(word) for word in step.argv],
        "env": dict(step.env),
        "cwd": str(step.cwd),
    }


def _load(content: Mapping[str, Any]) -> Program:
    health, cleanup = content["health"], content["cleanup"]
    return Program(
        key=content["key"],
        instance=content["instance"],
        main=_load_step(content["main"]),
        log=Path(content["log"]),
        steps=tuple(_load_step(step) for step in content["steps"]),
        cleanup=_load_step(cleanup) if cleanup else None,
        health=_load_health(health) if health else None,
        grace=content["grace"],
        # An older release wrote none.
        mark=content.get("mark", ""),
        meant=content.get("meant", ""),
    )


def _load_step(content: Mapping[str, Any]) -> Command:
    return Command(
        name=content["name"],
        argv=tuple(content["argv"]),
        env=content["env"],
        cwd=Path(content["cwd"]),
    )


def _load_health(content: Mapping[str, Any]) -> Probe:
    return Probe(
        path=content["path"],
        socket=Path(content["socket"]) if content["socket"] else None,
        port=content["port"],
        startup_timeout=content["within"],
        unhealthy_from_status=content["below"],
        renew=content.get("renew", False),
    )
