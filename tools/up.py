"""An editor on the development cluster, and the way back: `make up` and `make down`.

Rule: every step is a command that is printed and that a person could type; --stop undoes what a
start began, and leaves a cluster that was there before.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from devcluster.cluster import find
from devcluster.namespaces import Process
from devcluster.paths import cache_dir

DEVCLUSTER = [sys.executable, "-m", "devcluster"]
EXAMPLE = "examples/basic-auth.yaml"
KODE = "secure-code-server"
LOGIN = "user devuser, password devpassword"
ANSWERS_WITHIN = 30


@dataclass(frozen=True)
class Started:
    """What a stop has to undo: the process that forwards the port, and the cluster if it is ours.

    `process` is the pid and the start time, so that a later process of that pid is left alone.
    """

    cluster: bool
    process: tuple[int, int] = (0, 0)

    @staticmethod
    def path() -> Path:
        """Where it is written down between two commands."""
        return cache_dir() / "up.json"

    @classmethod
    def read(cls) -> "Started | None":
        """What the last start wrote down; None when nothing is up."""
        if not cls.path().exists():
            return None
        written = json.loads(cls.path().read_text())
        return cls(written["cluster"], tuple(written["process"]))

    def write(self) -> None:
        """Write it down."""
        self.path().parent.mkdir(parents=True, exist_ok=True)
        self.path().write_text(json.dumps(asdict(self)))

    def stop_forward(self) -> None:
        """End the process that forwards the port, if it is still that one."""
        process = Process(*self.process)
        if process.alive():
            os.kill(process.pid, signal.SIGTERM)


def run(command: list[str], variables: dict[str, str] | None = None) -> None:
    """Show and run one step; a failed step ends the program with its status."""
    print(f"$ {shlex.join(command)}", flush=True)
    status = subprocess.run(command, env=variables, check=False).returncode
    if status != 0:
        sys.exit(status)


def install(variables: dict[str, str]) -> None:
    """Install the operator, declare the example, wait until a person can work."""
    rollout = ["rollout", "status", "--namespace=kode-system", "--timeout=180s"]
    for step in (
        ["apply", "--kustomize", "deploy/kustomize"],
        [*rollout, "deployment"],
        ["apply", "--filename", EXAMPLE],
        ["wait", "--for=condition=Ready", "--timeout=300s", f"kode/{KODE}"],
    ):
        run(["kubectl", *step], variables)


def forward(port: int, variables: dict[str, str]) -> Process:
    """Forward a port of this machine to the Kode's Service, in the background."""
    command = ["kubectl", "port-forward", "--address=127.0.0.1", f"service/{KODE}", f"{port}:80"]
    print(f"$ {shlex.join(command)} &", flush=True)
    with (cache_dir() / "up.log").open("wb") as log:
        child = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process = Process.find(child.pid)
    if process is None or not answers(port, child):
        child.terminate()
        sys.exit(f"up: nothing answers on port {port}; see {cache_dir() / 'up.log'}")
    return process


def answers(port: int, child: subprocess.Popen[bytes]) -> bool:
    """Whether the door asks for the password before long: then the whole way is open."""
    for _ in range(ANSWERS_WITHIN * 2):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return False  # somebody else's, or a door that stands open
        except urllib.error.HTTPError as error:
            return child.poll() is None and error.code == 401  # noqa: PLR2004
        except OSError:
            time.sleep(0.5)
    return False


def start(port: int) -> None:
    """Bring up all of it and print the address."""
    before = Started.read()
    if before:
        before.stop_forward()
    running = subprocess.run([*DEVCLUSTER, "status"], capture_output=True, check=False)
    ours = running.returncode != 0 or (before is not None and before.cluster)
    Started(ours).write()
    run([*DEVCLUSTER, "up"])
    run([*DEVCLUSTER, "images"])
    variables = os.environ | find().host_environment()
    install(variables)
    process = forward(port, variables)
    Started(ours, (process.pid, process.started)).write()
    print(f"\nThe editor: http://127.0.0.1:{port}/ ({LOGIN})\nStop it:    make down")


def stop() -> None:
    """Undo what `start` began."""
    before = Started.read()
    if before is None:
        print("nothing is up")
        return
    before.stop_forward()
    if before.cluster:
        run([*DEVCLUSTER, "down"])
    else:
        print("the cluster was up before and stays; `make cluster-down` stops it")
    Started.path().unlink()


if __name__ == "__main__":
    if sys.argv[1:] == ["--stop"]:
        stop()
    else:
        start(int(os.environ.get("PORT", "8080")))
