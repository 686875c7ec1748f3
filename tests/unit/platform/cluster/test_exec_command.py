"""The words of a command in a pod, run here by the shells that images have."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from kode.platform.cluster.exec_command import Leash
from kode.render import terminal

USER = Leash("4321", "4322", "some-mark")
BUSYBOX = shutil.which("busybox")
SHELLS = [["/bin/sh"], ["bash", "--posix"], *([[BUSYBOX, "sh"]] if BUSYBOX else [])]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
shells = pytest.mark.parametrize("shell", SHELLS, ids=lambda words: Path(words[0]).name)


def _by(shell: list[str], words: list[str]) -> list[str]:
    assert words[0] == "/bin/sh"
    return [*shell, *words[1:]]


def _run(words: list[str], **more: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, **more}
    return subprocess.run(words, capture_output=True, text=True, env=env, check=False, timeout=60)


@needs_root
@shells
def test_a_command_of_a_container_that_is_root_is_the_editors_user(shell: list[str]) -> None:
    script = 'id -u; id -g; echo "$MINE" "$#" "$1"; exit 7'
    words = USER.wrap(["sh", "-c", script, "x", "two  words", "--root"])
    found = _run(_by(shell, words), MINE="kept")
    assert (found.returncode, found.stderr) == (7, "")
    assert found.stdout == "4321\n4322\nkept 2 two  words\n"


@needs_root
@shells
def test_a_command_is_root_where_that_is_asked_for(shell: list[str]) -> None:
    found = _run(_by(shell, Leash("0", "0", "m").wrap(["id", "-u"])))
    assert (found.returncode, found.stdout) == (0, "0\n")


@needs_root
@shells
def test_root_is_refused_where_there_is_none(shell: list[str]) -> None:
    words = _by(shell, Leash("0", "0", "m").wrap(["id", "-u"]))
    found = _run(["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups", *words])
    assert (found.returncode, found.stdout) == (126, "")
    assert "this Kode runs as user 4321" in found.stderr


@needs_root
@shells
def test_a_container_that_is_the_editors_user_stays_so(shell: list[str]) -> None:
    words = _by(shell, USER.wrap(["id", "-u"]))
    found = _run(["setpriv", "--reuid=999", "--regid=999", "--clear-groups", *words])
    assert (found.returncode, found.stdout) == (0, "999\n")


@needs_root
def test_s6_will_do_and_nothing_at_all_is_told(tmp_path: Path) -> None:
    # What linuxserver's images on Alpine have, as its manual describes it.
    # Source: https://skarnet.org/software/s6/s6-applyuidgid.html
    tool = tmp_path / "s6-applyuidgid"
    tool.write_text(
        '#!/bin/sh\n[ "$1$3$5" = -u-g-G ] || exit 100\nuid=$2 gid=$4; shift 6\n'
        'exec /usr/bin/setpriv --reuid=$uid --regid=$gid --clear-groups "$@"\n'
    )
    tool.chmod(0o755)
    tmp_path.chmod(0o755)
    for name in ("id", "true", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    done = _run(USER.wrap(["id", "-u"]), PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "4321\n")
    tool.unlink()
    refused = _run(USER.wrap(["id", "-u"]), PATH=str(tmp_path))
    assert (refused.returncode, refused.stdout) == (126, "")
    assert "--root" in refused.stderr


@shells
def test_a_program_that_is_not_there_is_told_as_a_shell_tells_it(shell: list[str]) -> None:
    found = _run(_by(shell, Leash("", "", "m").wrap(["no-such-program"])))
    assert found.returncode == 127
    assert "no-such-program" in found.stderr


@shells
def test_a_command_begins_in_the_folder_of_the_editor_or_else_in_the_home(
    shell: list[str], tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    for folder, begins in (("work", "work"), ("gone", ".")):
        words = Leash("", "", "m", str(tmp_path / folder)).wrap(["pwd"])
        done = _run(_by(shell, words), HOME=str(tmp_path))
        assert (done.stdout.strip(), done.stderr) == (str(tmp_path / begins), "")


@needs_root
@shells
def test_a_command_has_the_path_and_the_shell_of_the_editors_programs(shell: list[str]) -> None:
    words = _by(shell, USER.wrap(["sh", "-c", 'echo "$PATH $SHELL $1"; id -u; env', "x", "a  b"]))
    path = "/usr/bin:/bin"
    halves = {terminal.BEFORE: "/mine:", terminal.AFTER: ":/last"}
    own = {**halves, terminal.SHELL: "/bin/zsh", "VSCODE_KODE_GITHUB_TOKEN": "t"}
    first, uid, *env = _run(words, PATH=path, SHELL="/wrapper", **own).stdout.splitlines()
    assert (first, uid) == (f"/mine:{path}:/last /bin/zsh a  b", "4321")
    assert not [line for line in env if line.startswith(terminal.PREFIX)]


@needs_root
def test_no_program_of_the_users_is_run_by_root(tmp_path: Path) -> None:
    trap = tmp_path / "setpriv"
    trap.write_text("#!/bin/sh\necho taken\n")
    trap.chmod(0o755)
    tmp_path.chmod(0o755)
    done = _run(USER.wrap(["id", "-u"]), **{terminal.BEFORE: f"{tmp_path}:"})
    assert done.stdout == "4321\n"


def _marked(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"KODE_EXEC={mark}".encode() in environment:
            found.append(int(folder.name))
    return found


def _until(test: Callable[[], bool]) -> None:
    for _ in range(200):
        if test():
            return
        time.sleep(0.05)
    pytest.fail("it does not come to be")


@dataclass(frozen=True)
class Ended:
    """What a command and its end came to, in one shell."""

    code: int
    left: list[int]
    """What still runs of it."""
    other: int | None
    """How another command ended meanwhile."""


def _ended(shell: list[str], signal: str, script: str) -> Ended:
    ids = (USER.uid, USER.gid) if os.geteuid() == 0 else ("", "")
    ours, other = (Leash(*ids, os.urandom(8).hex()) for _ in range(2))
    running = [
        subprocess.Popen(_by(shell, it.wrap(["sh", "-c", script])), start_new_session=True)
        for it in (ours, other)
    ]
    try:
        _until(lambda: len(_marked(ours.mark)) > 1 < len(_marked(other.mark)))
        code = _run(_by(shell, ours.end(signal))).returncode
        running[0].wait(10)
        _until(lambda: not _marked(ours.mark))
        return Ended(code, _marked(ours.mark), running[1].poll())
    finally:
        for pid in _marked(ours.mark) + _marked(other.mark):
            os.kill(pid, 9)
        for process in running:
            process.wait(10)


@pytest.mark.parametrize(
    ("signal", "script"),
    [
        ("TERM", "sleep 300 & setsid sleep 300 & sleep 300"),
        ("HUP", "sleep 300 & setsid sleep 300 & sleep 300"),
        ("INT", 'trap "" TERM HUP INT; sleep 300; sleep 300'),
    ],
)
def test_what_was_run_and_all_that_it_started_is_ended(signal: str, script: str) -> None:
    # In all shells at once: the grace of each takes seconds.
    with ThreadPoolExecutor(len(SHELLS)) as pool:
        ends = list(pool.map(lambda shell: _ended(shell, signal, script), SHELLS))
    # Of another command nothing is ended.
    assert ends == [Ended(0, [], None)] * len(SHELLS)


def test_nothing_to_end_is_no_error() -> None:
    words = Leash("", "", os.urandom(8).hex()).end("TERM")
    with ThreadPoolExecutor(len(SHELLS)) as pool:
        ends = list(pool.map(lambda shell: _run(_by(shell, words)).returncode, SHELLS))
    assert ends == [0] * len(SHELLS)
