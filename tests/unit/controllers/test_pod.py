"""kode.controllers.pod: one pod, and never two. Its stories are in the golden files of decide."""

from typing import Any

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.controllers import pod as pods
from kode.controllers.decide import decide
from kode.controllers.decision import Apply, Delete, Patch, Write
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.evaluate.events import summary
from tests.documents import UID, kode_document, template_document

KEY = KodeKey("team", "dev")
POD = ChildKey("Pod", "dev")
NOW = "2026-01-01T00:01:00Z"
DESIRED: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "dev",
        "labels": labels.child("dev", "workspace"),
        "annotations": {labels.KODE_HASH: "k", labels.POD_HASH: "p"},
    },
    "spec": {},
}


def live(phase: str = "Running", *, hashed: str = "p", failures: int = 0, **more: Any) -> Any:
    annotations = {labels.KODE_HASH: "k", labels.POD_HASH: hashed, labels.FAILURES: str(failures)}
    return {
        "kind": "Pod",
        "metadata": {
            "name": "dev",
            "uid": "w",
            "creationTimestamp": "2026-01-01T00:00:55Z",
            "labels": labels.child("dev", "workspace"),
            "annotations": annotations,
            "ownerReferences": [{"kind": "Kode", "uid": UID}],
            **more,
        },
        "status": {"phase": phase, "reason": "Evicted"},
    }


def former(**more: Any) -> dict[str, Any]:
    owners = [{"kind": "StatefulSet", "uid": "s"}]
    return {"kind": "Pod", "metadata": {"name": "dev-0", "ownerReferences": owners, **more}}


def stateful_set(**more: Any) -> dict[ChildKey, Any]:
    metadata = {"name": "dev", "uid": "s", "ownerReferences": [{"uid": UID}], **more}
    return {ChildKey("StatefulSet", "dev"): {"kind": "StatefulSet", "metadata": metadata}}


def inputs(pod: Any = None, other: Any = None, **more: Any) -> Inputs:
    return Inputs(key=KEY, kode=kode_document(), now=NOW, pod=pod, other_pod=other, **more)


def writes(seen: Inputs, *, held: bool = False) -> list[Write]:
    return pods.reconcile(seen, pods.children(seen, UID), DESIRED, held=held)


def test_pod_is_made_where_there_is_none() -> None:
    assert writes(inputs()) == [Apply(DESIRED, None)]


@pytest.mark.parametrize(
    "seen",
    [
        inputs(live(deletionTimestamp=NOW)),
        inputs(live("Failed", deletionTimestamp=NOW)),
        inputs(other=former()),
        inputs(other=former(deletionTimestamp=NOW)),
        inputs(children=stateful_set()),
        inputs(children=stateful_set(deletionTimestamp=NOW)),
    ],
)
def test_none_is_made_before_the_one_before_it_is_gone(seen: Inputs) -> None:
    assert writes(seen) == []


def test_pod_that_was_made_from_something_else_is_deleted_and_no_more() -> None:
    assert writes(inputs(live(hashed="old"))) == [Delete(POD, "w")]
    assert writes(inputs(live("Failed", hashed="old", failures=9))) == [Delete(POD, "w")]
    assert writes(inputs(live(hashed="old")), held=True) == []


@pytest.mark.parametrize("held", [True, False])
def test_labels_that_guard_a_pod_are_put_back(*, held: bool) -> None:
    (patch,) = writes(inputs(live(labels={"mine": "x"})), held=held)
    assert isinstance(patch, Patch)
    assert (patch.child, patch.uid) == (POD, "w")
    assert patch.body == {"metadata": {"labels": DESIRED["metadata"]["labels"]}}
    more = {**DESIRED["metadata"]["labels"], "mine": "x"}
    assert writes(inputs(live(labels=more)), held=held) == []


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_pod_that_ended_is_made_again_and_counts(phase: str) -> None:
    gone, again = writes(inputs(live(phase)))
    assert gone == Delete(POD, "w")
    assert isinstance(again, Apply)
    assert again.live is None
    assert again.manifest["metadata"]["annotations"][labels.FAILURES] == "1"
    assert labels.FAILURES not in DESIRED["metadata"]["annotations"]


def test_pod_that_ended_again_stays_until_its_time() -> None:
    assert writes(inputs(live("Failed", failures=1))) == []
    assert pods.seconds_left(pods.view(inputs(live("Failed", failures=1)), _own()), NOW) == 5
    later = Inputs(key=KEY, kode=None, now="2026-01-01T00:01:05Z", pod=live("Failed", failures=1))
    _, again = writes(later)
    assert isinstance(again, Apply)
    assert again.manifest["metadata"]["annotations"][labels.FAILURES] == "2"


def _own() -> Any:
    return pods.children(inputs(live("Failed", failures=1)), UID)


def test_next_pass_comes_when_the_next_pod_is_due() -> None:
    template = template_document()
    made = decide(Inputs(key=KEY, kode=kode_document(), now=NOW, template=template)).writes[-1]
    assert isinstance(made, Apply)
    ended = live("Failed", failures=1)
    ended["metadata"]["annotations"].update(made.manifest["metadata"]["annotations"])
    decision = decide(inputs(ended, template=template))
    assert decision.requeue_after == 5
    told = summary(decision.status or {})
    assert told["reason"] == "PodFailed"
    assert "2 times one after the other, and is replaced at 2026-01-01T00:01:05Z" in told["message"]
    assert [it.reason for it in decision.events] == [Reason.POD_FAILED]


def test_stray_pod_with_the_labels_keeps_a_second_from_being_made() -> None:
    stray = {"kind": "Pod", "metadata": {"name": "copy"}}
    decision = decide(inputs(other=stray, template=template_document()))
    assert decision.writes == ()
    assert summary(decision.status or {})["reason"] == "NotOwned"
    # One that goes, or one beside a pod that is there, is in nobody's way.
    going = {"kind": "Pod", "metadata": {"name": "copy", "deletionTimestamp": NOW}}
    for seen in (inputs(other=going), inputs(live(), stray), inputs(other=former())):
        pods.check_free(seen, pods.children(seen, UID))


def test_pod_of_an_earlier_version_counts_while_it_runs() -> None:
    seen = inputs(other=former(), children=stateful_set())
    assert pods.view(seen, pods.children(seen, UID)) is not None
    for other in (inputs(other=former()), inputs(children=stateful_set())):
        assert pods.view(other, pods.children(other, UID)) is None


def test_what_a_kode_runs_in_is_ended_once() -> None:
    seen = inputs(live(), children=stateful_set())
    found = pods.children(seen, UID)
    assert pods.stop(found, "dev") == [
        Delete(POD, "w"),
        Delete(ChildKey("StatefulSet", "dev"), "s", foreground=True),
    ]
    going = inputs(live(deletionTimestamp=NOW), children=stateful_set(deletionTimestamp=NOW))
    assert pods.stop(pods.children(going, UID), "dev") == []
