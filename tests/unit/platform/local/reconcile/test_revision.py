"""kode.platform.local.reconcile.revision: what runs is known again by whoever comes later."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.template import KodeClusterTemplate
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.platform.local.program import Command, Program, ProgramPhase, State
from kode.platform.local.reconcile import revision
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.reconcile.revision import Revision
from kode.platform.local.runtime.plan import Plan
from kode.render.resolve import Credentials, resolve

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
    revision.save(tmp_path / "dev-1", REVISION)
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


def kode_digest(login: Credentials | None, spec: dict[str, Any], **template: Any) -> str:
    """Return the digest of what a Kode asks of its program."""
    ref = {"kind": "KodeClusterTemplate", "name": "base"}
    own = document("Kode", "dev", {"templateRef": ref, **spec})
    base = {"type": "code-server", "image": "linuxserver/code-server", **template}
    inputs = LocalInputs(own, document("KodeClusterTemplate", "base", base))
    kode, named = parse(own), parse(inputs.template or {})
    assert isinstance(kode, Kode)
    assert isinstance(named, KodeClusterTemplate)
    desired = kode, resolve(kode, named, None, login)
    return revision.revision_of(inputs, desired, PLAN.program, SIDECAR, "dev-home").kode


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "uid": "u"} | ({"namespace": "team"} if kind == "Kode" else {})
    api = "kode.jacero.io/v1alpha1"
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


LOGIN = Credentials("me", "old", "dev-auth")
OTHERS = (replace(LOGIN, password="new"), replace(LOGIN, user="you"), None)


def test_a_login_is_the_sidecars_business_and_restarts_no_program() -> None:
    for other in OTHERS:
        assert kode_digest(LOGIN, {}) == kode_digest(other, {})
    assert kode_digest(LOGIN, {}) == kode_digest(LOGIN, {"user": "me"})
    assert kode_digest(LOGIN, {}) == kode_digest(LOGIN, {"existingSecret": "login"})
    assert kode_digest(LOGIN, {}) != kode_digest(LOGIN, {"env": [{"name": "A", "value": "b"}]})


def test_a_user_whom_a_lock_of_its_own_asks_for_restarts_the_program() -> None:
    webtop = {"type": "webtop", "image": "linuxserver/webtop"}
    password, user, none = OTHERS
    assert kode_digest(LOGIN, {}, **webtop) == kode_digest(password, {}, **webtop)
    for other in (user, none):
        assert kode_digest(LOGIN, {}, **webtop) != kode_digest(other, {}, **webtop)


def test_a_user_whom_the_template_names_restarts_the_program() -> None:
    named = {"env": [{"name": "WHO", "value": "{{ owner.name }}"}]}
    password, user, _ = OTHERS
    assert kode_digest(LOGIN, {}, **named) == kode_digest(password, {}, **named)
    assert kode_digest(LOGIN, {}, **named) != kode_digest(user, {}, **named)
    assert kode_digest(None, {"user": "me"}, **named) != kode_digest(None, {"user": "you"}, **named)


def test_what_stands_before_a_program_is_no_part_of_it() -> None:
    assert digests(SIDECAR) == digests(replace(SIDECAR, http_filters=(), clusters=()))


def digests(sidecar: Sidecar) -> tuple[str, str]:
    """Return the digests of what a program behind a sidecar was made from."""
    ref = {"kind": "KodeClusterTemplate", "name": "base"}
    inputs = LocalInputs(document("Kode", "dev", {"templateRef": ref}))
    kode = parse(inputs.kode)
    spec = {"type": "code-server", "image": "linuxserver/code-server"}
    named = parse(document("KodeClusterTemplate", "base", spec))
    assert isinstance(kode, Kode)
    assert isinstance(named, KodeClusterTemplate)
    desired = kode, resolve(kode, named, None, None)
    made = revision.revision_of(inputs, desired, PLAN.program, sidecar, "dev-home")
    assert made.sidecar == sidecar
    return made.kode, made.pod_hash


def test_what_is_saved_already_is_not_written_again(tmp_path: Path) -> None:
    bin_dir = tmp_path / "dev-1" / "bin"
    planned = replace(PLAN, bin=bin_dir, commands={"ssh": "#!/bin/sh\n"})
    revision.save(tmp_path / "dev-1", REVISION)
    revision.save_environment(tmp_path / "dev-1", planned)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*")}
    revision.save(tmp_path / "dev-1", REVISION)
    revision.save_environment(tmp_path / "dev-1", planned)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*")} == before
    assert os.access(bin_dir / "ssh", os.X_OK)
