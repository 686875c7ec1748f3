"""A cluster of the tests' own, driven by the command line as a person would."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from devcluster.cluster import DevCluster


@dataclass(frozen=True)
class Throwaway:
    """A cluster by name; its methods run the commands, with these variables as well."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def cluster(self) -> DevCluster:
        return DevCluster(self.name)

    def run(self, word: str, *argv: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "devcluster", word, "--name", self.name, *argv]
        environment = {**os.environ, **self.variables}
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)

    def succeed(self, word: str, *argv: str) -> str:
        done = self.run(word, *argv)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_kubectl(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return self.run("exec", "--", "kubectl", *argv)

    def kubectl(self, *argv: str) -> str:
        return self.succeed("exec", "--", "kubectl", *argv)


@contextmanager
def started(name: str) -> Iterator[Throwaway]:
    """A cluster that is up, and gone afterwards."""
    one = Throwaway(name)
    one.succeed("down")
    one.succeed("up")
    try:
        yield one
    finally:
        one.succeed("down")


def wait(what: str, test: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.2)
