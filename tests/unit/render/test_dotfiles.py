"""kode.render.dotfiles: the script itself, run by sh with a real git on real folders."""

import shutil
from pathlib import Path

import pytest

from tests.unit.render.person import Person, good

pytestmark = pytest.mark.untraced

MARK = "echo run >>$HOME/runs"


def test_files_that_begin_with_a_dot_are_linked(person: Person) -> None:
    good(person.bring())
    assert (person.read(".vimrc"), person.read(".config/tool/rc")) == ("one", "deep")
    assert (person.home / ".vimrc").is_symlink()
    assert not (person.home / ".config").is_symlink()
    assert {it.name for it in person.home.iterdir()} == {".vimrc", ".config", ".dotfiles"}


@pytest.mark.attack
def test_what_stands_in_the_way_is_moved_beside_and_once_only(person: Person) -> None:
    (person.home / ".vimrc").write_text("mine")
    (person.home / ".vimrc.before-1").write_text("older")
    good(person.bring())
    person.push({".vimrc": "two"})
    good(person.bring())
    assert person.read(".vimrc") == "two"
    assert person.read(".vimrc.before-1") == "older"
    assert person.read(".vimrc.before-2") == "mine"
    assert not (person.home / ".vimrc.before-3").exists()


def test_links_follow_a_home_that_has_moved(person: Person) -> None:
    good(person.bring())
    moved = Person(person.home.parent / "moved", person.origin)
    person.home.rename(moved.home)
    good(moved.bring())
    assert moved.read(".vimrc") == "one"
    assert not (moved.home / ".vimrc.before-1").is_symlink()


def test_branch_tag_and_commit_can_be_named(person: Person) -> None:
    first = person.git("rev-parse", "HEAD")
    person.git("tag", "v1")
    second = person.push({".a": "b"}, branch="side/way")
    for ref, commit in (("side/way", second), ("v1", first), (second, second), (None, first)):
        good(person.bring(ref))
        assert person.at() == commit, ref
    done = person.bring("nowhere")
    assert done.returncode == 1
    assert done.stderr.endswith(" has no nowhere\n")
    assert person.at() == first


def test_each_start_brings_what_is_new(person: Person) -> None:
    good(person.bring())
    assert person.bring().stderr == "", "what has not changed is not told again"
    newest = person.push({".vimrc": "two", ".new": "x"})
    good(person.bring())
    assert (person.at(), person.read(".vimrc"), person.read(".new")) == (newest, "two", "x")


def test_history_that_was_rewritten_is_followed(person: Person) -> None:
    good(person.bring())
    person.git("commit", "-q", "--amend", "-m", "other")
    good(person.bring())
    assert person.at() == person.git("rev-parse", "HEAD")


@pytest.mark.parametrize("commit", [False, True])
def test_changes_by_hand_are_kept(person: Person, *, commit: bool) -> None:
    good(person.bring())
    folder = person.home / ".dotfiles"
    (folder / ".vimrc").write_text("by hand")
    if commit:
        person.git("commit", "-q", "-a", "-m", "mine", folder=folder)
    person.push({".vimrc": "two"})
    assert "changes of your own" in good(person.bring())
    assert person.read(".vimrc") == "by hand"


def test_commits_on_another_branch_are_kept(person: Person) -> None:
    person.push({".side": "1"}, branch="side")
    good(person.bring("side"))
    folder = person.home / ".dotfiles"
    good(person.bring())
    person.git("checkout", "-q", "side", folder=folder)
    person.git("commit", "-q", "--allow-empty", "-m", "mine", folder=folder)
    mine = person.at()
    person.git("checkout", "-q", "main", folder=folder)
    newest = person.push({".side": "2"}, branch="side")
    good(person.bring("side"))
    assert person.at() == newest
    assert person.git("rev-parse", "side", folder=folder) == mine


def test_new_file_of_the_repository_does_not_take_the_place_of_one_by_hand(person: Person) -> None:
    good(person.bring())
    (person.home / ".dotfiles/.new").write_text("by hand")
    person.push({".new": "theirs"})
    assert "cannot update" in good(person.bring())
    assert person.read(".dotfiles/.new") == "by hand"


