"""A home, and a repository of dotfiles that somebody pushes to, with a real git."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kode.api.dotfiles import Dotfiles
from kode.render import dotfiles


@dataclass(frozen=True)
class Person:
    """A home, and a repository that somebody pushes to."""

    home: Path
    origin: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything here: nothing of this machine's but its programs."""
        identity = {
            f"GIT_{role}_{what}": "me@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        alone = {"GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), **identity, **alone}

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """Run git; return what it printed."""
        command = ["git", "-C", str(folder or self.origin), *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def push(self, files: dict[str, str], branch: str = "main") -> str:
        """Commit files to the repository's branch; return the commit."""
        self.git("checkout", "-q", *([] if self.has(branch) else ["-b"]), branch)
        for name, text in files.items():
            path = self.origin / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        commit = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "main")
        return commit

    def has(self, branch: str) -> bool:
        """Tell whether the repository has a branch, or none yet."""
        return branch in self.git("branch", "--format=%(refname:short)")

    def bring(
        self,
        ref: str | None = None,
        install: str | None = None,
        *,
        path: str | None = None,
        remark: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the script as a start of the Kode does."""
        given = Dotfiles(repository=f"file://{self.origin}", ref=ref, install=install)
        env = self.env if path is None else {**self.env, "PATH": path}
        env |= {"KODE_REMARK": str(remark)} if remark else {}
        return subprocess.run(
            dotfiles.argv(given), env=env, capture_output=True, text=True, check=False
        )

    def at(self) -> str:
        """Return the commit that stands in the home."""
        return self.git("rev-parse", "HEAD", folder=self.home / ".dotfiles")

    def read(self, name: str) -> str:
        """Return a file of the home."""
        return (self.home / name).read_text()


def good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stderr
