"""Kodes whose image is run, and what is to be seen of their containers."""

import json
from pathlib import Path

from tests.local import kodes
from tests.local.images import IMAGE, Podman
from tests.local.machine import Machine

PORT = 18731
# The first program of a container hears of no end that it does not ask for.
_SCRIPT = "trap exit TERM; httpd -f -p 127.0.0.1:$PORT -h $HOME/workspace & wait"
SERVE = f'"sh", "-c", "{_SCRIPT}"'


def begin(machine: Machine) -> Machine:
    """Return a machine with a platform whose Kode dev runs an image, and is Ready."""
    machine.up("--empty")
    machine.apply(template(), kode("dev"))
    machine.ready("dev")
    return machine


def template(name: str = "boxed", command: str = SERVE, more: str = "") -> str:
    """Return a template whose image serves its workspace's files."""
    return f"""
apiVersion: kode.jacero.io/v1alpha1
kind: KodeClusterTemplate
metadata: {{name: {name}}}
spec:
  type: custom
  image: {IMAGE}
  imagePullPolicy: Never
  port: {PORT}
  command: [{command}]
{more}"""


def kode(name: str, template: str = "boxed", runtime: str = "podman", more: str = "") -> str:
    """Return a Kode that asks for a runtime."""
    mark = f"annotations: {{kode.jacero.io/runtime: {runtime}}}"
    return kodes.kode(name, template=template, more=more).replace(
        f"name: {name}, ", f"name: {name}, {mark}, "
    )


def record(machine: Machine, name: str) -> dict[str, int]:
    """Return what the shim of a Kode says."""
    (file,) = machine.root.glob(f"run/{name}-*/record.json")
    found: dict[str, int] = json.loads(file.read_text())
    return found


def told(engine: Podman, name: str, what: str) -> int:
    """Return what podman says of a Kode's container; 0 where it has none."""
    (container,) = [it for it in engine.containers() if it.startswith(f"kode-{name}-")] or [""]
    found = engine.run("inspect", "--format", f"{{{{.{what}}}}}", container)
    return int(found.stdout or 0)


def inside(engine: Podman, name: str) -> int:
    """Return the pid of a Kode's container; 0 where it has none."""
    return told(engine, name, "State.Pid")


def gone(pid: int) -> bool:
    """Tell whether a program has ended."""
    return not Path(f"/proc/{pid}").exists()
