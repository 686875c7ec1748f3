"""Commands that a Kode on the local platform has before those of the machine.

Rule: pure. Each is a small script for sh in a folder of the Kode's own, which comes first on its
PATH: the editor's own command line, and ssh, which by itself takes the ~/.ssh of the home that the
password file names, whatever HOME says.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath

_REAL = """#!/bin/sh
# A Kode's own {name}: {why}
real() (
    IFS=:
    for folder in $PATH; do
        if [ "$folder" != {bin} ] && [ -x "$folder/{name}" ]; then
            printf '%s\\n' "$folder/{name}"
            exit
        fi
    done
    echo '{name} is not installed' >&2
    exit 127
)
real=$(real) || exit
ssh=$HOME/.ssh
mkdir -p "$ssh" && chmod 700 "$ssh" || exit 255
"""

# The home's own config counts first and the machine's last. Between them stand the home's known
# hosts and keys, so that no other home's are looked for.
_SSH = """
config=$HOME/.local/share/kode/ssh_config
mkdir -p "${config%/*}" || exit 255
{
    printf 'Include "%s/config"\\nHost *\\n    UserKnownHostsFile "%s/known_hosts"\\n' "$ssh" "$ssh"
    for name in id_ed25519 id_ecdsa id_ed25519_sk id_ecdsa_sk id_rsa; do
        printf '    IdentityFile "%s/%s"\\n' "$ssh" "$name"
    done
    printf 'Include /etc/ssh/ssh_config\\n'
} >"$config.$$" && mv "$config.$$" "$config" || exit 255
# Whoever names another config means that one: of two the last counts.
exec "$real" -F "$config" "$@"
"""

# Only where it would choose a file of ~/.ssh itself. A key is named for its type, as it does.
_KEYGEN = """
type=ed25519 last= known=
for word do
    case $last in -t) type=$word ;; esac
    case $word in
        -f | -f?* | -[AKMQYk]*) exec "$real" "$@" ;;
        -t?*) type=${word#-t} ;;
        -[RFH]*) known=yes ;;
    esac
    last=$word
done
[ -z "$known" ] || exec "$real" -f "$ssh/known_hosts" "$@"
case " $* " in
    *' -t'*) ;;
    *)
        for name in id_rsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk; do
            [ ! -e "$ssh/$name" ] || type=${name#id_}
        done
        ;;
esac
case $type in *-sk) type=${type%-sk}_sk ;; esac
case " $* " in
    *' -t'* | *' -l'* | *' -y'* | *' -p'* | *' -c'* | *' -e'* | *' -i'* | *' -B'*) ;;
    *) set -- -t "$type" "$@" ;;
esac
exec "$real" -f "$ssh/id_$type" "$@"
"""

_EDITOR = """#!/bin/sh
# The editor's own command line, for the folders that the editor of this Kode uses.
exec {words} "$@"
"""
_FOLDERS = ("--extensions-dir", "--user-data-dir")


def scripts(folder: PurePath) -> dict[str, str]:
    """Return the scripts that every Kode has, by name; the folder is the one that they stand in."""
    why = "the ~/.ssh of its home counts."
    bodies = {"ssh": _SSH, "ssh-keygen": _KEYGEN}
    return {
        name: _REAL.format(name=name, why=why, bin=shlex.quote(str(folder))) + body
        for name, body in bodies.items()
    }


def editor(argv: Sequence[str], args: Sequence[str]) -> Mapping[str, str]:
    """Return the script of code-server's own command.

    Args:
        argv: what starts it.
        args: the options that the editor has from its template.
    """
    folders = []
    for at, word in enumerate(args):
        if word.partition("=")[0] in _FOLDERS:
            folders += [word] if "=" in word else list(args[at : at + 2])
    return {"code-server": _EDITOR.format(words=shlex.join([*argv, *folders]))}
