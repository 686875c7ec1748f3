"""Run a command on a cluster: one that is up already, or one that lives as long as the command.

Rule: what this started it stops, also on an error or an interrupt; what it found running it leaves
running. With KODE_TEST_CLUSTER=existing devcluster answers for the cluster that KUBECONFIG names.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

DEVCLUSTER = [sys.executable, "-m", "devcluster"]
# The cluster of `make cluster-up` has the default name; fake nodes live beside it, never in it.
NAMES: dict[str, list[str]] = {"full": [], "fake": ["--name", "fake"]}


def stage(name: str, command: list[str]) -> int:
    """Run one stage to its end, print the seconds that it took; its exit status."""
    started = time.monotonic()
    status = subprocess.run(command, check=False).returncode
    outcome = "" if status == 0 else f", exit status {status}"
    print(f"== {name}: {time.monotonic() - started:.1f} s{outcome}", flush=True)
    return status


@contextmanager
def cluster(mode: str) -> Iterator[int]:
    """A running devcluster of this mode; gives the exit status of starting it."""
    running = subprocess.run(
        [*DEVCLUSTER, "status", *NAMES[mode]], capture_output=True, check=False
    )
    if running.returncode == 0:
        yield 0
        return
    try:
        yield stage("cluster up", [*DEVCLUSTER, "up", "--mode", mode, *NAMES[mode]])
    finally:
        stage("cluster down", [*DEVCLUSTER, "down", *NAMES[mode]])


def run(mode: str, command: list[str], *, images: bool, outside: bool) -> int:
    """Run the command with a cluster, after the images when asked; the first failure's status."""
    inside = [] if outside else [*DEVCLUSTER, "exec", *NAMES[mode], "--"]
    stages = {" ".join(command[:2]): [*inside, *command]}
    if images:
        stages = {"images": [*DEVCLUSTER, "images", *NAMES[mode]], **stages}
    with cluster(mode) as started:
        if started != 0:
            return started
        return next((status for it in stages.items() if (status := stage(*it)) != 0), 0)


def main(arguments: list[str]) -> int:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.on_cluster", description=__doc__)
    parser.add_argument("--mode", choices=["full", "fake"], default="full")
    parser.add_argument("--images", action="store_true", help="build and push the images first")
    parser.add_argument("--outside", action="store_true", help="not in the cluster's network")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    # A terminated run tears down like an interrupted one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return run(options.mode, options.command, images=options.images, outside=options.outside)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
