"""Images run by podman on one machine, as a person uses them: by `kode` and through the gateway."""

import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.local.contained import PORT, begin, inside, kode, template, told
from tests.local.images import IMAGE, Podman
from tests.local.machine import KODE, Machine, command_lines
from tests.polling import until

pytestmark = pytest.mark.slow

LOST = "/tmp/lost.txt"  # noqa: S108 - of the container


@pytest.fixture(scope="module")
def own(engine: Podman, machine: Machine) -> Machine:
    """A machine for tests that break nothing of it; its Kode dev is Ready."""
    assert engine.containers() == []
    return begin(machine)


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
    own.apply(kode("lasts"))
    own.ready("lasts")
    own.kode("exec", "lasts", "--", "sh", "-c", f"echo kept >kept.txt; echo lost >{LOST}")
    own.kode("stop", "lasts", "--wait")
    assert not [name for name in engine.containers() if "lasts" in name]
    assert own.ask("lasts.localhost").status == 503
    own.kode("start", "lasts", "--wait")
    answer = own.ask("lasts.localhost", "/kept.txt", own.login("lasts"))
    assert (answer.status, answer.body) == (200, "kept\n")
    assert own.run("exec", "lasts", "--", "cat", LOST).returncode != 0


def test_plugins_run_in_their_images_and_no_secret_is_seen(engine: Podman, own: Machine) -> None:
    spec = f"""
  env:
    - {{name: TOKEN, value: not for others}}
    - {{name: DOCKER_AUTH_CONFIG, value: "not for others: # \\" '"}}
  initPlugins:
    - name: tools
      image: {IMAGE}
      command: [sh, -c, "mkdir -p $TOOLS && cat /bin/busybox >$TOOLS/tool"]
      env: [{{name: TOOLS, value: "$(HOME)/tools"}}]
"""
    own.apply(kode("kept", more=spec))
    own.ready("kept")
    assert (own.files("kept") / "tools" / "tool").stat().st_size > 0
    words = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in words if b"not for others" in line]
    said = own.kode("exec", "kept", "--", "sh", "-c", 'echo "$TOKEN"')
    assert said.strip() == "not for others"
    said = own.kode("exec", "kept", "--", "sh", "-c", 'echo "$DOCKER_AUTH_CONFIG $HOME"')
    assert said.strip() == "not for others: # \" ' /home/kode"
    assert inside(engine, "kept")
    files = list(own.root.glob("run/*.env"))
    mine = [file for file in files if b"not for others" in file.read_bytes()]
    assert [stat.S_IMODE(file.stat().st_mode) for file in mine] == [0o600]
    own.kode("stop", "kept", "--wait")
    assert not mine[0].exists()


def test_limits_hold_or_are_told_not_to(engine: Podman, own: Machine) -> None:
    more = "  resources: {limits: {memory: 256Mi}}"
    own.apply(template("held", more=more), kode("held", template="held"))
    own.ready("held")
    holds = told(engine, "held", "HostConfig.Memory") == 256 * 2**20
    message = own.condition("held", "Degraded").get("message", "")
    assert holds != ("resources.limits.memory" in message)


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


def test_what_a_command_started_in_a_container_ends_with_the_tool(own: Machine) -> None:
    argv = [str(KODE), "exec", "dev", "--", "sleep", "9876"]
    environment = own.environment

    def runs() -> bool:
        return b"sleep\x009876\x00" in command_lines()

    with subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL) as tool:
        until(runs, lambda: "it does not start")
        tool.terminate()
        assert tool.wait(60) == 128 + signal.SIGTERM
    assert not runs()