def test_repository_out_of_reach_keeps_nobody_from_starting_again(person: Person) -> None:
    good(person.bring())
    person.origin.rename(person.origin.with_name("away"))
    assert "going on with what is here" in good(person.bring())


def test_first_start_without_the_repository_fails_and_the_next_one_mends_it(person: Person) -> None:
    away = person.origin.with_name("away")
    person.origin.rename(away)
    done = person.bring()
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"dotfiles: cannot clone file://{person.origin}"
    (person.home / ".dotfiles.new").mkdir()
    away.rename(person.origin)
    good(person.bring())
    assert not (person.home / ".dotfiles.new").exists()


def test_another_repository_takes_the_place_and_leaves_the_first_beside_it(person: Person) -> None:
    good(person.bring())
    (person.home / ".dotfiles/notes").write_text("mine")
    other = Person(person.home, person.origin.with_name("other"))
    shutil.copytree(person.origin, other.origin)
    other.push({".vimrc": "other"})
    good(other.bring())
    good(person.bring())
    assert person.read(".vimrc") == "one"
    assert person.read(".dotfiles.before-1/notes") == "mine"
    assert person.read(".dotfiles.before-2/.vimrc") == "other"


def test_folder_that_is_no_repository_is_moved_beside(person: Person) -> None:
    (person.home / ".dotfiles").mkdir()
    (person.home / ".dotfiles/notes").write_text("mine")
    assert "is now in ~/.dotfiles.before-1" in good(person.bring())
    assert person.read(".dotfiles.before-1/notes") == "mine"


def test_command_runs_when_it_or_the_files_have_changed(person: Person) -> None:
    for _ in range(2):
        good(person.bring(install=MARK))
    assert person.read("runs") == "run\n"
    good(person.bring(install=f"{MARK} # other"))
    person.push({".vimrc": "two"})
    good(person.bring(install=f"{MARK} # other"))
    assert person.read("runs") == "run\n" * 3
    assert not (person.home / ".vimrc").exists()


def test_install_that_fails_says_so_loses_nothing_and_runs_again(person: Person) -> None:
    (person.home / "mine").write_text("x")
    for _ in range(2):
        done = person.bring(install=f"{MARK}; exit 7")
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(
            "dotfiles: installing ended with exit code 7"
        )
    assert (person.read("runs"), person.read("mine")) == ("run\nrun\n", "x")
    assert person.read(".dotfiles/.vimrc") == "one"


def test_submodules_come_along(person: Person) -> None:
    inner = Person(person.home, person.origin.with_name("inner"))
    shutil.copytree(person.origin, inner.origin)
    allow = ["-c", "protocol.file.allow=always"]
    person.git(*allow, "submodule", "--quiet", "add", f"file://{inner.origin}", "plugin")
    person.git("commit", "-q", "-m", "submodule")
    (person.home / ".gitconfig").write_text("[protocol.file]\nallow = always\n")
    good(person.bring())
    assert person.read(".dotfiles/plugin/.vimrc") == "one"


def test_missing_git_is_told(person: Person, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    sh = shutil.which("sh")
    assert sh
    (programs / "sh").symlink_to(sh)
    done = person.bring(path=str(programs))
    assert done.returncode == 1
    assert done.stderr.startswith("dotfiles: there is no git here")


@pytest.mark.attack
def test_names_with_spaces_and_quotes_are_names(person: Person) -> None:
    odd = ".a dir'\n\"$(x)/.rc"
    person.push({odd: "odd"})
    good(person.bring())
    assert person.read(odd) == "odd"


def test_empty_repository_is_told(person: Person) -> None:
    empty = Person(person.home, person.origin.with_name("empty"))
    empty.origin.mkdir()
    empty.git("init", "-q")
    done = empty.bring()
    assert done.returncode == 1
    assert done.stderr.endswith(" has no commit\n")
