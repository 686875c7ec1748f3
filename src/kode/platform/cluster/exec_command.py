"""The words of a command in a pod: as the editor's user, and such that it can be ended.

Rule: an API server starts commands and ends none. So each carries a mark in its environment, which
all that it starts inherits, and by which a second command finds and ends them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kode.render.terminal import AFTER, BEFORE, RESTORE, SHELL

# As the user: before that no PATH of theirs is looked at.
_RESTORE = f"""\
if [ -n "${{{BEFORE}-}}${{{AFTER}-}}${{{SHELL}-}}" ]; then
  set -- /bin/sh -c '{RESTORE}exec "$@"' start "$@"
fi"""

# $1 and $2 are uid and gid of the editor's user, $3 the mark, $4 the folder, the rest the command.
# Images that start as root have util-linux's setpriv (Debian and its kin) or s6 (linuxserver's, on
# Alpine too).
_RUN = """\
uid=$1; gid=$2; KODE_EXEC=$3; folder=$4; shift 4
[ -z "$folder" ] || cd "$folder" 2>/dev/null || cd "${HOME:-/}" 2>/dev/null || :
RESTORE
if [ "$uid" = 0 ] && [ "$(id -u)" != 0 ]; then
  echo "kode: --root is not possible: this Kode runs as user $(id -u)" >&2; exit 126
elif [ "$(id -u)" = 0 ] && [ -n "$uid" ] && [ "$uid" != 0 ]; then
  as="--reuid=$uid --regid=$gid"; ids="-u $uid -g $gid -G $gid"
  if setpriv $as --init-groups true 2>/dev/null; then set -- setpriv $as --init-groups -- "$@"
  elif setpriv $as --clear-groups true 2>/dev/null; then set -- setpriv $as --clear-groups -- "$@"
  elif s6-applyuidgid $ids true 2>/dev/null; then set -- s6-applyuidgid $ids "$@"
  elif /command/s6-applyuidgid $ids true 2>/dev/null; then
    set -- /command/s6-applyuidgid $ids "$@"
  else echo "kode: this image has no program to switch to user $uid; use --root" >&2; exit 126
  fi
fi
export KODE_EXEC
exec "$@"
""".replace("RESTORE", _RESTORE)

# $1 is the mark, $2 a signal. What was begun a moment ago may not carry its mark yet; what does not
# heed the signal is killed.
_END = """\
look() {
  found=
  for it in $(grep -lsF "KODE_EXEC=$1" /proc/[0-9]*/environ); do
    it=${it%/environ}; found="$found ${it#/proc/}"
  done
}
wait() { sleep 0.2 2>/dev/null || sleep 1; }
for try in 1 2 3 4 5; do look "$1"; [ -z "$found" ] || break; wait; done
[ -z "$found" ] || kill -s "$2" $found 2>/dev/null
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  [ -n "$found" ] || exit 0
  wait; look "$1"
done
kill -s KILL $found 2>/dev/null
"""


@dataclass(frozen=True)
class Leash:
    """As whom a command runs in a pod, and by what it is found there.

    Attributes:
        uid: the user that it becomes where the container is root; 0 to stay root, and empty where
            nothing is known.
        gid: the group.
        mark: what no other command is marked with.
        folder: where it begins; empty for where the container does.
    """

    uid: str
    gid: str
    mark: str
    folder: str = ""

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """Return the argument vector that runs a command under it."""
        return ["/bin/sh", "-c", _RUN, "kode", self.uid, self.gid, self.mark, self.folder, *argv]

    def end(self, signal: str) -> list[str]:
        """Return the argument vector that ends the command and all its children.

        Args:
            signal: what it is sent first: TERM, HUP or INT.
        """
        # As the same user: another one may not look at its environment, not even root.
        ending = Leash(self.uid, self.gid, "")
        return ending.wrap(["/bin/sh", "-c", _END, "kode", self.mark, signal])
