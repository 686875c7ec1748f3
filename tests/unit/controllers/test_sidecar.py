"""kode.controllers.sidecar: a sidecar that runs, and what its Envoy says."""

from dataclasses import replace
from typing import Any

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.controllers import sidecar
from kode.controllers.decision import Patch
from kode.controllers.inputs import ChildKey
from kode.desired.desired_state import derive
from kode.desired.fallback import NO_PARTS
from kode.evaluate.observed import PodView, pod_view
from kode.evaluate.sidecar_log import Verdict
from kode.gateway.sidecar import AuthMode
from kode.names import hash_text
from kode.render.sidecar import SidecarStatus, sidecar_status
from tests.documents import credentials, proxy, resolved

NOW = "2026-01-01T00:01:00Z"
MADE = "2026-01-01T00:00:50Z"
REVISION, STATUS = labels.SIDECAR_REVISION, labels.SIDECAR_STATUS


def _live(*, running: bool = True, made: str = MADE, **annotations: str) -> dict[str, Any]:
    envoy = {"name": "envoy", "state": {"running": {}} if running else {"waiting": {}}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": "dev",
            "uid": "p",
            "creationTimestamp": made,
            "annotations": {
                f"kode.jacero.io/{key.replace('_', '-')}": value
                for key, value in annotations.items()
            },
        },
        "status": {"containerStatuses": [envoy]},
    }


def _desired(revision: str, **more: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {REVISION: revision, **more}}}


def _patches(live: dict[str, Any], revision: str, verdict: Verdict | None = None) -> list[Patch]:
    return sidecar.patches(pod_view(live), live, _desired(revision), verdict, NOW)


def _status(patch: Patch) -> SidecarStatus | None:
    annotations = {REVISION: "1", **patch.body["metadata"]["annotations"]}
    return sidecar_status(annotations)


PENDING = SidecarStatus("1").dump()


def test_what_is_new_is_brought_and_what_is_gone_is_taken_away() -> None:
    live = _live(sidecar_revision="0", envoy_clusters="{}", credentials_secret="dev-auth")
    wished = _desired("1", **{labels.ENVOY_LISTENERS: "{}", labels.CREDENTIALS_REVISION: "2"})
    (patch,) = sidecar.patches(pod_view(live), live, wished, None, NOW)
    assert (patch.child, patch.uid) == (ChildKey("Pod", "dev"), "p")
    assert patch.body["metadata"]["annotations"] == {
        REVISION: "1",
        labels.ENVOY_CLUSTERS: None,
        labels.ENVOY_LISTENERS: "{}",
        labels.CREDENTIALS_REVISION: "2",
        labels.CREDENTIALS_SECRET: None,
        STATUS: SidecarStatus("1", since=NOW).dump(),
    }


@pytest.mark.parametrize(
    ("carried", "brought"),
    [("{}", False), (hash_text("{}"), False), ("[]", True), (hash_text("[]"), True)],
)
def test_a_file_that_somebody_changed_is_put_right(carried: str, *, brought: bool) -> None:
    live = _live(sidecar_revision="1", envoy_listeners=carried)
    wished = _desired("1", **{labels.ENVOY_LISTENERS: "{}"})
    patches = sidecar.patches(pod_view(live), live, wished, None, NOW)
    assert bool(patches) is brought
    more = _live(sidecar_revision="1", envoy_listeners="{}", envoy_clusters="{}")
    assert sidecar.patches(pod_view(more), more, wished, None, NOW)


def test_a_sidecar_of_an_earlier_version_is_left_alone() -> None:
    assert _patches(_live(), "1") == []
    assert not sidecar.is_live(pod_view(_live()))
    assert not sidecar.is_live(None)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict(), SidecarStatus("1", "accepted", parts="own")),
        (
            Verdict("typo"),
            SidecarStatus("1", "refused", parts="own", refused="own", message="typo"),
        ),
    ],
)
def test_what_envoy_says_is_noted_once(verdict: Verdict, expected: SidecarStatus) -> None:
    pending = SidecarStatus("1", parts="own").dump()
    live = _live(sidecar_revision="1", sidecar_status=pending)
    (patch,) = _patches(live, "1", verdict)
    assert _status(patch) == expected
    live["metadata"]["annotations"].update(patch.body["metadata"]["annotations"])
    assert _patches(live, "1", verdict) == []


@pytest.mark.parametrize(
    ("status", "running", "expected"),
    [
        (SidecarStatus("1"), True, True),
        (SidecarStatus("1"), False, False),
        (SidecarStatus("1", "accepted"), True, False),
        (SidecarStatus("0"), True, False),
    ],
)
def test_envoy_is_asked_of_what_it_runs_with(
    status: SidecarStatus, *, running: bool, expected: bool
) -> None:
    live = _live(running=running, sidecar_revision="1", sidecar_status=status.dump())
    assert sidecar.is_pending(pod_view(live)) is expected


