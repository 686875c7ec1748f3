"""kode.controllers.decide: what comes of whole stories is in the golden files."""

from dataclasses import replace
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.controllers.decide import after_failure, decide
from kode.controllers.decision import Apply, Decision, Patch
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.errors import PlatformError
from tests.documents import (
    cluster_template,
    kode_document,
    proxy_document,
    template_document,
)
from tests.simulation.cluster import Cluster

Object = dict[str, Any]
KEY = KodeKey("team", "dev")
GUARD = {"name": "guard"}


def inputs(kode: Object | None, template: Object | None = None, **more: Any) -> Inputs:
    return Inputs(key=KEY, kode=kode, now="2026-01-01T00:00:00Z", template=template, **more)


def ready(decision: Decision) -> tuple[str, str]:
    assert decision.status is not None
    found = next(it for it in decision.status["conditions"] if it["type"] == "Ready")
    return found["reason"], found["message"]


def running(**spec: Any) -> Cluster:
    cluster = Cluster(kode_document(**spec), template_document())
    cluster.settle(KEY)
    return cluster


def test_kode_that_is_gone_and_left_nothing_needs_nothing() -> None:
    assert decide(inputs(None)) == Decision()


def test_kode_that_is_being_deleted_is_left_to_the_garbage_collector() -> None:
    kode = kode_document(password="p")
    kode["metadata"]["deletionTimestamp"] = "now"
    assert decide(inputs(kode, template_document())) == Decision()


def test_kode_that_cannot_be_read_says_which_field_and_touches_nothing() -> None:
    cluster = running()
    cluster.store.edit(("Kode", "team", "dev"), lambda it: it["spec"].update(no_such_field=1))
    decision = decide(cluster.gather(KEY))
    assert decision.writes == ()
    assert ready(decision) == (
        "InvalidSpec",
        "running as it was; spec.no_such_field: unknown field",
    )
    conditions = (decision.status or {})["conditions"]
    assert [it["reason"] for it in conditions if it["type"] == "StorageReady"] == ["Bound"]


NOWHERE: list[tuple[Object | None, Object | None, str, str]] = [
    (None, None, "TemplateNotFound", "KodeTemplate team/base does not exist"),
    (
        template_document(type="emacs"),
        None,
        "TemplateInvalid",
        (
            "KodeTemplate team/base is broken: spec.type: must be 'code-server', 'webtop', "
            "'jupyter' or 'custom'"
        ),
    ),
    (
        template_document(envoyProxyRef=GUARD),
        None,
        "ProxyConfigNotFound",
        "EnvoyProxyConfig team/guard does not exist",
    ),
    (
        template_document(envoyProxyRef=GUARD),
        proxy_document(authType="magic"),
        "ProxyConfigInvalid",
        "EnvoyProxyConfig team/guard is broken: spec.authType: must be 'none' or 'basic'",
    ),
    (
        template_document(envoyProxyRef=GUARD),
        proxy_document(clusters=[{"name": "kode_editor"}]),
        "ProxyConfigInvalid",
        "clusters: the name kode_editor is reserved",
    ),
    (
        template_document(envoyProxyRef={"name": "guard", "namespace": "x"}),
        None,
        "RefNotPermitted",
        (
            "KodeTemplate team/base may only use an EnvoyProxyConfig of its own namespace, "
            "not x/guard"
        ),
    ),
]


@pytest.mark.parametrize(("template", "proxy", "reason", "message"), NOWHERE)
def test_reference_that_leads_nowhere_is_named(
    template: Object | None, proxy: Object | None, reason: str, message: str
) -> None:
    decision = decide(inputs(kode_document(), template, proxy_config=proxy))
    assert decision.writes == ()
    assert ready(decision) == (reason, message)
    assert [(it.type, it.reason, it.message) for it in decision.events] == [
        ("Warning", reason, message)
    ]
    assert decision.requeue_after is None


def test_proxy_config_is_used() -> None:
    template = template_document(envoyProxyRef=GUARD)
    proxy = proxy_document(image="mine")
    writes = decide(inputs(kode_document(), template, proxy_config=proxy)).writes
    assert isinstance(writes[-1], Apply)
    (_, envoy) = writes[-1].manifest["spec"]["containers"]
    assert envoy["image"] == "mine"


def test_password_moves_whatever_else_is_wrong() -> None:
    make, strip = decide(inputs(kode_document(password="p"))).writes
    assert isinstance(make, Apply)
    assert make.manifest["metadata"]["name"] == "dev-auth"
    assert isinstance(strip, Patch)
    assert strip.body == {"spec": {"password": None}}


def test_missing_secret_is_told_beside_a_missing_template() -> None:
    decision = decide(inputs(kode_document(existingSecret="login")))
    assert decision.observation is not None
    assert [item.reason for item in decision.observation.problems] == [
        Reason.SECRET_NOT_FOUND,
        Reason.TEMPLATE_NOT_FOUND,
    ]


