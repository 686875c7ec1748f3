"""The platform of one machine, as a person uses it: by `kode` and through the gateway."""

import json
import stat
import time

import pytest

from tests.local.kodes import kode, template
from tests.local.machine import Machine
from tests.polling import until

pytestmark = pytest.mark.slow

COUNT = 10


@pytest.fixture(scope="module", autouse=True)
def _up(machine: Machine) -> None:
    machine.up("--empty")
    machine.apply(template())


def test_a_kode_is_served_to_whoever_has_its_login(machine: Machine) -> None:
    machine.apply(kode("dev"))
    machine.ready("dev")
    (machine.files("dev") / "workspace" / "hello.txt").write_text("hello")
    assert machine.ask("dev.localhost", "/hello.txt").status == 401
    assert machine.ask("dev.localhost", "/hello.txt", ("abc", "wrong")).status == 401
    answer = machine.ask("dev.localhost", "/hello.txt", machine.login("dev"))
    assert (answer.status, answer.body) == (200, "hello")


@pytest.mark.attack
def test_the_password_of_a_spec_is_the_login_and_stands_nowhere_else(machine: Machine) -> None:
    machine.apply(kode("own", more="  user: me\n  password: of my own"))
    machine.ready("own")
    assert machine.ask("own.localhost", login=("me", "of my own")).status == 200
    assert "of my own" not in machine.kode("get", "kode", "own", "-o", "yaml")
    assert machine.address("own")["password"] is None
    logs = machine.root / "logs"
    assert not [
        path for path in logs.rglob("*") if path.is_file() and b"of my own" in path.read_bytes()
    ]


def test_stopping_keeps_the_files_and_ends_the_editor(machine: Machine) -> None:
    machine.apply(kode("rest"))
    machine.ready("rest")
    file = machine.files("rest") / "workspace" / "kept.txt"
    file.write_text("kept")
    machine.kode("stop", "rest", "--wait")
    assert machine.get("kode", "rest")["status"]["phase"] == "Suspended"
    page = machine.ask("rest.localhost")
    assert page.status == 503
    assert "kode start" in page.body
    machine.kode("start", "rest", "--wait")
    answer = machine.ask("rest.localhost", "/kept.txt", machine.login("rest"))
    assert (answer.status, answer.body) == (200, "kept")


@pytest.mark.attack
def test_a_deleted_kode_leaves_its_files_and_a_new_one_does_not_get_them(machine: Machine) -> None:
    machine.apply(kode("gone"))
    machine.ready("gone")
    file = machine.files("gone") / "mine.txt"
    file.write_text("mine")
    machine.kode("delete", "gone", "--wait")
    assert file.read_text() == "mine"
    machine.apply(kode("gone"))
    machine.told("gone", "ClaimRetained")
    machine.apply(kode("gone", more="  storage: {existingVolumeClaim: gone-home}"))
    machine.ready("gone")
    assert file.read_text() == "mine"


def test_files_go_with_a_kode_only_when_asked(machine: Machine) -> None:
    machine.apply(kode("brief", more="  storage: {keepVolume: false}"), kode("purged"))
    for name in ("brief", "purged"):
        machine.ready(name)
    machine.kode("delete", "brief")
    machine.kode("delete", "purged", "--purge", "--yes")
    folders = [machine.files(name) for name in ("brief", "purged")]
    until(lambda: not any(folder.exists() for folder in folders), lambda: "files are left")


def test_an_edit_of_a_template_waits_for_the_next_start(machine: Machine) -> None:
    machine.apply(template("edited"), kode("waits", template="edited"))
    machine.ready("waits")
    before = pid(machine, "waits")
    machine.apply(template("edited", more="  env: [{name: NEW, value: thing}]"))
    machine.told("waits", "UpdatePending")
    assert pid(machine, "waits") == before
    machine.kode("restart", "waits", "--wait")
    machine.told("waits", "Running")
    assert pid(machine, "waits") != before
    assert "thing" in machine.kode("exec", "waits", "--", "sh", "-c", "echo $NEW")


def test_a_restart_is_one_where_nothing_else_has_changed(machine: Machine) -> None:
    machine.apply(kode("anew"))
    machine.ready("anew")
    for _ in range(2):
        before = pid(machine, "anew")
        machine.kode("restart", "anew", "--wait")
        assert pid(machine, "anew") not in (0, before)
        assert machine.ask("anew.localhost", login=machine.login("anew")).status == 200


def test_an_edit_of_the_kode_is_taken_at_once(machine: Machine) -> None:
    machine.apply(kode("quick"))
    machine.ready("quick")
    before = pid(machine, "quick")
    machine.apply(kode("quick", more="  env: [{name: MINE, value: now}]"))
    until(lambda: pid(machine, "quick") not in (0, before), lambda: "still the old one")
    machine.ready("quick")
    assert "now" in machine.kode("exec", "quick", "--", "sh", "-c", "echo $MINE")


def test_what_one_machine_cannot_give_is_told(machine: Machine) -> None:
    machine.apply(
        template("much", more="  service: {type: NodePort}\n  runtimeClassName: kata"),
        kode("less", template="much"),
    )
    machine.ready("less")
    told = machine.condition("less", "Degraded")
    assert (told["status"], told["reason"]) == ("True", "NotOnLocalPlatform")
    assert "NodePort" in told["message"]
    assert "runtimeClassName kata" in told["message"]


