"""An editor on the development cluster, and the way back: `make cluster-editor`, `-editor-down`.

Rule: every step is a command that is printed and that a user could type; --stop undoes what a
start began, and leaves a cluster that was there before.
"""

import argparse
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

from devcluster.cluster import DEFAULT_NAME, find
from devcluster.namespaces import Process
from devcluster.paths import cache_dir

EXAMPLE = "examples/basic-auth.yaml"
KODE = "secure-code-server"
LOGIN = "user devuser, password devpassword"
STARTUP_TIMEOUT = 30


@dataclass(frozen=True)
class Started:
    """What a stop has to undo: the processes that forward the port, and the cluster if it is ours.

    `process` leads their group: its pid and start time, so that a later one of that pid is safe.
    """

    name: str
    ours: bool
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
        return cls(**{**written, "process": tuple(written["process"])})

    def write(self) -> None:
        """Write it down."""
        self.path().parent.mkdir(parents=True, exist_ok=True)
        self.path().write_text(json.dumps(asdict(self)))

    def stop_forward(self) -> None:
        """End the process that forwards the port, if it is still that one."""
        process = Process(*self.process)
        if process.alive():
            os.killpg(process.pid, signal.SIGTERM)


def run(command: list[str], variables: dict[str, str] | None = None) -> None:
    """Show and run one step; a failed step ends the program with its status."""
    print(f"$ {shlex.join(command)}", flush=True)
    status = subprocess.run(command, env=variables, check=False).returncode
    if status != 0:
        sys.exit(status)


def install(variables: dict[str, str]) -> None:
    """Install the operator, declare the example, wait until a user can work."""
    rollout = ["rollout", "status", "--namespace=kode-system", "--timeout=180s"]
    for step in (
        ["apply", "--kustomize", "deploy/dev"],
        [*rollout, "deployment"],
        ["apply", "--filename", EXAMPLE],
        ["wait", "--for=condition=Ready", "--timeout=300s", f"kode/{KODE}"],
    ):
        run(["kubectl", *step], variables)


def forward(port: int, variables: dict[str, str]) -> Process:
    """Forward a port of this machine to the Kode's Service, in the background.

    kubectl forwards to one pod and ends with it; the loop finds the next one.
    """
    command = ["kubectl", "port-forward", "--address=127.0.0.1", f"service/{KODE}", f"{port}:80"]
    print(f"$ {shlex.join(command)} &", flush=True)
    again = ["bash", "-c", 'while sleep 1; do "$@"; done', "forward", *command]
    with (cache_dir() / "up.log").open("wb") as log:
        child = subprocess.Popen(
            again,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process = Process.find(child.pid)
    if process is None or not answers(port, child):
        os.killpg(child.pid, signal.SIGTERM)
        sys.exit(f"up: nothing answers on port {port}; see {cache_dir() / 'up.log'}")
    return process


def answers(port: int, child: subprocess.Popen[bytes]) -> bool:
    """Whether the gateway asks for the password before long: then the whole way is open."""
    for _ in range(STARTUP_TIMEOUT * 2):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return False  # somebody else's, or a gateway without authentication
        except urllib.error.HTTPError as error:
            return child.poll() is None and error.code == 401  # noqa: PLR2004
        except OSError:
            time.sleep(0.5)
    return False


def start(name: str, port: int) -> None:
    """Bring up all of it and print the address."""
    before = Started.read()
    if before:
        before.stop_forward()
    devcluster = [sys.executable, "-m", "devcluster"]
    status = [*devcluster, "status", "--name", name]
    running = subprocess.run(status, capture_output=True, check=False).returncode == 0
    ours = not running or (before is not None and before.ours and before.name == name)
    Started(name, ours).write()
    run([*devcluster, "up", "--name", name])
    run([*devcluster, "images", "--name", name])
    variables = os.environ | find(name).host_environment()
    install(variables)
    process = forward(port, variables)
    Started(name, ours, (process.pid, process.started)).write()
    url = f"http://{KODE}.localhost:{port}/"
    print(f"\nThe editor: {url} ({LOGIN})\nStop it:    make cluster-editor-down")


def stop() -> None:
    """Undo what `start` began."""
    before = Started.read()
    if before is None:
        print("nothing is up")
        return
    before.stop_forward()
    if before.ours:
        run([sys.executable, "-m", "devcluster", "down", "--name", before.name])
    else:
        print("the cluster was up before and stays; `make cluster-down` stops it")
    Started.path().unlink()


def main(arguments: list[str]) -> None:
    """Parse the command line; start or stop."""
    parser = argparse.ArgumentParser(prog="python -m tools.up", description=__doc__)
    parser.add_argument("--stop", action="store_true", help="undo the last start")
    parser.add_argument("--name", default=DEFAULT_NAME, help="name of the cluster")
    parser.add_argument("--port", type=int, default=8080, help="port of this machine")
    options = parser.parse_args(arguments)
    if options.stop:
        stop()
    else:
        start(options.name, options.port)


if __name__ == "__main__":
    main(sys.argv[1:])
