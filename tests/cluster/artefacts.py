"""What is kept of a failed test: objects, events and logs of its namespaces, and the operator's.

Rule: keeping never fails a run, and no Secret's content is kept.
"""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.installation import NAMESPACE
from tests.cluster.place import Place

_KINDS = (
    "kodes,kodetemplates,envoyproxyconfigs,pods,persistentvolumeclaims,services,networkpolicies"
)

_MOST = 10
"""Where more than this fail, they fail of the same."""


def keep(folder: Path, test: str, places: Iterable[Place]) -> None:
    """Write what explains a failure into a folder named for the test."""
    target = folder / re.sub(r"[^A-Za-z0-9_.-]+", "-", test)[-120:]
    if folder.is_dir() and len(list(folder.iterdir())) >= _MOST:
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in (*(place.namespace for place in places), NAMESPACE):
        _write(target / f"{name}.describe.txt", "-n", name, "describe", _kinds(name))
        _write(target / f"{name}.yaml", "-n", name, "get", _kinds(name), "-o", "yaml")
        _write(
            target / f"{name}.events.txt", "-n", name, "get", "events", "--sort-by=.lastTimestamp"
        )
        _write_logs(target, name)


def _kinds(namespace: str) -> str:
    return "deployments,pods" if namespace == NAMESPACE else _KINDS


def _write_logs(target: Path, namespace: str) -> None:
    for pod in _kubectl("-n", namespace, "get", "pods", "-o", "name").split():
        name = pod.removeprefix("pod/")
        every = ("-n", namespace, "logs", pod, "--all-containers", "--prefix", "--tail=2000")
        _write(target / f"{namespace}.{name}.log", *every)
        _write(target / f"{namespace}.{name}.before.log", *every, "--previous")


def _write(file: Path, *arguments: str) -> None:
    file.write_text(_kubectl(*arguments))


def _kubectl(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["kubectl", *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{error}\n"
    return done.stdout + done.stderr
