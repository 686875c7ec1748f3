"""What a platform of a test has left behind and said, searched for secrets.

Rule: what may hold a secret is listed here, all of it; a file of it can be read by its owner alone.
"""

import json
from collections.abc import Collection
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from kode.errors import PlatformError
from kode.platform.local.paths import Paths
from kode.platform.local.store.store import LocalStore
from kode.render.secret import decode
from tests.sweep import COMMAND_LINES, Leak, Search, told

if TYPE_CHECKING:
    from tests.local.machine import Machine

MAY_HOLD = (
    # The store: Secrets, and proxy configs as an administrator wrote them.
    "kode.db",
    "kode.db-wal",
    # What runs and in which environment: its own program and `kode exec` read it.
    "run/*/spec.json",
    "run/*/spec.json.new",
    "run/*/environment.json",
    # The sidecar as it was made last, with the hash of its password.
    "run/*/made.json",
    # Envoy's own files.
    "run/door/*.json",
    "run/door/.*.json.new",
)
"""Below the platform's folder."""

_SHOW_WHAT_WAS_MADE_UP = ("up", "open")
"""They print a password that the platform made up: nobody else can know it."""
_SHOW_KODES = ("get", "list", "describe")
"""They print a Kode as its author wrote it."""
_OF_THE_PERSON = ("exec", "shell")
"""They print what a program of the person's own prints."""
_HOMES = ("volumes",)
_MIN_SECRET = 16


def made_up(machine: "Machine") -> set[str]:
    """Return the secrets that the platform has made up: passwords, values of cookies, locks."""
    found = set()
    for path in machine.root.glob("run/*/made.json"):
        with suppress(OSError, ValueError, KeyError):
            made = json.loads(path.read_text())
            found |= {str(made["sidecar"]["session"]), str(made["lock"])}
    with suppress(PlatformError, OSError):
        if (machine.root / "kode.db").exists():
            with closing(LocalStore(Paths(machine.root, machine.cache).store)) as store:
                for secret in store.list("Secret").items:
                    found |= {decode(secret, key) or "" for key in secret.get("data") or {}}
    # What is shorter, as a user's name is, is no secret of ours.
    return {text for text in found if len(text) >= _MIN_SECRET}


def leaks(
    machine: "Machine",
    secrets: Collection[str],
    *,
    own: Collection[str] = (),
    homes: bool = False,
) -> list[Leak]:
    """Return what a platform has told of these secrets, and of every canary.

    Args:
        machine: the platform.
        secrets: what it has made up.
        own: values that authors have written into Kodes: shown with the Kode, and nowhere else.
        homes: whether files of Kodes are searched as well: what a person has there is their own.
    """
    search = Search({*secrets, *own})
    found = search.folder(machine.root, MAY_HOLD, () if homes else _HOMES)
    for arguments, output in machine.said:
        verb = arguments[0]
        if verb not in _OF_THE_PERSON:
            made = () if verb in _SHOW_WHAT_WAS_MADE_UP else secrets
            written = () if verb in _SHOW_KODES else own
            found += Search([*made, *written]).text(f"kode {' '.join(arguments)}", output)
    # That no canary is in any of them is seen at the run's end (conftest.py).
    return [*found, *COMMAND_LINES.leaks(Search({*secrets, *own}, canary=False))]


def check(machine: "Machine", secrets: Collection[str]) -> None:
    """Fail where a platform has told a secret."""
    text = told(leaks(machine, secrets))
    assert not text, text
