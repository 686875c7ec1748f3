"""The command `kode` on a real platform of one machine: by its words, exit codes and streams."""

import json
import os
import pty
import re
import select
import signal
import subprocess
from collections.abc import Sequence

import pytest

from tests.local.kodes import kode, template
from tests.local.machine import KODE, TIMEOUT, Machine

pytestmark = pytest.mark.slow


def on_terminal(machine: Machine, *arguments: str, answers: str = "") -> tuple[int, str]:
    """Run `kode` on a terminal of its own; return its exit code and what was to be seen."""
    screen, end = pty.openpty()
    environment = {**machine.environment, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [str(KODE), *arguments], env=environment, stdin=end, stdout=end, stderr=end
    ) as command:
        os.close(end)
        os.write(screen, answers.encode())
        seen = b""
        while select.select([screen], [], [], TIMEOUT)[0]:
            try:
                seen += os.read(screen, 4096)
            except OSError:  # what a terminal says whose other end is closed
                break
        os.close(screen)
        return command.wait(TIMEOUT), seen.decode()


def codes(machine: Machine, *lines: Sequence[str]) -> list[int]:
    return [machine.run(*line).returncode for line in lines]


def test_kodes_are_written_and_read_while_the_platform_is_down(own_machine: Machine) -> None:
    machine = own_machine
    assert machine.apply(template(), kode("dev"), kode("dev", "team-a")) == (
        "kodeclustertemplate/small created\nkode/dev created\nkode/dev created\n"
    )
    assert machine.kode("list", "-A", "-o", "name") == "kode/dev\nkode/dev\n"
    assert [line.split()[:2] for line in machine.kode("list", "-A").splitlines()] == [
        ["NAMESPACE", "NAME"],
        ["default", "dev"],
        ["team-a", "dev"],
    ]
    assert machine.kode("create", "two", "--template", "small") == "kode/two created\n"
    assert machine.kode("stop", "two") == "kode/two stopped\n"
    assert machine.get("kode", "two")["spec"]["suspend"] is True
    assert "template   KodeClusterTemplate small\n" in machine.kode("describe", "dev")
    assert json.loads(machine.kode("status", "-o", "json"))["state"] == "down"
    assert machine.kode("delete", "dev", "-n", "team-a") == (
        "kode/dev deleted; its files are kept\n"
    )
    assert machine.kode("down") == "nothing is running\n"
    assert codes(
        machine,
        ("list", "--nonsense"),
        ("get", "kode", "nobody"),
        ("create", "dev", "-t", "small"),
        ("create", "Not_A_Name", "-t", "small"),
        ("open", "dev"),
        ("list", "--kubeconfig", "/nowhere"),
    ) == [2, 3, 4, 1, 6, 6]


def test_what_the_store_refuses_is_told_by_file_and_field(own_machine: Machine) -> None:
    wrong = kode("bad", more="  nonsense: 1")
    result = own_machine.run("apply", "-f", "-", given=f"{wrong}\n---\n{template()}")
    assert (result.returncode, result.stdout) == (1, "kodeclustertemplate/small created\n")
    assert result.stderr.startswith("error: -: kode/bad: ")
    assert "spec.nonsense" in result.stderr


def test_one_works_with_a_kode_from_up_to_down(own_machine: Machine) -> None:
    machine = own_machine
    assert machine.up("--empty") == f"platform: http://localhost:{machine.port}\n"
    status = json.loads(machine.kode("status", "-o", "json"))
    assert (status["state"], status["address"]) == ("up", f"http://localhost:{machine.port}")
    machine.apply(template())
    url = f"http://dev.localhost:{machine.port}/"
    assert machine.kode("create", "dev", "-t", "small", "--wait") == "kode/dev created\n"
    assert url in machine.kode("list")
    assert machine.kode("open", "dev", "--print").splitlines()[0] == url
    where = machine.kode("exec", "dev", "--", "sh", "-c", "echo $0 $1; pwd", "a", "b")
    assert where.splitlines() == ["a b", str(machine.files("dev") / "workspace")]
    assert machine.run("exec", "dev", "--", "sh", "-c", "exit 7").returncode == 7
    assert machine.kode("restart", "dev") == "kode/dev restarted\n"
    assert machine.kode("stop", "dev") == "kode/dev stopped\n"
    assert machine.run("open", "dev").stderr.splitlines()[-1] == "hint: kode start dev"
    assert machine.kode("start", "dev") == "kode/dev started\n"
    assert "Suspended" in machine.kode("events", "dev")
    assert "GET / HTTP/1.1" in machine.kode("logs", "dev", "--tail", "1")
    again = machine.up()
    assert again.splitlines()[0] == f"platform: http://localhost:{machine.port}"
    assert url in again
    assert machine.kode("delete", "dev", "--purge", "--wait") == "kode/dev deleted\n"
    assert machine.kode("down") == "platform stopped\n"
    assert (machine.processes(), machine.listens()) == ({}, False)


