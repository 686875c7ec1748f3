"""How code-server's terminals come to have what the Kode's program was started with.

Rule: pure. It finds the shell of kode.render.terminal, which gives them what it keeps for itself.
"""

from collections.abc import Sequence
from pathlib import PurePath

from kode.render import terminal

_AS = terminal.PREFIX

# By the name of the user's own shell: it tells code-server how to speak to it. Where no such file
# can be made, the editor starts all the same.
_START = f"""shell=$1/${{SHELL##*/}} text=$2
shift 2
if mkdir -p "${{shell%/*}}" && printf "%s\\n" "$text" >"$shell.$$" && chmod 700 "$shell.$$" &&
    mv -f "$shell.$$" "$shell"; then
    for name in {" ".join(terminal.KEPT)}; do
        eval "[ -z \\"\\${{$name+x}}\\" ] || export {_AS}$name=\\"\\$$name\\""
    done
    export {terminal.SHELL}="$SHELL" SHELL="$shell"
fi
exec "$@\""""


def give_back(home: PurePath, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the words that start code-server with such a shell.

    Args:
        home: folder of the Kode's home, in which the shell stands.
        argv: what starts code-server.
    """
    folder = str(home / terminal.FOLDER)
    return ("/bin/sh", "-c", _START, "code-server", folder, terminal.script(), *argv)
