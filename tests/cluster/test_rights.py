"""What the operator may do: what it needs, and nothing that it does not.

Rule: asked of the API server's own authorizer, for the ServiceAccount that is installed.
"""

import pytest

from tests.cluster.api import Api, Object
from tests.cluster.installation import NAMESPACE, Operator

ANYWHERE = "somebodys-namespace"
OURS = "kode.jacero.io"

NEEDED = [
    *((verb, OURS, "kodes", ANYWHERE) for verb in ("get", "list", "watch", "patch")),
    ("patch", OURS, "kodes/status", ANYWHERE),
    *((verb, OURS, "kodetemplates", ANYWHERE) for verb in ("list", "watch")),
    *((verb, OURS, "kodeclustertemplates", "") for verb in ("list", "watch")),
    *((verb, OURS, "envoyproxyconfigs", ANYWHERE) for verb in ("list", "watch")),
    *((verb, OURS, "envoyproxyclusterconfigs", "") for verb in ("list", "watch")),
    *(
        (verb, group, resource, ANYWHERE)
        for group, resource in (
            ("", "secrets"),
            ("", "services"),
            ("", "pods"),
            ("networking.k8s.io", "networkpolicies"),
        )
        for verb in ("list", "watch", "create", "patch", "delete")
    ),
    *(
        (verb, "", "persistentvolumeclaims", ANYWHERE)
        for verb in ("list", "watch", "create", "patch")
    ),
    ("get", "", "pods", ANYWHERE),
    ("get", "", "pods/log", ANYWHERE),
    # What 0.1.0 made.
    *((verb, "apps", "statefulsets", ANYWHERE) for verb in ("list", "watch", "delete")),
    *((verb, "", "serviceaccounts", ANYWHERE) for verb in ("list", "watch", "delete")),
    *((verb, "", "namespaces", "") for verb in ("get", "list", "watch")),
    ("get", "coordination.k8s.io", "leases", NAMESPACE),
    ("update", "coordination.k8s.io", "leases", NAMESPACE),
]

FORBIDDEN = [
    ("delete", "", "persistentvolumeclaims", ANYWHERE),
    ("deletecollection", "", "persistentvolumeclaims", ANYWHERE),
    ("delete", "", "persistentvolumes", ""),
    ("deletecollection", "", "pods", ANYWHERE),
    ("create", "", "pods/eviction", ANYWHERE),
    ("create", "apps", "statefulsets", ANYWHERE),
    ("patch", "apps", "statefulsets", ANYWHERE),
    ("create", "", "serviceaccounts", ANYWHERE),
    ("create", "", "pods/exec", ANYWHERE),
    ("create", "", "pods/attach", ANYWHERE),
    ("create", "", "pods/portforward", ANYWHERE),
    ("create", "", "serviceaccounts/token", ANYWHERE),
    ("create", "", "namespaces", ""),
    ("patch", "", "namespaces", ""),
    ("delete", "", "namespaces", ""),
    ("get", "", "nodes", ""),
    ("get", "", "nodes/proxy", ""),
    ("create", "apps", "deployments", ANYWHERE),
    ("patch", "apps", "deployments", NAMESPACE),
    ("create", "apps", "daemonsets", "kube-system"),
    ("create", "rbac.authorization.k8s.io", "roles", ANYWHERE),
    ("create", "rbac.authorization.k8s.io", "rolebindings", ANYWHERE),
    ("create", "rbac.authorization.k8s.io", "clusterrolebindings", ""),
    ("escalate", "rbac.authorization.k8s.io", "clusterroles", ""),
    ("bind", "rbac.authorization.k8s.io", "clusterroles", ""),
    ("impersonate", "", "users", ""),
    ("impersonate", "", "serviceaccounts", ANYWHERE),
    ("create", OURS, "kodes", ANYWHERE),
    ("delete", OURS, "kodes", ANYWHERE),
    ("patch", OURS, "kodetemplates", ANYWHERE),
    ("patch", OURS, "kodeclustertemplates", ""),
    ("patch", OURS, "envoyproxyclusterconfigs", ""),
    ("patch", "apiextensions.k8s.io", "customresourcedefinitions", ""),
    ("create", "admissionregistration.k8s.io", "validatingwebhookconfigurations", ""),
    ("update", "coordination.k8s.io", "leases", ANYWHERE),
    ("update", "coordination.k8s.io", "leases", "kube-system"),
    ("update", "coordination.k8s.io", "leases", "kube-node-lease"),
    ("create", "certificates.k8s.io", "certificatesigningrequests", ""),
]

Question = tuple[str, str, str, str]


def _may(api: Api, user: str, question: Question) -> bool:
    verb, group, resource, namespace = question
    resource, _, subresource = resource.partition("/")
    asked = {
        "verb": verb,
        "group": group,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
    }
    answer = api.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {
                "user": user,
                "groups": ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}"],
                "resourceAttributes": asked,
            },
        }
    )
    return bool(answer["status"]["allowed"])


def test_the_question_is_understood(api: Api) -> None:
    assert _may(api, "system:kube-scheduler", ("create", "", "pods/binding", ANYWHERE))
    assert not _may(api, "system:anonymous", ("list", "", "secrets", ANYWHERE))


@pytest.mark.parametrize("question", NEEDED, ids=" ".join)
def test_it_may_do_what_it_needs(api: Api, operator: Operator, question: Question) -> None:
    assert _may(api, operator.account(), question)


@pytest.mark.parametrize("question", FORBIDDEN, ids=" ".join)
def test_it_may_not_do_more(api: Api, operator: Operator, question: Question) -> None:
    assert not _may(api, operator.account(), question)


def test_no_rule_has_a_wildcard(api: Api, operator: Operator) -> None:
    roles = [role for role in _roles(api) if role["metadata"]["name"].startswith("kode")]
    assert roles
    assert operator.account()
    for role in roles:
        for rule in role.get("rules") or []:
            assert "*" not in str(rule), role["metadata"]["name"]


def _roles(api: Api) -> list[Object]:
    return api.list("ClusterRole") + api.list("Role", NAMESPACE)


def test_its_pod_is_confined(operator: Operator) -> None:
    spec = operator.deployment()["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    security = container["securityContext"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]