@pytest.mark.parametrize(
    "status", ["", "{", "[]", '{"revision": 1}', '{"revision": "1", "state": "x"}']
)
def test_what_somebody_wrote_into_the_annotation_is_passed_over(status: str) -> None:
    live = _live(sidecar_revision="1", sidecar_status=status)
    assert _patches(live, "1", Verdict()) == []


@pytest.mark.parametrize(
    ("since", "tries", "nudged"),
    [
        ("2026-01-01T00:00:55Z", 0, False),
        ("2026-01-01T00:00:50Z", 0, True),
        ("", 0, True),
        ("2026-01-01T00:00:40Z", 5, False),
        ("2026-01-01T00:00:30Z", 5, True),
        ("x", 0, False),
    ],
)
def test_a_kubelet_that_brings_nothing_is_reminded_ever_more_rarely(
    since: str, tries: int, *, nudged: bool
) -> None:
    status = SidecarStatus("1", since=since, tries=tries)
    live = _live(sidecar_revision="1", sidecar_status=status.dump())
    patches = _patches(live, "1", Verdict(unread=True))
    again = replace(status, since=NOW, tries=tries + 1)
    assert [_status(it) for it in patches] == ([again] if nudged else [])
    assert _patches(live, "1") == [], "where its log cannot be read nothing is made better"


@pytest.mark.parametrize(
    ("more", "refused"),
    [({"parts": "own"}, "own"), ({"parts": "own", "known": True}, ""), ({}, "")],
)
def test_what_envoy_does_not_take_in_two_minutes_is_refused_where_it_is_new(
    more: dict[str, Any], refused: str
) -> None:
    status = SidecarStatus("1", since=MADE, tries=8, **more)
    live = _live(sidecar_revision="1", sidecar_status=status.dump())
    (patch,) = _patches(live, "1", Verdict(unread=True))
    seen = _status(patch)
    assert seen is not None
    assert (seen.state, seen.refused) == ("refused", refused)
    assert "it has not taken the files" in seen.message
    live["metadata"]["annotations"].update(patch.body["metadata"]["annotations"])
    assert _patches(live, "1", Verdict(unread=True)) == []
    asked = derive(resolved(login=credentials()))
    problem = sidecar.refusal(pod_view(live), asked, asked, _desired("1"))
    assert problem is not None
    assert "an older configuration and its login" in problem.message
    # It is heard on, and may have been slow.
    (patch,) = _patches(live, "1", Verdict())
    seen = _status(patch)
    assert seen is not None
    assert seen.state == "accepted"


def test_a_log_that_names_no_revision_proves_nothing() -> None:
    status = SidecarStatus("1", since=MADE, tries=8, parts="own")
    live = _live(sidecar_revision="1", sidecar_status=status.dump())
    assert _patches(live, "1", Verdict(unread=True, silent=True)) == []


def test_parts_that_envoy_has_taken_before_are_known() -> None:
    for before, known in (("accepted", True), ("refused", False)):
        status = SidecarStatus("1", before, parts="own")  # type: ignore[arg-type] # one of them
        live = _live(sidecar_revision="1", sidecar_status=status.dump())
        wished = _desired("2", **{STATUS: SidecarStatus("2", parts="own").dump()})
        (patch,) = sidecar.patches(pod_view(live), live, wished, None, NOW)
        marks = {REVISION: "2", **patch.body["metadata"]["annotations"]}
        assert sidecar_status(marks) == SidecarStatus("2", since=NOW, parts="own", known=known)


def test_listeners_that_were_read_before_their_clusters_are_read_again_soon() -> None:
    early = Verdict("no cluster", early=True)
    for tries, since in enumerate(("00:59", "00:58", "00:56", "00:52")):
        status = SidecarStatus("1", since=f"2026-01-01T00:{since}Z", tries=tries)
        live = _live(sidecar_revision="1", sidecar_status=status.dump())
        (patch,) = _patches(live, "1", early)
        assert _status(patch) == SidecarStatus("1", since=NOW, tries=tries + 1)
    live = _live(sidecar_revision="1", sidecar_status=SidecarStatus("1", tries=4).dump())
    (patch,) = _patches(live, "1", early)
    assert _status(patch) == SidecarStatus("1", "refused", tries=4, message="no cluster")


