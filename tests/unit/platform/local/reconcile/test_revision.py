"""kode.platform.local.reconcile.revision: what runs is known again by whoever comes later."""

import os
from dataclasses import replace
from pathlib import Path

from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.platform.local.program import Command, Program, ProgramPhase, State
from kode.platform.local.reconcile import revision
from kode.platform.local.reconcile.revision import Revision
from kode.platform.local.runtime.plan import Plan

SIDECAR = Sidecar(
    auth_mode=AuthMode.FILTERS,
    upstream=Upstream(8443, "/healthz", socket="/s/editor.sock"),
    http_filters=({"name": "a", "typed_config": {"@type": "b"}},),
    clusters=({"name": "c"},),
    cookie="kode",
)
REVISION = Revision("team-a/dev", "of the Kode", "of all", SIDECAR, "dev-home")
EDITOR = Command("editor", ("/bin/true",), {}, Path("/"))
PLAN = Plan(
    program=Program(
        "team-a/dev", "dev-1", Command("editor", ("/bin/true",), {}, Path("/")), Path("/l")
    ),
    upstream=SIDECAR.upstream,
    runtime="process",
)
RUNNING = State(ProgramPhase.RUNNING, "digest", 0.0)


def test_what_was_saved_is_loaded_as_it_was(tmp_path: Path) -> None:
    revision.save(tmp_path / "dev-1", REVISION, PLAN)
    assert revision.load(tmp_path / "dev-1") == REVISION
    assert revision.load_all(tmp_path) == {"dev-1": REVISION}


def test_a_torn_record_and_none_are_no_revision(tmp_path: Path) -> None:
    (tmp_path / "dev-1").mkdir()
    assert revision.load(tmp_path / "dev-1") is None
    (tmp_path / "dev-1" / "made.json").write_text('{"key": "team-a/dev"')
    assert revision.load(tmp_path / "dev-1") is None
    assert revision.load_all(tmp_path) == {}


def test_only_what_others_changed_waits_for_the_next_start() -> None:
    of_template = Revision("team-a/dev", "of the Kode", "another", SIDECAR, "dev-home")
    of_kode = Revision("team-a/dev", "another", "another", SIDECAR, "dev-home")
    assert revision.is_update_pending(REVISION, of_template, RUNNING)
    assert not revision.is_update_pending(REVISION, of_kode, RUNNING)
    assert not revision.is_update_pending(REVISION, REVISION, RUNNING)
    assert not revision.is_update_pending(None, of_template, RUNNING)
    assert not revision.is_update_pending(REVISION, of_template, None)
    assert not revision.is_update_pending(
        REVISION, of_template, State(ProgramPhase.STARTING, "d", 0.0)
    )


def test_what_is_saved_already_is_not_written_again(tmp_path: Path) -> None:
    bin_dir = tmp_path / "dev-1" / "bin"
    planned = replace(PLAN, bin=bin_dir, commands={"ssh": "#!/bin/sh\n"})
    revision.save(tmp_path / "dev-1", REVISION, planned)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*")}
    revision.save(tmp_path / "dev-1", REVISION, planned)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*")} == before
    assert os.access(bin_dir / "ssh", os.X_OK)
