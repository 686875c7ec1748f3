"""Passes over a cluster in memory: they come to rest, wherever one was cut off.

Rule: a run is a list of things that happen and the write after which the operator crashes. In the
end the operator must want nothing, whatever came in between, and never have written what is not
the Kode's own (tests/simulation asserts that at each write).
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kode.controllers.decide import decide
from kode.controllers.decision import Decision
from kode.controllers.inputs import KodeKey
from tests.documents import (
    Document,
    kode_document,
    namespace_document,
    proxy_document,
    secret_document,
    template_document,
)
from tests.simulation.cluster import CHILDREN, Cluster, Crash, former
from tests.strategies import KODES, PROXY_CONFIGS, TEMPLATES

pytestmark = pytest.mark.untraced

KEY = KodeKey("team", "dev")
KODE = ("Kode", "team", "dev")
FOREIGN = secret_document("login", password="theirs")
FORMER = ("ServiceAccount", "StatefulSet")
"""What is only deleted, and never in the way."""
Happening = Callable[[Cluster], None]


def at_rest(cluster: Cluster) -> None:
    """Let the operator finish, and assert that it then wants nothing more."""
    cluster.writes_left = None
    cluster.settle(KEY)
    rest = decide(cluster.gather(KEY))
    assert rest.writes == ()
    assert rest.status is None
    assert rest.events == ()
    # Whatever came before: what runs has nothing that it is not granted.
    live = cluster.store.find("Pod", "team", "dev")
    if live and cluster.store.find("Kode", "team", "dev"):
        assert "team" in cluster.gather(KEY).granting or not granted(live["spec"])


def granted(pod: Any) -> bool:
    securities = [it.get("securityContext", {}) for it in pod["containers"]]
    return "nodeSelector" in pod or any(it.get("privileged") for it in securities)


def crashed(cluster: Cluster, writes: int) -> bool:
    """Run until the operator crashes after so many writes; tell whether it did."""
    cluster.writes_left = writes
    try:
        cluster.settle(KEY)
    except Crash:
        return True
    return False


def template(**spec: Any) -> Happening:
    return lambda cluster: cluster.store.write(template_document(**spec))


def kode(**spec: Any) -> Happening:
    return lambda cluster: cluster.store.write(kode_document(**spec))


def gone(kind: str, name: str) -> Happening:
    def happen(cluster: Cluster) -> None:
        if (kind, "team", name) in cluster.store.objects:
            cluster.store.delete((kind, "team", name))

    return happen


def edited(kind: str, name: str, **spec: Any) -> Happening:
    def happen(cluster: Cluster) -> None:
        if (kind, "team", name) in cluster.store.objects:
            cluster.store.merge((kind, "team", name), {"spec": spec})

    return happen


def relabelled(kind: str, name: str) -> Happening:
    def happen(cluster: Cluster) -> None:
        if (kind, "team", name) in cluster.store.objects:
            body = {"metadata": {"labels": {"app.kubernetes.io/name": "another"}}}
            cluster.store.merge((kind, "team", name), body)

    return happen


def ended(reason: str) -> Happening:
    def happen(cluster: Cluster) -> None:
        if ("Pod", "team", "dev") in cluster.store.objects:
            status = {"phase": "Failed", "reason": reason}
            cluster.store.edit(("Pod", "team", "dev"), lambda it: it.update(status=status))

    return happen


def earlier(cluster: Cluster) -> None:
    kode = cluster.store.find(*KODE)
    places = ("Pod", "team", "dev"), ("StatefulSet", "team", "dev"), ("Pod", "team", "dev-0")
    if kode is None or any(place in cluster.store.objects for place in places[1:]):
        return
    cluster.store.objects.pop(places[0], None)
    for it in former(kode):
        cluster.store.create(it)


def namespace(*, grants: bool) -> Happening:
    return lambda cluster: cluster.store.write(namespace_document(grants=grants))


def stuck(cluster: Cluster) -> None:
    cluster.ready = False


HAPPENINGS: dict[str, Happening] = {
    "template-edited": template(image="new"),
    "template-broken": template(type="jupyter"),
    "template-gone": gone("KodeTemplate", "base"),
    "guarded": template(envoyProxyRef={"name": "guard"}),
    "password": kode(password="devpassword"),
    "password-again": kode(password="another", user="me"),
    "existing-secret": kode(existingSecret="login"),
    "no-login": kode(),
    "elsewhere": kode(workspace="elsewhere"),
    "own-claim-elsewhere": kode(storage={"existingVolumeClaim": "files"}),
    "not-kept": kode(storage={"keepVolume": False}),
    "larger": kode(storage={"resources": {"requests": {"storage": "20Gi"}}}),
    "suspended": kode(suspend=True),
    "kode-gone": gone("Kode", "dev"),
    "pod-gone": gone("Pod", "dev"),
    "pod-evicted": ended("Evicted"),
    "made-by-an-earlier-version": earlier,
    "login-gone": gone("Secret", "dev-auth"),
    "sidecar-gone": gone("Secret", "dev-envoy"),
    "claim-gone": gone("PersistentVolumeClaim", "dev-home"),
    "policy-edited": edited("NetworkPolicy", "dev", ingress=[{}]),
    "service-edited": edited("Service", "dev", selector={"a": "b"}),
    "pod-relabelled": relabelled("Pod", "dev"),
    "stuck": stuck,
    "granting": namespace(grants=True),
    "granting-no-more": namespace(grants=False),
    "granted": template(allowPrivileged=True, nodeSelector={"disk": "fast"}),
    "privileged": kode(privileged=True),
    "unreadable": kode(parameters={"p": {}}, password="third"),
}


def cluster_with(*documents: Document) -> Cluster:
    return Cluster(proxy_document(authType="basic"), FOREIGN, *documents)


def kept(cluster: Cluster) -> str:
    secret = cluster.store.find("Secret", "team", "dev-auth")
    return base64.b64decode((secret or {}).get("data", {}).get("password", "")).decode()


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_every_crash_point_of_every_change_comes_to_rest(happening: str) -> None:
    settled = cluster_with(kode_document(password="first"), template_document())
    settled.settle(KEY)
    for writes in range(60):
        cluster = settled.copy()
        HAPPENINGS[happening](cluster)
        if not crashed(cluster, writes):
            at_rest(cluster)
            return
        at_rest(cluster)
    raise AssertionError("it never came to rest by itself")


def test_every_crash_point_of_a_create_keeps_the_password() -> None:
    points = 0
    while True:
        cluster = cluster_with(kode_document(password="devpassword"), template_document())
        crash = crashed(cluster, points)
        spec = cluster.store.objects[KODE]["spec"]
        assert "devpassword" in (spec.get("password"), kept(cluster))
        at_rest(cluster)
        assert kept(cluster) == "devpassword"
        assert "password" not in cluster.store.objects[KODE]["spec"]
        if not crash:
            break
        points += 1
    assert points > 7


@given(st.lists(st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.integers(0, 12)), max_size=6))
def test_any_history_comes_to_rest(history: list[tuple[str, int]]) -> None:
    cluster = cluster_with(kode_document(), template_document())
    for name, writes in history:
        HAPPENINGS[name](cluster)
        crashed(cluster, writes)
    at_rest(cluster)
    assert cluster.store.find("Secret", "team", "login") is not None
    assert cluster.store.objects["Secret", "team", "login"]["data"] == FOREIGN["data"]


@settings(max_examples=25)
@given(KODES, TEMPLATES, PROXY_CONFIGS, st.integers(0, 12))
def test_any_kode_comes_to_rest(
    kode: Document, template: Document, proxy: Document, writes: int
) -> None:
    kode["spec"]["templateRef"] = {"kind": "KodeTemplate", "name": "base"}
    cluster = Cluster(kode, template, proxy, FOREIGN, namespace_document(grants=True))
    crashed(cluster, writes)
    at_rest(cluster)


@pytest.mark.parametrize("kind", [it for it in (*CHILDREN, "Pod") if it not in FORMER])
@pytest.mark.attack
def test_object_in_the_way_is_never_written(kind: str) -> None:
    names = {"Secret": "dev-envoy", "PersistentVolumeClaim": "dev-home"}
    foreign: Document = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": names.get(kind, "dev"), "namespace": "team"},
        "spec": {"replicas": 0, "template": {}, "selector": {}},
    }
    cluster = cluster_with(kode_document(), template_document(), foreign)
    stood = dict(cluster.store.objects)
    at_rest(cluster)
    place = (kind, "team", foreign["metadata"]["name"])
    assert cluster.store.objects[place]["spec"] == stood[place]["spec"]
    cluster.store.delete(KODE)
    cluster.reconcile(KEY)
    assert "labels" not in cluster.store.objects[place]["metadata"]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.attack
def test_files_are_never_handed_to_a_new_kode_of_the_name(*, keep: bool) -> None:
    cluster = cluster_with(kode_document(storage={"keepVolume": keep}), template_document())
    cluster.settle(KEY)
    first = cluster.store.objects["PersistentVolumeClaim", "team", "dev-home"]["metadata"]["uid"]
    cluster.store.delete(KODE)
    new = kode_document()
    new["metadata"]["uid"] = "another"
    cluster.store.write(new)
    at_rest(cluster)
    claim = cluster.store.objects["PersistentVolumeClaim", "team", "dev-home"]
    assert (claim["metadata"]["uid"] == first) is keep
    assert cluster.store.find("Pod", "team", "dev") is None or not keep


def test_template_edit_never_touches_the_pod_that_runs() -> None:
    cluster = cluster_with(kode_document(password="p"), template_document())
    cluster.settle(KEY)
    pod = cluster.store.find("Pod", "team", "dev")
    for change in ("template-edited", "guarded", "template-broken", "template-gone"):
        HAPPENINGS[change](cluster)
        at_rest(cluster)
        assert cluster.store.find("Pod", "team", "dev") == pod


SPELLED_OTHERWISE = (
    kode_document(
        password="p",
        home="/home/me",
        env=[{"name": "EMPTY"}],
        initPlugins=[{"name": "a", "image": "b", "env": [{"name": "C"}]}],
        storage={"resources": {"requests": {"storage": "1024Mi"}}},
    ),
    template_document(
        env=[{"name": "NOTHING"}],
        resources={"requests": {"cpu": "1000m"}, "limits": {"memory": "1024Mi"}},
        tolerations=[{}],
    ),
)


def test_idle_kode_is_never_written() -> None:
    cluster = cluster_with(*SPELLED_OTHERWISE)
    cluster.settle(KEY)
    cluster.store.writes.clear()
    for _ in range(5):
        cluster.seconds += 3600
        assert decide(cluster.gather(KEY)) == Decision()
