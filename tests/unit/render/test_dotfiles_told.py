"""What the dotfiles' script runs, and what it says of that."""

import subprocess
from pathlib import Path

import pytest

from kode.api.dotfiles import Dotfiles
from kode.render import dotfiles
from tests.unit.render.person import Person, good

pytestmark = pytest.mark.untraced


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, 0o755) for name in dotfiles.SCRIPTS),
        *((name, 0o644) for name in dotfiles.SCRIPTS if name.endswith(".sh")),
    ],
)
def test_script_of_the_repository_runs_in_it(person: Person, name: str, mode: int) -> None:
    person.push({name: "#!/bin/sh\npwd >$HOME/where\n"})
    (person.origin / name).chmod(mode)
    person.git("commit", "-q", "--allow-empty", "-a", "-m", "mode")
    said = good(person.bring())
    assert person.read("where") == f"{person.home}/.dotfiles\n"
    assert f"dotfiles: running {name}; its input is empty\n" in said
    assert f"dotfiles: {name} ended with exit code 0\n" in said
    assert not (person.home / ".vimrc").exists()


@pytest.mark.parametrize("name", ["install", "bootstrap", "script/bootstrap", "setup"])
def test_what_is_no_program_is_not_run(person: Person, name: str) -> None:
    person.push({name: "To install, call me.\n"})
    assert "dotfiles: 2 files are linked into the home\n" in good(person.bring())


@pytest.mark.parametrize("files", [{"README.md": "x"}, {"vim/.vimrc": "x"}, {"install": "text"}])
def test_a_start_of_which_nothing_was_taken_says_what_is_looked_for(
    person: Person, files: dict[str, str]
) -> None:
    other = Person(person.home, person.origin.with_name("other"))
    other.origin.mkdir()
    other.git("init", "-q", "-b", "main")
    other.push(files)
    said = good(other.bring())
    assert "nothing was taken" in said
    assert all(name in said for name in dotfiles.SCRIPTS)
    assert {it.name for it in person.home.iterdir()} == {".dotfiles"}
    assert good(other.bring()) == ""


def test_a_script_that_asks_is_given_nothing_and_that_is_said(person: Person) -> None:
    ask = "printf 'Sure? '; read -r a; [ \"$a\" = y ] && cp .exports ~; true\n"
    person.push({"bootstrap.sh": f"#!/bin/sh\n{ask}", ".exports": "x"})
    given = Dotfiles(repository=f"file://{person.origin}")
    done = subprocess.run(
        dotfiles.argv(given),
        env=person.env,
        input="y\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert not (person.home / ".exports").exists()
    assert "running bootstrap.sh; its input is empty" in done.stderr
    assert "bootstrap.sh ended with exit code 0" in done.stderr


def test_a_script_that_moves_what_is_checked_out_is_told_and_run_once(
    person: Person, tmp_path: Path
) -> None:
    pull = 'echo run >>"$HOME/runs"; git checkout -q -B main origin/main\n'
    first = person.push({"install.sh": pull})
    person.git("tag", "v1")
    second = person.push({".vimrc": "two"})
    remark = tmp_path / "remark"
    told = f"wanted v1 ({first[:7]}), there is {second[:7]} in ~/.dotfiles"
    for _ in range(2):
        remark.write_text("")
        assert told in good(person.bring("v1", remark=remark))
        assert remark.read_text() == f"dotfiles: {told}\n"
    assert person.at() == second
    assert person.read("runs") == "run\n"


def test_what_is_checked_out_as_asked_for_is_no_remark(person: Person, tmp_path: Path) -> None:
    person.git("tag", "v1")
    remark = tmp_path / "remark"
    remark.touch()
    for ref in ("v1", "main", None):
        good(person.bring(ref, remark=remark))
    folder = person.home / ".dotfiles"
    person.git("commit", "-q", "--allow-empty", "-m", "mine", folder=folder)
    good(person.bring(remark=remark))
    assert remark.read_text() == "", "nothing was asked for by name"
    good(person.bring("main", remark=remark))
    assert "wanted main" in remark.read_text()


def test_a_pin_that_is_left_is_told_where_the_repository_is_out_of_reach(
    person: Person, tmp_path: Path
) -> None:
    person.git("tag", "v1")
    good(person.bring("v1"))
    folder = person.home / ".dotfiles"
    person.git("commit", "-q", "--allow-empty", "-m", "mine", folder=folder)
    person.origin.rename(person.origin.with_name("away"))
    assert "wanted v1 (" in good(person.bring("v1", remark=tmp_path / "remark"))


def test_a_script_that_wants_the_folder_for_itself_gets_it_by_the_way_of_the_how_to(
    person: Person,
) -> None:
    own = "[ ! -e ~/.dotfiles ] || [ -L ~/.dotfiles ] || { echo already exists >&2; exit 1; }\n"
    script = f'#!/bin/sh\n{own}ln -sfn "$PWD" ~/.dotfiles; echo run >>~/runs\n'
    person.push({"own": script})
    (person.origin / "own").chmod(0o755)
    person.git("commit", "-q", "-a", "-m", "mode")
    assert person.bring(install="./own").returncode == 1
    way = "[ -L ~/.dotfiles ] || mv ~/.dotfiles ~/dotfiles; cd ~/dotfiles && ./own"
    good(person.bring(install=way))
    newest = person.push({".vimrc": "two"})
    good(person.bring(install=way))
    assert (person.home / ".dotfiles").is_symlink()
    assert person.git("rev-parse", "HEAD", folder=person.home / "dotfiles") == newest
    assert person.read("runs") == "run\n" * 2