@pytest.mark.parametrize(
    ("made", "more", "asked"),
    [
        ("2026-01-01T00:00:40Z", {"credentials_secret": "dev-auth"}, True),
        ("2026-01-01T00:00:41Z", {"credentials_secret": "dev-auth"}, False),
        ("2026-01-01T00:00:40Z", {}, False),
        ("2026-01-01T00:00:40Z", {"credentials_secret": "dev-auth", "running": False}, False),
    ],
)
def test_a_new_pod_that_does_not_answer_may_have_come_before_its_users(
    made: str, more: dict[str, Any], *, asked: bool
) -> None:
    live = _live(made=made, sidecar_revision="1", **more)
    patches = _patches(live, "1")
    assert [_status(it) for it in patches] == ([SidecarStatus("1", since=NOW)] if asked else [])
    ready = replace(pod_view(live), ready=True)
    assert sidecar.patches(ready, live, _desired("1"), None, NOW) == []


@pytest.mark.parametrize(
    ("since", "made", "seconds"),
    [(MADE, "", 1.0), ("", MADE, 1.0), ("", "2025-12-31T23:00:00Z", 30.0)],
)
def test_envoy_is_heard_again_soon_and_later_less_often(
    since: str, made: str, seconds: float
) -> None:
    status = SidecarStatus("1", since=since).dump()
    pod = pod_view(_live(made=made, sidecar_revision="1", sidecar_status=status))
    assert sidecar.seconds_until_heard(pod, [], NOW) == seconds


def test_envoy_is_heard_after_each_change() -> None:
    patch = Patch(ChildKey("Pod", "dev"), "p", None, {})
    assert sidecar.seconds_until_heard(None, [patch], NOW) == 1.0
    assert sidecar.seconds_until_heard(None, [], NOW) is None
    assert sidecar.seconds_until_heard(pod_view(_live()), [], NOW) is None


def test_a_refusal_says_who_guards_meanwhile() -> None:
    asked = derive(resolved(login=credentials(), guard=proxy(authType="basic")))
    asked = replace(asked, sidecar=replace(asked.sidecar, http_filters=({"name": "adds"},)))
    status = SidecarStatus("1", "refused", parts=asked.parts, refused=asked.parts, message="typo")
    pod: PodView = pod_view(_live(sidecar_revision="1", sidecar_status=status.dump()))
    for accepted, words in (
        (NO_PARTS, "the one before it still guards the editor"),
        ("", "nobody is let in until it is fixed"),
    ):
        brought = sidecar.stand_in(pod, asked, accepted)
        problem = sidecar.refusal(pod, asked, brought, None)
        assert problem is not None
        assert problem.reason is Reason.PROXY_CONFIG_INVALID
        assert problem.message == f"Envoy refuses proxy config guard: typo; {words}"
    assert sidecar.refusal(None, asked, asked, None) is None
    # Something else is asked for, of which nobody knows yet.
    other = replace(asked, sidecar=replace(asked.sidecar, http_filters=({"name": "others"},)))
    assert sidecar.refusal(pod, other, other, _desired("2")) is None


@pytest.mark.parametrize(
    "more", [{"state": "refused", "parts": "before"}, {"is_denied": True, "state": "accepted"}]
)
def test_what_is_refused_as_well_stands_in_no_more(more: dict[str, Any]) -> None:
    asked = derive(resolved(login=credentials(), guard=proxy(authType="basic")))
    status = SidecarStatus("1", refused="asked", **more)
    pod = pod_view(_live(sidecar_revision="1", sidecar_status=status.dump()))
    assert sidecar.stand_in(pod, asked, NO_PARTS).auth_mode is AuthMode.DENY


def test_what_was_refused_is_known_while_something_else_stands_in() -> None:
    status = SidecarStatus("1", "refused", parts="new", refused="new", message="typo")
    live = _live(sidecar_revision="1", sidecar_status=status.dump())
    stands_in = SidecarStatus("2", parts="old", refused="new", message="typo").dump()
    wished = _desired("2", **{STATUS: stands_in})
    (patch,) = sidecar.patches(pod_view(live), live, wished, None, NOW)
    marks = live["metadata"]["annotations"]
    marks.update(patch.body["metadata"]["annotations"])
    begun = replace(status, revision="2", state="pending", since=NOW, parts="old")
    assert sidecar_status(marks) == begun
    for verdict, state in ((Verdict(), "accepted"), (Verdict("another"), "refused")):
        (patch,) = sidecar.patches(pod_view(live), live, wished, verdict, NOW)
        seen = sidecar_status({**marks, **patch.body["metadata"]["annotations"]})
        assert seen is not None
        assert (seen.state, seen.parts, seen.refused) == (state, "old", "new")
        assert seen.message == "typo"
    assert sidecar.has_refused(pod_view(live), "new")
    assert not sidecar.has_refused(None, "new")