def _secret(offered: str) -> str:
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: shared, labels: {{kode.jacero.io/login: "{offered}"}}}}
stringData: {{password: once shared}}
"""


@pytest.mark.attack
def test_kode_that_is_no_longer_permitted_is_stopped_until_it_is(machine: Machine) -> None:
    machine.apply(_secret("true"), kode("guest", more="  existingSecret: shared"))
    machine.ready("guest")
    assert machine.ask("guest.localhost", login=("abc", "once shared")).status == 200
    machine.apply(_secret("false"))
    told = machine.told("guest", "RefNotPermitted", status="False")
    assert "kode.jacero.io/login=true" in told["message"]
    until(
        lambda: machine.condition("guest", "Suspended").get("status") == "True",
        lambda: str(machine.condition("guest", "Suspended")),
    )
    assert machine.ask("guest.localhost", login=("abc", "once shared")).status == 503
    machine.apply(_secret("true"))
    machine.ready("guest")


def test_restart_asked_of_a_template_takes_its_edit(machine: Machine) -> None:
    machine.apply(template("fixed"), kode("old", template="fixed"))
    machine.ready("old")
    edited = template("fixed", more="  env: [{name: FIXED, value: now}]")
    machine.apply(edited)
    machine.told("old", "UpdatePending", status="True")
    asked = "{name: fixed, annotations: {kode.jacero.io/restarted-at: now}}"
    machine.apply(edited.replace("{name: fixed}", asked))
    until(
        lambda: machine.condition("old").get("reason") == "Running",
        lambda: str(machine.condition("old")),
    )


@pytest.mark.attack
def test_template_of_a_namespace_grants_nothing_here_either(machine: Machine) -> None:
    small = template("placed", more="  nodeSelector: {disk: fast}")
    machine.apply(
        small.replace("KodeClusterTemplate", "KodeTemplate"),
        kode("placed", template="placed").replace("KodeClusterTemplate", "KodeTemplate"),
    )
    told = machine.told("placed", "RefNotPermitted", status="False")
    assert "only a KodeClusterTemplate may" in told["message"]


def test_one_name_in_two_namespaces_is_two_kodes(machine: Machine) -> None:
    machine.apply(kode("twin", "team-a"), kode("twin", "team-b"))
    for namespace in ("team-a", "team-b"):
        machine.ready("twin", namespace)
        folder = machine.files("twin", namespace) / "workspace"
        (folder / "who.txt").write_text(namespace)
    for namespace in ("team-a", "team-b"):
        login = machine.login("twin", namespace)
        answer = machine.ask(f"twin--{namespace}.localhost", "/who.txt", login)
        assert (answer.status, answer.body) == (200, namespace)
    other = machine.ask("twin--team-b.localhost", "/who.txt", machine.login("twin", "team-a"))
    assert other.status == 401


def test_ten_at_once(machine: Machine) -> None:
    names = [f"many-{number}" for number in range(COUNT)]
    machine.apply(*(kode(name) for name in names))
    for name in names:
        machine.ready(name)
        assert machine.ask(f"{name}.localhost", login=machine.login(name)).status == 200
    machine.kode("delete", *names)


def test_a_command_that_fails_is_told_with_its_words(machine: Machine) -> None:
    failing = 'sh, -c, "echo no such flag >&2; exit 3"'
    machine.apply(template("broken", failing), kode("fails", template="broken"))
    told = machine.told("fails", "CrashLooping")
    assert "exit code 3" in told["message"]
    assert "no such flag" in told["message"]
    assert "no such flag" in machine.kode("logs", "fails")
    assert "CrashLooping" in machine.kode("events", "fails")
    machine.apply(template("broken"))
    machine.ready("fails")


def test_a_missing_template_is_told_and_found_when_it_comes(machine: Machine) -> None:
    machine.apply(kode("early", template="later"))
    machine.told("early", "TemplateNotFound")
    machine.apply(template("later"))
    machine.ready("early")


@pytest.mark.attack
def test_nothing_of_it_is_for_others_to_read(machine: Machine) -> None:
    machine.apply(kode("closed"))
    machine.ready("closed")
    for path in (
        machine.root,
        machine.root / "run",
        machine.root / "logs",
        machine.files("closed"),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    secret = [
        machine.root / "kode.db",
        *machine.root.glob("run/**/*.json"),
        *machine.root.glob("run/**/*.sock"),
    ]
    for path in secret:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


@pytest.mark.attack
def test_nothing_listens_beyond_this_machine(machine: Machine) -> None:
    machine.apply(kode("inside"))
    machine.ready("inside")
    loopback = {"0100007F", "0" * 24 + "01000000"}
    assert "0100007F" in machine.addresses()
    assert machine.addresses() <= loopback


def test_down_ends_everything_and_up_brings_it_back(machine: Machine) -> None:
    machine.apply(kode("comes-back"))
    machine.ready("comes-back")
    login = machine.login("comes-back")
    machine.kode("down")
    assert machine.processes() == {}
    assert not machine.listens()
    assert json.loads(machine.kode("list", "-o", "json"))
    machine.up()
    machine.ready("comes-back")
    assert machine.ask("comes-back.localhost", login=login).status == 200


def pid(machine: Machine, name: str) -> int:
    """Return the pid of a Kode's editor; 0 where none runs."""
    time.sleep(0.1)
    for path in machine.root.glob(f"run/{name}-*/record.json"):
        return int(json.loads(path.read_text()).get("main_pid") or 0)
    return 0
