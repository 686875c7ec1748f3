"""kode.render.grants: the stories of it are in the golden files of decide."""

from typing import Any

import pytest

from kode import labels
from kode.api.template import KodeTemplate
from kode.errors import InvalidSpec, RefNotFound
from kode.render.grants import check, is_granting, revoked
from kode.render.resolve import resolve
from kode.render.secret import SidecarConfig
from kode.render.workload import workload as pod_of
from tests.documents import (
    cluster_template,
    document,
    kode,
    namespace_document,
    resolved,
    template,
    typed,
)

pytestmark = pytest.mark.attack

PLACEMENT: list[dict[str, Any]] = [
    {"runtimeClassName": "kata"},
    {"hostUsers": True},
    {"nodeSelector": {"disk": ""}},
    {"tolerations": [{"operator": "Exists"}]},
]
READS: list[dict[str, Any]] = [
    {"envFrom": [{"secretRef": {"name": "x", "optional": True}}]},
    {"envFrom": [{"prefix": "A", "configMapRef": {"name": "x"}}]},
    {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "x", "key": "k"}}}]},
    {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "k"}}}]},
]


def elsewhere(**spec: Any) -> KodeTemplate:
    """Return a template of another namespace, which lets everybody use it."""
    given = {"type": "code-server", "image": "x", "allowedNamespaces": ["*"], **spec}
    return typed(KodeTemplate, document("KodeTemplate", "base", given, namespace="lent"))


@pytest.mark.parametrize("spec", PLACEMENT)
def test_each_placement_needs_leave(spec: dict[str, Any]) -> None:
    with pytest.raises(RefNotFound, match=f"may not set {next(iter(spec))}: "):
        check(kode(), template(**spec), ())
    check(kode(), template(**spec), {"team"})
    check(kode(), cluster_template(**spec), ())


@pytest.mark.parametrize("granting", [(), ("team",), ("lent",)])
@pytest.mark.parametrize("spec", PLACEMENT)
def test_placement_across_namespaces_needs_leave_of_both(
    spec: dict[str, Any], granting: tuple[str, ...]
) -> None:
    with pytest.raises(RefNotFound, match=r"kubectl label namespace (lent|team)"):
        check(kode(), elsewhere(**spec), granting)
    check(kode(), elsewhere(**spec), {"team", "lent"})


def test_privileged_across_namespaces_needs_leave_of_both() -> None:
    asks, gives = kode(privileged=True), elsewhere(allowPrivileged=True)
    for granting in ((), ("team",), ("lent",)):
        with pytest.raises(InvalidSpec, match="may not grant it"):
            check(asks, gives, granting)
    check(asks, gives, {"team", "lent"})


@pytest.mark.parametrize("spec", READS)
def test_no_leave_opens_what_is_read_across_namespaces(spec: dict[str, Any]) -> None:
    with pytest.raises(RefNotFound, match=r"would read (Secret|ConfigMap) x "):
        resolve(kode(), elsewhere(**spec), None, None, {"team", "lent"})
    check(kode(), template(**spec), ())
    check(kode(), cluster_template(**spec), ())


def test_what_tells_only_of_the_pod_itself_needs_no_leave() -> None:
    sources = [{"fieldRef": {"fieldPath": "metadata.name"}}]
    check(kode(), elsewhere(env=[{"name": "A", "valueFrom": it} for it in sources]), ())
    check(kode(), elsewhere(env=[{"name": "A", "value": "b"}], hostUsers=False), ())


def test_kode_that_does_not_ask_for_what_may_not_be_granted_runs() -> None:
    check(kode(), template(allowPrivileged=True), ())


@pytest.mark.parametrize(
    ("marks", "grants"), [({}, False), (None, False), ("true", False), ({"a": "true"}, False)]
)
def test_only_the_label_grants(marks: Any, *, grants: bool) -> None:
    namespace = namespace_document()
    namespace["metadata"]["labels"] = marks
    assert is_granting(namespace) is grants
    assert is_granting(namespace_document(grants=True))


def test_what_a_workload_holds_that_is_no_pod_is_no_grant() -> None:
    for workload in (None, {}, {"spec": None}, {"spec": {"template": {"spec": {"containers": 1}}}}):
        assert revoked(workload, None, ["team"]) == ()


def test_init_container_that_is_privileged_is_a_grant() -> None:
    pod = {"initContainers": [{"securityContext": {"privileged": True}}, "odd"]}
    assert revoked({"spec": {"template": {"spec": pod}}}, None, ["team"]) == ("privileged",)


def test_absent_cluster_template_takes_nothing_back() -> None:
    pod = {"containers": [{"securityContext": {"privileged": True}}]}
    workload = {"spec": {"template": {"spec": pod}}}
    assert revoked(workload, None, []) == ()
    assert revoked(workload, {"spec": {"allowPrivileged": True}}, []) == ()
    assert revoked(workload, {"spec": {}}, []) == ("privileged",)


def test_placement_of_a_pod_is_what_its_template_asked_for() -> None:
    added: dict[str, Any] = {"nodeSelector": {"team": "a"}, "tolerations": [{"key": "not-ready"}]}
    assert revoked({"kind": "Pod", "metadata": {}, "spec": added}, None, ["team"]) == ()
    asked = {"annotations": {labels.GRANTS: "nodeSelector,tolerations"}}
    found = revoked({"kind": "Pod", "metadata": asked, "spec": added}, None, ["team"])
    assert found == ("nodeSelector", "tolerations")
    rights = {"runtimeClassName": "kata", "hostUsers": True}
    found = revoked({"kind": "Pod", "metadata": {}, "spec": rights}, None, ["team"])
    assert found == ("runtimeClassName", "hostUsers")


@pytest.mark.parametrize("spec", PLACEMENT)
def test_pod_says_what_its_template_asked_for(spec: dict[str, Any]) -> None:
    pod = pod_of(resolved(over=template(**spec)), SidecarConfig("{}", "{}", "{}", "1"), "")
    assert pod["metadata"]["annotations"][labels.GRANTS] == next(iter(spec))
    assert revoked(pod, None, ["team"]) == (next(iter(spec)),)
    plain = pod_of(resolved(), SidecarConfig("{}", "{}", "{}", "1"), "")
    assert labels.GRANTS not in plain["metadata"]["annotations"]