def test_missing_claim_is_told_and_nothing_is_made() -> None:
    kode = kode_document(storage={"existingVolumeClaim": "files"})
    decision = decide(inputs(kode, template_document()))
    assert decision.writes == ()
    assert ready(decision) == ("ClaimNotFound", "there is no claim files in team")


def test_progress_waits_and_is_looked_at_again() -> None:
    decision = decide(inputs(kode_document(), template_document()))
    assert decision.defer_status
    assert decision.requeue_after == 10.0
    assert decision.events == ()


def test_template_may_come_a_moment_after_a_new_kode() -> None:
    assert decide(inputs(kode_document())).defer_status


def test_template_that_vanishes_under_a_kode_is_told_at_once() -> None:
    decision = decide(inputs({**kode_document(), "status": {"phase": "Running"}}))
    assert not decision.defer_status
    assert ready(decision)[0] == "TemplateNotFound"


def test_mistake_in_a_new_kode_is_told_at_once() -> None:
    kode = kode_document(privileged=True)
    assert not decide(inputs(kode, template_document())).defer_status


@pytest.mark.attack
def test_object_in_the_way_is_looked_at_again() -> None:
    foreign = {"kind": "Service", "metadata": {"name": "dev", "uid": "x"}}
    seen = inputs(
        kode_document(), template_document(), children={ChildKey("Service", "dev"): foreign}
    )
    decision = decide(seen)
    assert not decision.defer_status
    assert decision.requeue_after == 60.0


def test_running_kode_that_idles_needs_nothing() -> None:
    assert decide(running(password="p").gather(KEY)) == Decision()


def test_status_that_the_api_server_filled_up_is_not_written_again() -> None:
    cluster = running()
    cluster.store.merge(("Kode", "team", "dev"), {"status": {"url": "", "runtime": ""}})
    assert decide(cluster.gather(KEY)) == Decision()


def test_pod_of_the_name_that_is_not_the_kodes_is_left_alone() -> None:
    cluster = running()
    place = ("Pod", "team", "dev")
    cluster.store.edit(place, lambda it: it["metadata"].update(ownerReferences=[{"uid": "x"}]))
    decision = decide(cluster.gather(KEY))
    assert decision.writes == ()
    assert ready(decision) == (
        "NotOwned",
        "Pod dev exists and is not this Kode's: delete it, or rename the Kode",
    )


def test_failure_is_told_beside_what_the_pass_saw() -> None:
    seen = running().gather(KEY)
    decision = decide(seen)
    refusal = PlatformError(Reason.REJECTED, 'pods "dev" is forbidden: exceeded quota: small')
    failed = after_failure(seen, decision, refusal)
    assert ready(failed)[0] == "QuotaExceeded"
    assert "exceeded quota: small" in ready(failed)[1]
    assert failed.writes == ()


def test_failure_about_a_kode_that_is_gone_is_told_nobody() -> None:
    error = PlatformError(Reason.PLATFORM_ERROR, "HTTP status 500")
    assert after_failure(inputs(None), decide(inputs(None)), error) == Decision()


def test_failure_that_was_told_already_is_not_told_again() -> None:
    cluster = Cluster(kode_document(), template_document())
    seen = cluster.gather(KEY)
    error = PlatformError(Reason.PLATFORM_ERROR, "HTTP status 500")
    first = after_failure(seen, decide(seen), error)
    cluster.store.merge(("Kode", "team", "dev"), {"status": first.status})
    again = replace(cluster.gather(KEY), now="2027-01-01T00:00:00Z")
    assert after_failure(again, decide(again), error).status is None


@pytest.mark.attack
def test_nothing_that_is_decided_shows_a_password() -> None:
    seen = inputs(kode_document(password="hunter2"), template_document())
    decision = decide(seen)
    for text in (repr(seen), repr(decision), repr(decision.observation), str(decision.status)):
        assert "hunter2" not in text
        assert "aHVudGVyMg" not in text


def test_claim_of_a_kode_that_was_made_anew_at_once_is_marked() -> None:
    cluster = running()
    cluster.store.delete(("Kode", "team", "dev"))
    cluster.store.write(
        {**kode_document(), "metadata": {**kode_document()["metadata"], "uid": "2"}}
    )
    (mark,) = decide(cluster.gather(KEY)).writes
    assert isinstance(mark, Patch)
    assert mark.body == {"metadata": {"labels": {"kode.jacero.io/retained": "true"}}}


def test_cluster_template_serves_any_namespace() -> None:
    kode = kode_document(templateRef={"kind": "KodeClusterTemplate", "name": "base"})
    document = template_document("KodeClusterTemplate")
    assert cluster_template().metadata.namespace == ""
    assert decide(inputs(kode, document)).writes
