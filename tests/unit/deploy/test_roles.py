"""What the roles in deploy/ let people and the operator do, asked as RBAC asks."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tools.source import ROOT

pytestmark = pytest.mark.attack

OURS = "kode.jacero.io"
FILES = [ROOT / "deploy/kustomize" / name for name in ("rbac.yaml", "roles.yaml")]
DOCUMENTS = [it for file in FILES for it in yaml.safe_load_all(file.read_text())]
ROLES: dict[str, Mapping[str, Any]] = {
    it["metadata"]["name"]: it for it in DOCUMENTS if it["kind"] == "ClusterRole"
}
PEOPLE = {"kode-user", "kode-pod-access", "kode-template-author", "kode-admin"}
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")


def may(role: str, verb: str, resource: str, group: str = OURS) -> bool:
    return any(
        verb in rule["verbs"] and resource in rule["resources"] and group in rule["apiGroups"]
        for rule in ROLES[role]["rules"]
    )


def test_nothing_is_granted_by_a_wildcard() -> None:
    for role in ROLES.values():
        for rule in role["rules"]:
            assert "*" not in {*rule["verbs"], *rule["resources"], *rule["apiGroups"]}


def test_people_get_roles_from_administrators_only() -> None:
    bound = {it["roleRef"]["name"] for it in DOCUMENTS if it["kind"].endswith("Binding")}
    assert ROLES.keys() >= PEOPLE
    assert not bound & PEOPLE


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_no_role_of_people_reads_secrets_or_makes_pods(role: str) -> None:
    for resource in ("secrets", "configmaps"):
        assert not any(may(role, verb, resource, "") for verb in READ)
    for resource in ("pods", "namespaces", "secrets", "serviceaccounts/token"):
        assert not any(may(role, verb, resource, "") for verb in WRITE)


@pytest.mark.parametrize(
    ("role", "resource", "writes"),
    [
        ("kode-user", "kodes", True),
        ("kode-user", "kodetemplates", False),
        ("kode-user", "kodeclustertemplates", False),
        ("kode-template-author", "kodes", False),
        ("kode-template-author", "kodetemplates", True),
        ("kode-template-author", "envoyproxyconfigs", True),
        ("kode-template-author", "kodeclustertemplates", False),
        ("kode-admin", "kodes", True),
        ("kode-admin", "kodetemplates", True),
        ("kode-admin", "envoyproxyconfigs", True),
        ("kode-admin", "kodeclustertemplates", True),
        ("kode-admin", "envoyproxyclusterconfigs", True),
    ],
)
def test_role_writes_what_is_its_own_and_reads_it(
    role: str, resource: str, *, writes: bool
) -> None:
    assert all(may(role, verb, resource) is writes for verb in WRITE)
    assert all(may(role, verb, resource) for verb in READ)


@pytest.mark.parametrize("resource", ["envoyproxyconfigs", "envoyproxyclusterconfigs"])
def test_who_makes_kodes_does_not_read_keys_of_proxy_configs(resource: str) -> None:
    assert not any(may("kode-user", verb, resource) for verb in (*READ, *WRITE))


def test_who_writes_templates_of_a_namespace_does_not_reach_those_of_the_cluster() -> None:
    for verb in (*READ, *WRITE):
        assert not may("kode-template-author", verb, "envoyproxyclusterconfigs")


@pytest.mark.parametrize("resource", ["pods/exec", "pods/portforward", "pods/log"])
def test_the_way_into_pods_is_given_by_itself(resource: str) -> None:
    for role in ("kode-user", "kode-template-author"):
        assert not any(may(role, verb, resource, "") for verb in (*READ, *WRITE))
    for role in ("kode-pod-access", "kode-admin"):
        assert may(role, "get", resource, "")


def test_only_who_reads_secrets_already_gets_a_role_unasked() -> None:
    for name, role in ROLES.items():
        marks = role["metadata"].get("labels") or {}
        into = {key.rpartition("-to-")[2] for key in marks if "aggregate-to" in key}
        expected = {"edit", "admin"} if name in ("kode-user", "kode-template-author") else set()
        assert into == expected


def test_operator_writes_children_by_a_role_of_its_own() -> None:
    for verb in ("create", "patch", "delete"):
        for resource in ("secrets", "services", "pods"):
            assert not may("kode-operator", verb, resource, "")
            assert may("kode-operator-children", verb, resource, "")
    assert not may("kode-operator-children", "delete", "persistentvolumeclaims", "")
    for resource, group in (("statefulsets", "apps"), ("serviceaccounts", "")):
        # What an earlier version made is deleted, and never made again.
        made = [may("kode-operator-children", verb, resource, group) for verb in WRITE]
        assert made == [verb == "delete" for verb in WRITE]
    assert not may("kode-operator", "patch", "namespaces", "")
    # What a sidecar's Envoy says is read; into a pod, or to its ports, the operator does not go.
    assert may("kode-operator", "get", "pods/log", "")
    for resource in ("pods/exec", "pods/portforward", "pods/proxy", "pods/attach"):
        for verb in ("get", "create"):
            assert not any(may(role, verb, resource, "") for role in ROLES if "operator" in role)
