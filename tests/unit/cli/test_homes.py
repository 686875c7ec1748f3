"""What `kode start`, `stop` and `restart` say of a home that is gone, or goes."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory, condition, kode


def ready(document: dict[str, Any], time: str = "2026-01-02T03:04:05Z") -> None:
    document["status"] = {
        "observedGeneration": document["metadata"]["generation"],
        "phase": "Running",
        "conditions": [{**condition("Ready"), "lastTransitionTime": time}],
    }


def homeless(reason: str, **spec: Any) -> dict[str, Any]:
    storage = condition("StorageReady", "False", reason, "claim dev-home ...")
    return kode("dev", condition("Ready", "False", reason, "claim dev-home ..."), storage, **spec)


def test_a_home_that_is_gone_is_made_anew_when_asked(run: Run, memory: Memory) -> None:
    memory.hold(homeless("ClaimDeleted"))
    looks = []

    def turn(document: dict[str, Any]) -> None:
        looks.append(document)
        if len(looks) == 3:
            ready(document)

    memory.turn = turn
    started = run("start", "dev", "--new-home")
    assert started.exit_code == 0
    assert ("renew home", "default", "dev") in memory.asked
    again = run("start", "dev", "--new-home")
    assert again.exit_code == 1


def test_who_does_not_wait_for_a_new_home_is_told_at_once(run: Run, memory: Memory) -> None:
    memory.hold(homeless("ClaimDeleted"))
    started = run("start", "dev", "--new-home", "--no-wait")
    assert started.exit_code == 0
    assert ("renew home", "default", "dev") in memory.asked


@pytest.mark.parametrize("reason", ["ClaimDeleted", "ClaimLost", "ClaimTerminating"])
def test_a_restart_that_would_end_in_no_home_is_refused(
    run: Run, memory: Memory, reason: str
) -> None:
    memory.hold(homeless(reason))
    refused = run("restart", "dev")
    assert (refused.exit_code, memory.asked) == (1, [])
    assert f"{reason}: claim dev-home" in refused.stderr
    hint = "kode stop dev" if reason == "ClaimTerminating" else "kode start dev --new-home"
    assert hint in refused.stderr.rsplit("hint: ", 1)[1]


def test_a_stop_says_that_the_files_go(run: Run, memory: Memory) -> None:
    memory.hold(homeless("ClaimTerminating"))
    stopped = run("stop", "dev", "--no-wait")
    assert stopped.exit_code == 0
    assert "ClaimTerminating: claim dev-home" in stopped.stderr
