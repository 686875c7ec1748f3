"""`kode list`, `get`, `templates`, `describe`, `events`, `logs`: what is shown."""

import json

import pytest
import yaml

from kode.platform.port import Event, LogQuery
from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory, condition, kode, template


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kode.cli.terminal.object_table.age", lambda _: "3h")
    monkeypatch.setattr("kode.cli.describe.age", lambda _: "3h")
    monkeypatch.setattr("kode.cli.events.age", lambda _: "3h")


def test_kodes_are_listed_in_aligned_columns(run: Run, memory: Memory) -> None:
    starting = condition("Ready", "False", "Starting", "The editor\n\x1b[31mstarts.")
    memory.hold(kode("dev"), kode("other-one", starting, phase="Starting"), kode("new", phase=""))
    memory.objects["Kode", "default", "dev"]["status"]["url"] = "http://dev.localhost:8080/"
    result = run("list")
    assert result.stdout == (
        "NAME       PHASE     URL                         TEMPLATE     AGE  MESSAGE\n"
        "dev        Running   http://dev.localhost:8080/  code-server  3h   -\n"
        "new        Pending   -                           code-server  3h   "
        "not reconciled yet (is the platform or operator running?)\n"
        "other-one  Starting  -                           code-server  3h   "
        "Starting: The editor  [31mstarts.\n"
    )
    assert (result.exit_code, result.stderr, memory.closed) == (0, "", True)


def test_what_is_degraded_is_said_beside_what_runs(run: Run, memory: Memory) -> None:
    lacking = condition("Degraded", "True", "NotOnLocalPlatform", "service.type: not here.")
    memory.hold(kode("dev", condition("Ready", "True", "Running"), lacking))
    assert "NotOnLocalPlatform: service.type: not here." in run("list").stdout


