"""`kode apply`, `delete`, `create`, `start`, `stop`, `restart`: what is asked of the platform."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from kode.api.conditions import Reason
from kode.cli import platforms
from kode.cli.terminal import prompt
from kode.errors import Conflict, PlatformError
from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory, condition, kode, template


def file(path: Path, *documents: Any) -> Path:
    path.write_text(yaml.safe_dump_all(documents))
    return path


def bare(document: dict[str, Any]) -> dict[str, Any]:
    meta = {"name": document["metadata"]["name"]}
    return {key: value for key, value in document.items() if key != "status"} | {"metadata": meta}


def test_each_document_gets_its_line(run: Run, memory: Memory, tmp_path: Path) -> None:
    file(tmp_path / "a.yaml", bare(kode("dev")), bare(template()))
    file(tmp_path / "b.yml", bare(kode("other")) | {"apiVersion": "v1alpha1"})
    (tmp_path / "notes.txt").write_text("no")
    result = run("apply", "-f", str(tmp_path), "-n", "mine")
    assert result.exit_code == 0
    assert result.stdout == (
        "kode/dev created\nkodeclustertemplate/code-server created\nkode/other created\n"
    )
    assert f"warning: {tmp_path}/b.yml: kode/other: Kode: apiVersion v1alpha1" in result.stderr
    assert ("Kode", "mine", "dev") in memory.objects
    again = run("apply", "-f", str(tmp_path / "a.yaml"), "-n", "mine", "-o", "name")
    assert again.stdout == "kode/dev\nkodeclustertemplate/code-server\n"
    assert "unchanged" in run("apply", "-f", str(tmp_path / "a.yaml"), "-n", "mine").stdout


def test_what_is_wrong_does_not_keep_the_others(run: Run, memory: Memory, tmp_path: Path) -> None:
    wrong = bare(kode("bad"))
    wrong["spec"]["nonsense"] = 1
    path = file(tmp_path / "a.yaml", wrong, bare(kode("good")))
    result = run("apply", "-f", str(path), "-f", str(tmp_path / "none.yaml"))
    assert (result.exit_code, result.stdout) == (1, "kode/good created\n")
    assert f"{path}: kode/bad: spec.nonsense" in result.stderr
    assert f"{tmp_path}/none.yaml" in result.stderr
    assert list(memory.objects) == [("Kode", "default", "good")]


def test_a_namespace_is_applied_and_never_deleted_with_a_file(
    run: Run, memory: Memory, tmp_path: Path
) -> None:
    team = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}, "spec": {}}
    within = bare(kode("dev"))
    within["metadata"]["namespace"] = "team"
    path = str(file(tmp_path / "a.yaml", team, within))
    result = run("apply", "-f", path)
    assert (result.exit_code, result.stdout) == (0, "namespace/team created\nkode/dev created\n")
    (place,) = [place for place in memory.objects if place[0] == "Namespace"]
    assert "namespace" not in memory.objects[place]["metadata"]
    deleted = run("delete", "-f", path)
    assert deleted.exit_code == 0
    assert "namespace/team" in deleted.stderr
    assert list(memory.objects) == [place]


def test_nothing_to_apply_is_an_error(run: Run, tmp_path: Path) -> None:
    assert run("apply", "-f", str(tmp_path)).exit_code == 1
    empty = file(tmp_path / "a.yaml")
    assert run("apply", "-f", str(empty)).exit_code == 1


def test_standard_input_is_a_file(run: Run) -> None:
    result = run("apply", "-f", "-", input=yaml.safe_dump(bare(kode("dev"))))
    assert result.stdout == "kode/dev created\n"


def test_files_stay_unless_they_are_purged(run: Run, memory: Memory) -> None:
    memory.hold(kode("a"), kode("b"), kode("c", storage={"keepVolume": False}), template())
    result = run("delete", "a", "kdct/code-server", "nobody", "c")
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "kode/a",
        "kodeclustertemplate/code-server",
        "kode/c",
    ]
    assert ["files" in line for line in lines] == [True, False, False]
    assert "files" not in run("delete", "b", "--purge", "--wait").stdout
    assert memory.asked == [
        ("delete", "Kode", "default", "a", False),
        ("delete", "KodeClusterTemplate", "", "code-server", False),
        ("delete", "Kode", "default", "c", False),
        ("delete", "Kode", "default", "b", True),
    ]


def test_waiting_for_the_end_of_a_kode(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.hold(kode("dev"))

    async def delete(*_: object, **__: object) -> None:
        memory.turn = lambda _: memory.objects.clear()

    monkeypatch.setattr(memory, "delete", delete)
    assert run("delete", "dev", "--wait").exit_code == 0
    assert not memory.objects


def test_purging_is_asked_about_on_a_terminal(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt, "can_ask", lambda: True)
    memory.hold(kode("dev"))
    refused = run("delete", "dev", "--purge", input="n\n")
    assert (refused.exit_code, memory.asked) == (1, [])
    assert "dev" in refused.stderr
    assert run("delete", "dev", "--purge", input="").exit_code == 130
    assert run("delete", "dev", "--purge", input="y\n").exit_code == 0
    memory.hold(kode("dev"))
    assert run("delete", "dev", "--purge", "--yes").exit_code == 0


def test_what_files_hold_is_deleted(run: Run, memory: Memory, tmp_path: Path) -> None:
    memory.hold(kode("dev"), template())
    path = file(tmp_path / "a.yaml", bare(kode("dev")), bare(template()))
    assert run("delete", "-f", str(path)).stdout.count("deleted") == 2
    assert run("delete").exit_code == 2
    for document in ({"kind": "Pod", "metadata": {"name": "x"}}, {"kind": "Kode"}):
        assert run("delete", "-f", str(file(path, document))).exit_code == 1
    assert run("delete", "-f", str(tmp_path / "none.yaml")).exit_code == 1


PARAMETERS = [
    {"name": "cpu", "type": "number", "default": 2},
    {"name": "gpu", "type": "bool", "default": False},
    {
        "name": "flavour",
        "displayName": "Flavour",
        "description": "which one",
        "options": [{"name": "Sweet", "value": "sweet"}, {"name": "Sour", "value": "sour"}],
    },
]


def test_create_sets_what_is_given(run: Run, memory: Memory) -> None:
    own = {**template("own"), "kind": "KodeTemplate"}
    own["metadata"]["namespace"] = "default"
    memory.hold(template(), own)
    result = run(
        *("create", "dev", "-t", "code-server", "-e", "A=b=c", "--workspace", "src"),
        *("--user", "me", "--password", "-"),
        input="hush\n",
    )
    assert result.exit_code == 0
    assert memory.objects["Kode", "default", "dev"]["spec"] == {
        "templateRef": {"kind": "KodeClusterTemplate", "name": "code-server"},
        "env": [{"name": "A", "value": "b=c"}],
        "user": "me",
        "password": "hush",
        "workspace": "src",
    }
    assert run("create", "dev", "-t", "own").exit_code == 4
    assert run("create", "far", "-t", "default/own", "-n", "far").exit_code == 0
    ref = memory.objects["Kode", "far", "far"]["spec"]["templateRef"]
    assert ref == {"kind": "KodeTemplate", "name": "own", "namespace": "default"}


def test_create_says_what_is_missing_or_wrong(run: Run, memory: Memory) -> None:
    nothing = run("create", "dev")
    assert (nothing.exit_code, "--template" in nothing.stderr) == (2, True)
    memory.hold(template(parameters=PARAMETERS))
    assert "code-server" in run("create", "dev").stderr
    given = ("create", "dev", "-t", "code-server")
    missing = run(*given)
    assert (missing.exit_code, "flavour" in missing.stderr) == (1, True)
    for wrong in ("x=1", "cpu=many", "cpu=inf", "flavour=bitter", "gpu=maybe"):
        refused = run(*given, "--set", wrong)
        assert (refused.exit_code, wrong.split("=")[0] in refused.stderr) == (1, True)
    assert run(*given, "--set", "cpu").exit_code == 2
    typo = run("create", "dev", "-t", "code-servr")
    assert (typo.exit_code, "code-server?" in typo.stderr) == (3, True)
    assert run("create", "dev", "-t", "x").exit_code == 3
    memory.hold(template())
    assert run(*given, "--set", "x=1").exit_code == 1
    assert memory.asked == []


def test_create_asks_on_a_terminal(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt, "can_ask", lambda: True)
    memory.hold(template(parameters=PARAMETERS), template("other"))
    result = run("create", "dev", input="9\n1\nmany\n4.5\n\nbitter\nSour\n")
    assert result.exit_code == 0
    assert all(text in result.stderr for text in ("code-server", "other", "Flavour", "which one"))
    spec = memory.objects["Kode", "default", "dev"]["spec"]
    assert spec["parameters"] == {"cpu": 4.5, "gpu": False, "flavour": "sour"}
    assert run("create", "dev", input="").exit_code == 130
    memory.hold()
    assert run("create", "dev").exit_code == 3
    memory.hold(template(parameters=PARAMETERS))
    given = ("create", "two", "-t", "code-server", "--yes", "--set", "flavour=sweet")
    assert run(*given, "--set", "cpu=3", "--set", "gpu=yes").exit_code == 0
    spec = memory.objects["Kode", "default", "two"]["spec"]
    assert spec["parameters"] == {"flavour": "sweet", "cpu": 3, "gpu": True}


def ready(document: dict[str, Any], time: str = "2026-01-02T03:04:05Z") -> None:
    document["status"] = {
        "observedGeneration": document["metadata"]["generation"],
        "phase": "Running",
        "conditions": [{**condition("Ready"), "lastTransitionTime": time}],
    }


def test_create_waits_when_asked(run: Run, memory: Memory) -> None:
    memory.hold(template())
    memory.turn = ready
    result = run("create", "dev", "-t", "code-server", "--wait", "-o", "name")
    assert (result.exit_code, result.stdout) == (0, "kode/dev\n")
    result = run("create", "two", "-t", "code-server", "--wait")
    assert (result.exit_code, result.stdout) == (0, "kode/two created\n")


def test_stop_and_start_wait_until_it_is_so(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    looks = []

    def turn(document: dict[str, Any]) -> None:
        looks.append(document)
        if len(looks) % 3:
            return
        if document["spec"].get("suspend"):
            ready(document)
            document["status"]["conditions"] = [condition("Suspended")]
        else:
            ready(document)

    memory.turn = turn
    assert run("stop", "dev").exit_code == 0
    assert len(looks) == 3
    assert run("restart", "dev").exit_code == 1
    assert run("start", "dev", "nobody").exit_code == 3
    assert run("stop", "dev", "--no-wait").exit_code == 0
    assert run("start", "dev", "--no-wait").exit_code == 0
    assert run("stop", "dev", "--no-wait").exit_code == 0
    memory.turn = lambda _: None
    memory.objects["Kode", "default", "dev"]["status"]["conditions"] = [condition("Suspended")]
    memory.objects["Kode", "default", "dev"]["status"]["observedGeneration"] = 9
    assert "already" in run("stop", "dev").stdout


def test_restart_waits_for_an_answer_after_it(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    document = memory.objects["Kode", "default", "dev"]
    asked = datetime.now(UTC) + timedelta(minutes=1)
    document["metadata"]["annotations"] = {"kode.jacero.io/restarted-at": asked.isoformat()}
    times = iter(["2026-01-02T03:04:05Z", "2026-01-02T03:04:05"])
    memory.turn = lambda found: ready(found, next(times, asked.isoformat()))
    assert run("restart", "dev").exit_code == 0
    assert next(times, None) is None


def test_a_restart_that_nobody_saw_is_over_after_a_while(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    document = memory.objects["Kode", "default", "dev"]
    document["metadata"]["annotations"] = {"kode.jacero.io/restarted-at": "2026-01-02T03:05:00Z"}
    assert run("restart", "dev").exit_code == 0


@pytest.mark.parametrize(
    ("is_platform_down", "ends"), [([True, True], True), ([True, True, False], False)]
)
def test_a_platform_that_ends_is_waited_for_only_for_a_while(
    is_platform_down: list[bool],
    ends: bool,  # noqa: FBT001 - a parameter of the test
    run: Run,
    memory: Memory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory.hold(kode("dev", phase=""))
    # What is asked first is whether there is anything to wait for; the last answer stays.
    answers = [False, *is_platform_down]
    monkeypatch.setattr(
        "kode.cli.session.Session.is_platform_down",
        lambda _: answers.pop(0) if len(answers) > 1 else answers[0],
    )
    monkeypatch.setattr("kode.cli.wait._PLATFORM_TIMEOUT", -1.0 if ends else 600.0)

    def turn(found: dict[str, Any]) -> None:
        if not ends and len(answers) == 1:
            found["status"] = kode("dev", condition("Ready", "True"))["status"]
            found["metadata"]["generation"] = 0

    memory.turn = turn
    found = run("open", "dev", "--print")
    assert (found.exit_code == 6) == ends


def test_waiting_ends_where_leave_is_missing(run: Run, memory: Memory) -> None:
    withheld = [
        condition("Ready", "False", "RefNotPermitted", "Label it."),
        condition("Suspended", "True", "RefNotPermitted", "Label it."),
    ]
    memory.hold(kode("dev", *withheld, phase="Suspended"))
    memory.turn = lambda found: found["metadata"].update(generation=1)
    found = run("start", "dev")
    assert found.exit_code == 5
    assert "RefNotPermitted: Label it." in found.stderr


def test_waiting_ends_where_it_is_of_no_use(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = condition("Ready", "False", "CrashLooping", "It ends again and again.")
    memory.hold(kode("dev", failed, phase="Failed"), kode("slow", phase=""))
    memory.turn = lambda found: found["metadata"].update(generation=1)
    hopeless = run("start", "dev")
    assert hopeless.exit_code == 5
    assert "CrashLooping: It ends again" in hopeless.stderr
    late = run("start", "slow", "--timeout", "0.01")
    assert late.exit_code == 5
    monkeypatch.setattr("kode.cli.session.Session.is_platform_down", lambda _: True)
    is_platform_down = run("stop", "slow")
    assert (is_platform_down.exit_code, "kode up" in is_platform_down.stderr) == (0, True)
    assert run("open", "slow").exit_code == 6


class Refusing(Memory):
    """A platform that refuses every change."""

    async def delete(self, *about: object, **how: object) -> None:
        raise Conflict(Reason.OUTDATED, f"{about} {how}")

    async def suspend(self, *about: object, **how: object) -> Mapping[str, Any]:
        raise PlatformError(Reason.PLATFORM_ERROR, f"{about} {how}")


def test_what_the_platform_refuses_is_told_of_each(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing()
    refusing.hold(kode("a"), kode("b"))
    monkeypatch.setattr(
        platforms, "select_platform", lambda _: platforms.SelectedPlatform(refusing, local=True)
    )
    deleted = run("delete", "a", "b")
    assert (deleted.exit_code, deleted.stderr.count("error: kode ")) == (4, 2)
    started = run("start", "a", "b", "--no-wait")
    assert (started.exit_code, started.stderr.count("error: kode ")) == (6, 2)
    assert memory.asked == []
