"""kode.platform.local.runtime.commands, run by sh with the real ssh."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kode.platform.local.runtime import commands

Run = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "a home" / "of mine"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def run(tmp_path: Path, home: Path) -> Run:
    if not shutil.which("ssh"):
        pytest.skip("there is no ssh")
    folder = tmp_path / "the bin"
    folder.mkdir()
    for name, text in commands.scripts(folder).items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o700)

    def called(*argv: str) -> str:
        found = subprocess.run(
            argv,
            env={"HOME": str(home), "PATH": f"{folder}:{os.defpath}:/usr/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout + found.stderr

    return called


def test_the_config_of_the_home_counts(run: Run, home: Path) -> None:
    (home / ".ssh").mkdir(0o700)
    (home / ".ssh" / "config").write_text("Host x.test\n  Port 2222\n  UserKnownHostsFile /mine\n")
    said = run("ssh", "-G", "x.test").splitlines()
    assert {"port 2222", "userknownhostsfile /mine"} <= set(said)
    said = run("sh", "-c", "ssh -G y.test").splitlines()
    assert {"port 22", f"userknownhostsfile {home}/.ssh/known_hosts"} <= set(said)


def test_keys_are_those_of_the_home_and_no_others(run: Run, home: Path) -> None:
    said = run("ssh", "-G", "x.test").splitlines()
    keys = [line.removeprefix("identityfile ") for line in said if line.startswith("identityfile")]
    assert keys
    assert {str(Path(key).parent) for key in keys} == {str(home / ".ssh")}


def test_another_config_counts_where_it_is_named(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("Host x.test\n  Port 33\n")
    assert "port 33" in run("ssh", "-F", str(other), "-G", "x.test").splitlines()


@pytest.mark.parametrize(
    ("options", "name"),
    [(("-t", "ed25519"), "id_ed25519"), (("-trsa",), "id_rsa"), ((), "id_ed25519")],
)
def test_a_new_key_is_the_homes(run: Run, home: Path, options: tuple[str, ...], name: str) -> None:
    run("ssh-keygen", *options, "-q", "-N", "")
    assert sorted(it.name for it in (home / ".ssh").iterdir()) == [name, f"{name}.pub"]
    assert f"{home}/.ssh/{name}" in run("ssh-keygen", "-y") or run("ssh-keygen", "-y")
    assert " (" in run("ssh-keygen", "-l")


def test_a_key_of_a_name_of_ones_own_is_left_alone(run: Run, home: Path, tmp_path: Path) -> None:
    run("ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", str(tmp_path / "mine"))
    assert (tmp_path / "mine").exists()
    assert list((home / ".ssh").iterdir()) == []


def test_hosts_are_looked_for_among_those_of_the_home(run: Run, home: Path) -> None:
    run("ssh-keygen", "-q", "-N", "", "-t", "ed25519")
    key = " ".join((home / ".ssh" / "id_ed25519.pub").read_text().split()[:2])
    (home / ".ssh" / "known_hosts").write_text(f"x.test {key}\n")
    assert "x.test" in run("ssh-keygen", "-F", "x.test")
    run("ssh-keygen", "-R", "x.test")
    assert (home / ".ssh" / "known_hosts").read_text() == ""


def test_without_ssh_that_is_told(tmp_path: Path) -> None:
    script = tmp_path / "ssh"
    script.write_text(commands.scripts(tmp_path)["ssh"])
    found = subprocess.run(
        ["/bin/sh", str(script)], env={"PATH": str(tmp_path)}, capture_output=True, check=False
    )
    assert (found.returncode, b"ssh is not installed" in found.stderr) == (127, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "/n/node /n/entry.js"),
        (["--verbose", "--extensions-dir=/x y"], "/n/node /n/entry.js '--extensions-dir=/x y'"),
        (["--user-data-dir", "/d"], "/n/node /n/entry.js --user-data-dir /d"),
    ],
)
def test_the_editors_command_is_for_the_folders_in_use(given: list[str], words: str) -> None:
    script = commands.editor(["/n/node", "/n/entry.js"], given)["code-server"]
    assert f'exec {words} "$@"' in script
