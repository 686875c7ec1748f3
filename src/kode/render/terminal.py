"""What a container's variables cannot say: a PATH around the image's, and code-server's terminals.

Rule: pure. Only a program in the container knows the PATH of its image. So a PATH that refers to it
is in two halves, which whatever starts programs there puts around it: a start that Kode writes, the
shell that code-server is given, `kode exec`.

code-server keeps some variables for itself, and asks a login shell for those of its terminals,
tasks and extensions, which begins with the machine's PATH. So it finds a shell that gives back what
it kept and is no login shell when it asks; what people start is their own shell.
"""

from collections.abc import Sequence
from pathlib import PurePath

FOLDER = ".local/share/kode/shell"
"""Folder of the home in which that shell stands, by the name of the person's own."""

KEPT = ("GITHUB_TOKEN", "PASSWORD", "HASHED_PASSWORD")
"""What code-server takes out of its environment. Source: setDefaults in its out/node/cli.js."""

PREFIX = "VSCODE_KODE_"
"""What begins the names of the variables by which this is done: code-server hides such ones."""

SHELL = f"{PREFIX}SHELL"
"""The person's own shell."""

LOGIN = f"{PREFIX}LOGIN"
"""Set where the shell that code-server asks is to be a login shell all the same."""

BEFORE, AFTER = f"{PREFIX}BEFORE_PATH", f"{PREFIX}AFTER_PATH"
"""The halves of a PATH: what stands before the image's, and what after it."""

RESTORE = f"""\
[ -z "${{{BEFORE}-}}${{{AFTER}-}}" ] || export PATH="${{{BEFORE}-}}$PATH${{{AFTER}-}}"
[ -z "${{{SHELL}-}}" ] || export SHELL="${SHELL}"
unset {" ".join((BEFORE, AFTER, SHELL, LOGIN, *(PREFIX + name for name in KEPT)))}
"""
"""Lines for sh that make variables of a container those of a program in it."""

_SCRIPT = f"""#!/bin/sh
# Kode starts code-server with this for a shell: it gives back what code-server keeps for itself.
for _kode in {" ".join(KEPT)}; do
    eval "_kode_is=\\${{{PREFIX}$_kode+x}} _kode_value=\\${{{PREFIX}$_kode-}}"
    # As Kubernetes leaves it where there is none.
    [ -z "$_kode_is" ] || [ "$_kode_value" = "\\$($_kode)" ] || export "$_kode=$_kode_value"
done
_kode_login=${{{LOGIN}-}}
{RESTORE}
[ -n "${{SHELL-}}" ] && [ "$SHELL" != "$0" ] && command -v "$SHELL" >/dev/null || SHELL=/bin/sh
export SHELL
if [ "${{VSCODE_RESOLVING_ENVIRONMENT-}}" ] && [ "${{1-}} ${{2-}} ${{3-}}" = "-i -l -c" ] &&
    [ -z "$_kode_login" ]; then
    shift 3
    set -- -i -c "$@"
fi
exec "$SHELL" "$@\""""

# Beside it first: what runs is never half a file. An editor without it is better than none.
_WRITE = """\
mkdir -p "${1%/*}" && printf "%s\\n" "$2" >"$1.$$" && chmod 700 "$1.$$" && mv -f "$1.$$" "$1"
exit 0
"""


def script() -> str:
    """Return the shell that code-server is given."""
    return _SCRIPT


def path(home: PurePath | str, shell: str) -> str:
    """Return where it stands; its name tells code-server how to speak to the person's own.

    Args:
        home: folder of the home.
        shell: the person's own shell.
    """
    return f"{home}/{FOLDER}/{PurePath(shell).name}"


def write(file: str) -> tuple[str, ...]:
    """Return the words that write it."""
    return ("sh", "-c", _WRITE, "shell", file, _SCRIPT)


def start(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the words that start a program with the variables that are meant."""
    return ("sh", "-c", f'{RESTORE}exec "$@"', "start", *argv)