def test_nothing_to_list_says_how_something_comes_to_be(run: Run) -> None:
    result = run("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "kode create" in result.stderr
    assert "namespace" not in run("list", "-A").stderr


def test_output_for_programs_is_whole_and_alone(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"), kode("other"))
    assert run("list", "-o", "name").stdout == "kode/dev\nkode/other\n"
    listed = json.loads(run("list", "-o", "json").stdout)
    assert [item["metadata"]["name"] for item in listed["items"]] == ["dev", "other"]
    one = yaml.safe_load(run("get", "kd", "dev", "-o", "yaml").stdout)
    assert one == memory.objects["Kode", "default", "dev"]
    assert json.loads(run("get", "kode/dev", "-o", "json").stdout) == one


@pytest.mark.parametrize("word", ["clustertemplates", "kdct", "KodeClusterTemplate"])
def test_a_kind_goes_by_all_of_its_names(run: Run, memory: Memory, word: str) -> None:
    memory.hold(template())
    assert run("get", word, "-A").stdout == (
        "NAME         TYPE         IMAGE                PARAMETERS  AGE\n"
        "code-server  code-server  example.test/code:1  -           3h\n"
    )


def test_all_namespaces_are_named(run: Run, memory: Memory) -> None:
    far = kode("dev")
    far["metadata"]["namespace"] = "far"
    memory.hold(kode("dev"), far)
    assert [line.split()[0] for line in run("get", "kodes", "-A").stdout.splitlines()] == [
        "NAMESPACE",
        "default",
        "far",
    ]
    assert len(run("list", "-n", "far").stdout.splitlines()) == 2
    assert len(run("list", env={"KODE_NAMESPACE": "far"}).stdout.splitlines()) == 2


def test_kinds_and_names_that_are_not_there(run: Run, memory: Memory) -> None:
    memory.hold(kode("development"))
    unknown = run("get", "pods")
    assert unknown.exit_code == 2
    assert "kodes" in unknown.stderr
    typo = run("get", "kode", "develpment")
    assert (typo.exit_code, "development?" in typo.stderr) == (3, True)
    assert run("get", "kdct", "zzz").exit_code == 3
    assert run("get", "epcs").exit_code == 2
    # A kind of the whole cluster is in no namespace.
    named = ["namespace" in run("get", kind).stderr for kind in ("epc", "epcc")]
    assert named == [True, False]


def test_templates_show_their_parameters(run: Run, memory: Memory) -> None:
    assert run("templates").stdout == ""
    own = {**template("own"), "kind": "KodeTemplate"}
    own["metadata"]["namespace"] = "far"
    memory.hold(template(parameters=PARAMETERS), own)
    assert run("templates", "-A").stdout == (
        "NAME         KIND                 TYPE         PARAMETERS\n"
        "far/own      KodeTemplate         code-server  -\n"
        "code-server  KodeClusterTemplate  code-server  cpu=2, gpu=false, flavour\n"
    )
    assert run("templates", "-o", "name").stdout == "kodeclustertemplate/code-server\n"


PARAMETERS = [
    {"name": "cpu", "type": "number", "default": 2},
    {"name": "gpu", "type": "bool", "default": False},
    {"name": "flavour", "type": "string"},
]


def test_describe_tells_everything(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kode.cli.local_status.kode_files", lambda _: [["files", "/there (1 B)"]])
    memory.hold(kode("dev", password="hush", user="me"))
    memory.happened = (Event("2026-01-01T00:00:00Z", "Normal", "Started", "Up.", "default", "dev"),)
    assert run("describe", "dev").stdout == (
        "kode       dev\n"
        "namespace  default\n"
        "platform   this machine\n"
        "phase      Running\n"
        "template   KodeTemplate code-server\n"
        "created    3h ago\n"
        "files      /there (1 B)\n"
        "\n"
        "spec\n"
        "  templateRef:\n"
        "    kind: KodeTemplate\n"
        "    name: code-server\n"
        "  password: (not shown)\n"
        "  user: me\n"
        "\n"
        "conditions\n"
        "  Ready  yes  for 3h  Running: It answers.\n"
        "\n"
        "events\n"
        "  3h  Normal  Started  Up.\n"
    )


def test_events_are_told_with_their_count(run: Run, memory: Memory) -> None:
    assert run("events").stdout == ""
    memory.hold(kode("dev"))
    memory.happened = (
        Event("2026-01-01T00:00:00Z", "Warning", "Crashed", "It ended.", "default", "dev", 3),
    )
    assert run("events", "dev").stdout == (
        "AGE  TYPE     KODE  REASON   MESSAGE\n3h   Warning  dev   Crashed  It ended. (3 times)\n"
    )
    assert "default/dev" in run("events", "-A").stdout
    assert run("events", "-o", "name").stdout == "kode/dev\n"
    assert json.loads(run("events", "-o", "json").stdout)[0]["count"] == 3
    assert run("events", "nobody").exit_code == 3


def test_logs_are_asked_for_as_told(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    assert run("logs", "dev").stdout == "one\ntwo\nthree\n"
    assert run("logs", "dev", "-f", "--tail", "1", "--sidecar").stdout == "three\n"
    assert memory.asked[-1] == ("dev", "default", LogQuery(follow=True, tail=1, source="sidecar"))
    assert run("logs", "nobody").exit_code == 3


def test_events_go_on_until_one_has_seen_enough(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kode.cli.events._POLL_INTERVAL", 0)
    first = Event("2026-01-01T00:00:00Z", "Normal", "Started", "Up.", "default", "dev")
    second = Event("2026-01-01T00:00:01Z", "Normal", "Stopped", "Down.", "default", "dev")
    seen = [(first,), (first, second), (second,)]
    turns = iter(seen)

    async def events(*_: object) -> tuple[Event, ...]:
        try:
            return next(turns)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(memory, "events", events)
    result = run("events", "-w")
    assert (result.exit_code, result.stderr) == (130, "")
    assert result.stdout.splitlines()[1:] == [
        "3h   Normal  dev   Started  Up.",
        "3h  Normal  dev  Stopped  Down.",
    ]
    turns = iter(seen)
    lines = run("events", "-w", "-o", "json").stdout.splitlines()
    assert json.loads(lines[-1])["reason"] == "Stopped"


def test_what_has_no_conditions_or_address_has_none_shown(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev", phase=""))
    shown = run("describe", "dev").stdout
    assert "conditions" not in shown
    assert "url" not in shown
