"""The kinds as users type them.

Rule: every name that `kubectl` takes (kodes, kode, kd) works here too, and a shorter one besides.
"""

from kode.api.kinds import ALL, KODE, Kind
from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode


def parse_kind(word: str) -> Kind:
    """Return the kind of a name that a user typed.

    Raises:
        CommandError: no kind has that name.
    """
    for item in ALL:
        if word.lower() in item.aliases:
            return item
    known = ", ".join(f"{item.word}s" for item in ALL)
    raise CommandError(ExitCode.USAGE, f"unknown kind {word}", f"use one of {known}")


def find_kind(name: str) -> Kind | None:
    """Return the kind of a manifest's `kind`; None for a kind of another API group."""
    return next((item for item in ALL if item.name == name), None)


def parse_ref(word: str) -> tuple[Kind, str]:
    """Return the kind and name of `name` (of a Kode) or `kind/name`."""
    left, slash, right = word.partition("/")
    return (parse_kind(left), right) if slash else (KODE, word)