def _interrupt(command: "subprocess.Popen[bytes]") -> None:
    command.send_signal(signal.SIGINT)


def _stop_reading(command: "subprocess.Popen[bytes]") -> None:
    assert command.stdout
    command.stdout.close()


def test_a_log_that_is_followed_ends_with_ctrl_c_or_its_reader(own_machine: Machine) -> None:
    machine = own_machine
    machine.up("--empty")
    machine.apply(template(), kode("dev"))
    machine.ready("dev")
    # Whoever runs the tests in the background may have them ignore Ctrl-C.
    command = ["env", "--default-signal=INT", str(KODE), "logs", "-f", "dev"]
    for ends in (_interrupt, _stop_reading):
        with subprocess.Popen(
            command, env=machine.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as log:
            assert log.stdout
            assert log.stderr
            log.stdout.readline()
            ends(log)
            assert log.wait(TIMEOUT) in (0, 130)
            assert log.stderr.read() == b""


def test_on_a_terminal_one_is_told_where_one_is_and_asked(own_machine: Machine) -> None:
    machine = own_machine
    machine.apply(template())
    code, seen = on_terminal(machine, "create", "dev", answers="1\n")
    assert code == 0
    assert "on this machine\r\n" in seen
    assert "  1  small\r\n" in seen
    assert "kode/dev created" in seen
    code, seen = on_terminal(machine, "list")
    titles = re.sub(r"\x1b\[[0-9;]*m", "", seen).splitlines()[1]
    assert titles.split() == ["NAME", "PHASE", "URL", "TEMPLATE", "AGE", "MESSAGE"]
    code, seen = on_terminal(machine, "delete", "dev", "--purge", answers="n\n")
    assert code == 1
    assert "Delete Kode dev and all of its files? [y/N]" in seen
    assert machine.kode("list", "-o", "name") == "kode/dev\n"


def test_doctor_tells_what_it_saw(own_machine: Machine) -> None:
    machine = own_machine
    machine.apply(template())
    found = {it["check"]: it for it in json.loads(machine.kode("doctor", "-o", "json"))}
    assert found["database"]["message"].endswith("kode.db is intact")
    for check in ("envoy", "disk", "database", "permissions", "clock"):
        assert found[check]["level"] == "ok", found[check]
    machine.root.chmod(0o755)
    store = machine.root / "kode.db"
    store.chmod(0o644)
    store.write_bytes(b"SQLite format 3\0" + b"?" * 5000)
    broken = machine.run("doctor", "-o", "json")
    assert broken.returncode == 6
    found = {it["check"]: it for it in json.loads(broken.stdout)}
    assert (found["database"]["level"], found["permissions"]["level"]) == ("fail", "fail")
    assert "chmod" in found["permissions"]["hint"]


def test_an_address_that_others_reach_is_told(own_machine: Machine) -> None:
    port = f"--port={own_machine.port}"
    inside = own_machine.run("up", port, "--empty", "--address=127.0.0.2")
    assert (inside.returncode, "unencrypted" in inside.stderr) == (0, False)
    assert own_machine.ask("localhost").status == 200
    own_machine.kode("down")
    outside = own_machine.run("up", port, "--empty", "--address=0.0.0.0")
    assert (outside.returncode, "unencrypted" in outside.stderr) == (0, True)
