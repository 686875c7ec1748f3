"""What a shim writes down about itself and its program.

Rule: one small file, replaced in one step; a full disk does not keep the truth from it.
"""

import json
import os
import re

NAME = "record.json"
VERSION = 1
_BLOCK = 4096
"""Bytes of the file, padded with spaces: writing over them takes no new space."""
_MAX_CHARACTERS = 500
_MAX_LINES = 10
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

CLEANING = "cleaning"
STEP = "step"
MAIN = "main"
ENDING = "ending"
ENDED = "ended"


class Record:
    """One life of a program.

    Attributes:
        version: of this format.
        pid: of the shim.
        start: its start time in clock ticks.
        boot: the boot that the ticks are counted from.
        digest: of the program.
        phase: one of the five above.
        step: name of the step or main that runs, or ended last.
        main_pid: of main; None before and after it runs.
        main_start: its start time in clock ticks.
        main_since: seconds since the epoch at which main was started.
        exit_code: of what ended last.
        words: its last lines; the name in files of programs that run.
        restarts: as the supervisor counted.
        trouble: why the log loses lines; empty where it does not.
    """

    def __init__(self, digest: str, restarts: int) -> None:
        self.version = VERSION
        self.pid = 0
        self.start = 0
        self.boot = ""
        self.digest = digest
        self.phase = CLEANING
        self.step = ""
        self.main_pid: int | None = None
        self.main_start: int | None = None
        self.main_since: float | None = None
        self.exit_code: int | None = None
        self.words = ""
        self.restarts = restarts
        self.trouble = ""

    def save(self, folder: str) -> bool:
        """Write it; return whether that worked."""
        text = json.dumps(vars(self), ensure_ascii=False).encode("utf-8", "replace")
        text = text.ljust(_BLOCK) + b"\n"
        path = f"{folder}/{NAME}"
        try:
            _write(f"{path}.new", text, os.O_CREAT | os.O_TRUNC)
            os.rename(f"{path}.new", path)
        except OSError:
            # A full disk: the old record's own block still takes the new one.
            try:
                _write(path, text, 0)
            except OSError:
                return False
        return True

    @classmethod
    def load(cls, folder: str) -> "Record | None":
        """Return what was written last; None where nothing was, or nothing that we understand."""
        try:
            with open(f"{folder}/{NAME}", encoding="utf-8") as file:
                content = json.load(file)
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict) or content.get("version") != VERSION:
            return None
        record = cls("", 0)
        if set(content) != set(vars(record)):
            return None
        vars(record).update(content)
        return record


def last_lines(output: bytes) -> str:
    """Return the last lines of what something printed, without colours and control characters."""
    text = _ESCAPES.sub("", output.decode("utf-8", "replace"))
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    kept = "\n".join(lines[-_MAX_LINES:])
    return kept if len(kept) <= _MAX_CHARACTERS else "..." + kept[3 - _MAX_CHARACTERS :]


def _write(path: str, text: bytes, flags: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, 0o600)
    try:
        if os.write(fd, text) != len(text):
            raise OSError(28, "No space left on device")
    finally:
        os.close(fd)
