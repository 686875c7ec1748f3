"""Images run by podman on one machine, as a person uses them: by `kode` and through the door."""

import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local import kodes
from tests.local.images import IMAGE, Podman, Unusable, podman
from tests.local.machine import Machine, until

pytestmark = pytest.mark.slow

PORT = 18731
LOST = "/tmp/lost.txt"  # noqa: S108 - of the container
# The first program of a container hears of no end that it does not ask for.
_SCRIPT = "trap exit TERM; httpd -f -p 127.0.0.1:$PORT -h $HOME/workspace & wait"
SERVE = f'"sh", "-c", "{_SCRIPT}"'


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    """A podman that runs an image, and that the platforms of these tests find."""
    root = Path(tempfile.mkdtemp(prefix="kode-podman-"))
    try:
        with podman(root) as found, pytest.MonkeyPatch.context() as patch:
            for name, value in found.variables.items():
                patch.setenv(name, value)
            yield found
    except Unusable as error:
        pytest.skip(str(error))
    finally:
        shutil.rmtree(root)


@pytest.fixture
def own(engine: Podman, own_machine: Machine) -> Machine:
    """A machine with a Kode whose image is run, and that is Ready."""
    assert engine.containers() == []
    own_machine.up("--empty")
    own_machine.apply(template(), kode("dev"))
    own_machine.ready("dev")
    return own_machine


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


def test_an_image_is_served_through_the_door_and_nowhere_else(own: Machine) -> None:
    status = own.get("kode", "dev")["status"]
    assert status["runtime"].startswith("podman ")
    assert IMAGE in status["runtime"]
    assert not own.condition("dev", "Degraded")
    (own.files("dev") / "workspace" / "hello.txt").write_text("hello")
    assert own.ask("dev.localhost", "/hello.txt").status == 401
    answer = own.ask("dev.localhost", "/hello.txt", own.login("dev"))
    assert (answer.status, answer.body) == (200, "hello")
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", PORT)) != 0


def test_a_command_runs_beside_the_editor_as_its_user(own: Machine) -> None:
    assert own.kode("exec", "dev", "--", "id", "-u").strip() == "1000"
    own.kode("exec", "dev", "--", "sh", "-c", "echo inside >here.txt")
    assert (own.files("dev") / "workspace" / "here.txt").read_text() == "inside\n"
    assert own.run("exec", "dev", "--", "sh", "-c", "exit 7").returncode == 7


def test_files_last_and_nothing_else_of_a_container_does(engine: Podman, own: Machine) -> None:
    own.kode("exec", "dev", "--", "sh", "-c", f"echo kept >kept.txt; echo lost >{LOST}")
    own.kode("stop", "dev", "--wait")
    assert engine.containers() == []
    assert own.ask("dev.localhost").status == 503
    own.kode("start", "dev", "--wait")
    answer = own.ask("dev.localhost", "/kept.txt", own.login("dev"))
    assert (answer.status, answer.body) == (200, "kept\n")
    assert own.run("exec", "dev", "--", "cat", LOST).returncode != 0


def test_a_killed_shim_leaves_no_container_and_the_kode_comes_back(
    engine: Podman, own: Machine
) -> None:
    before = inside(engine, "dev")
    os.kill(record(own, "dev")["pid"], signal.SIGKILL)
    until(lambda: gone(before), lambda: "the container lives")
    until(lambda: inside(engine, "dev") not in {0, before}, lambda: "no new container")
    own.ready("dev")
    until(
        lambda: own.ask("dev.localhost", "/", own.login("dev")).status != 503,
        lambda: "the door does not lead to it",
    )
    assert len(engine.containers()) == 1


def test_a_killed_container_is_started_again(engine: Podman, own: Machine) -> None:
    before = inside(engine, "dev")
    os.kill(before, signal.SIGKILL)
    until(lambda: inside(engine, "dev") not in {0, before}, lambda: "no new container")
    own.ready("dev")


def test_all_killed_at_once_comes_back_with_the_platform(engine: Podman, own: Machine) -> None:
    before = inside(engine, "dev")
    for pid in (own.platform(), record(own, "dev")["pid"]):
        os.kill(pid, signal.SIGKILL)
    own.up("--empty")
    until(lambda: inside(engine, "dev") not in {0, before}, lambda: "no new container")
    own.ready("dev")
    assert gone(before)
    assert len(engine.containers()) == 1


def test_down_leaves_no_container_and_nothing_that_runs(engine: Podman, own: Machine) -> None:
    own.apply(kode("other"))
    own.ready("other")
    before = [inside(engine, name) for name in ("dev", "other")]
    own.kode("down")
    assert engine.containers() == []
    assert all(gone(pid) for pid in before)
    assert own.processes() == {}


def test_plugins_run_in_their_images_and_no_secret_is_seen(engine: Podman, own: Machine) -> None:
    spec = f"""
  env: [{{name: TOKEN, value: not for others}}]
  initPlugins:
    - name: tools
      image: {IMAGE}
      command: [sh, -c, "mkdir -p $TOOLS && cat /bin/busybox >$TOOLS/tool"]
      env: [{{name: TOOLS, value: /home/kode/tools}}]
"""
    own.apply(kode("kept", more=spec))
    own.ready("kept")
    assert (own.files("kept") / "tools" / "tool").stat().st_size > 0
    words = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in words if b"not for others" in line]
    said = own.kode("exec", "kept", "--", "sh", "-c", 'echo "$TOKEN"')
    assert said.strip() == "not for others"
    assert inside(engine, "kept")


def test_limits_hold_or_are_told_not_to(engine: Podman, own: Machine) -> None:
    more = "  resources: {limits: {memory: 256Mi}}"
    own.apply(template("held", more=more), kode("held", template="held"))
    own.ready("held")
    holds = told(engine, "held", "HostConfig.Memory") == 256 * 2**20
    message = own.condition("held", "Degraded").get("message", "")
    assert holds != ("resources.limits.memory" in message)


def test_an_edit_of_the_annotation_is_taken_at_once(engine: Podman, own: Machine) -> None:
    serve = '"python3", "-m", "http.server", "--bind", "127.0.0.1", "$(PORT)"'
    own.apply(template(command=serve), kode("dev", runtime="process"))
    until(lambda: engine.containers() == [], lambda: "the container is left")
    until(
        lambda: own.get("kode", "dev")["status"]["runtime"].startswith("process"),
        lambda: str(own.get("kode", "dev")["status"]),
    )
    own.ready("dev")
    assert "image" in own.condition("dev", "Degraded")["message"]


def test_what_stands_in_the_way_is_told(own: Machine) -> None:
    own.apply(
        template("absent").replace(IMAGE, "localhost/kode-absent:1"),
        kode("absent", template="absent"),
        kode("odd", runtime="docker"),
    )
    own.told("odd", "InvalidSpec")
    assert "must be process or podman" in own.condition("odd")["message"]
    until(
        lambda: "is not on this machine" in own.condition("absent").get("message", ""),
        lambda: str(own.condition("absent")),
    )
