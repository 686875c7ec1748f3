"""How code-server's terminals come to have what the Kode's program was started with.

Rule: pure. code-server keeps some variables for itself, and asks a login shell for those of its
terminals, tasks and extensions, which begins with the machine's PATH. So it finds a shell that
gives back what it kept and is no login shell when it asks; what people start is their own shell.
"""

from collections.abc import Sequence
from pathlib import PurePath

_FOLDER = ".local/share/kode/shell"
_KEPT = "GITHUB_TOKEN PASSWORD HASHED_PASSWORD"
"""What code-server takes out of its environment. Source: setDefaults in its out/node/cli.js."""

# Names that begin so are not shown to terminals.
_AS = "VSCODE_KODE_"

_SHELL = f"""#!/bin/sh
# Kode starts code-server with this for a shell: it gives back what code-server keeps for itself.
for name in {_KEPT}; do
    eval "[ -z \\"\\${{{_AS}$name+x}}\\" ] || export $name=\\"\\${_AS}$name\\""
    unset "{_AS}$name"
done
SHELL=${{{_AS}SHELL:-${{SHELL:-/bin/sh}}}}
[ "$SHELL" != "$0" ] || SHELL=/bin/sh
export SHELL
unset {_AS}SHELL
if [ "${{VSCODE_RESOLVING_ENVIRONMENT:-}}" ] && [ "${{1-}} ${{2-}} ${{3-}}" = "-i -l -c" ]; then
    shift 3
    set -- -i -c "$@"
fi
exec "$SHELL" "$@\""""

# By the name of the person's own shell: it tells code-server how to speak to it. Where no such file
# can be made, the editor starts all the same.
_START = f"""shell=$1/${{SHELL##*/}} text=$2
shift 2
if mkdir -p "${{shell%/*}}" && printf "%s\\n" "$text" >"$shell.$$" && chmod 700 "$shell.$$" &&
    mv -f "$shell.$$" "$shell"; then
    for name in {_KEPT}; do
        eval "[ -z \\"\\${{$name+x}}\\" ] || export {_AS}$name=\\"\\$$name\\""
    done
    export {_AS}SHELL="$SHELL" SHELL="$shell"
fi
exec "$@\""""


def give_back(home: PurePath, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the words that start code-server with such a shell.

    Args:
        home: folder of the Kode's home, in which the shell stands.
        argv: what starts code-server.
    """
    return ("/bin/sh", "-c", _START, "code-server", str(home / _FOLDER), _SHELL, *argv)
