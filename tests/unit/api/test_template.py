"""kode.api.template and kode.api.pod."""

from typing import Any

import pytest

from kode.errors import InvalidSpec
from tests.documents import cluster_template, template

FIELD = {"fieldRef": {"fieldPath": "metadata.name"}}
SECRET = {"secretKeyRef": {"name": "a", "key": "b"}}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"type": "emacs"}, "spec.type: must be 'code-server', 'webtop', 'jupyter' or 'custom'"),
        ({"type": "custom"}, "spec: a template of type custom needs port: where its program "),
        ({"port": 15080}, "spec: port must not be one of the sidecar's: 15080, 15021"),
        ({"port": 15021}, "spec: port must not be one of the sidecar's: 15080, 15021"),
        ({"tz": "Europe/Zürich"}, "spec.tz: must match pattern "),
        ({"puid": 65532}, "spec: puid must not be 65532, the sidecar's: take another"),
        ({"puid": 0}, "spec.puid: must be greater than or equal to 1"),
        ({"image": "--privileged"}, "spec.image: must match pattern "),
        ({"initPlugins": [{"name": "a", "image": "-v"}]}, "spec.initPlugins[0].image: must "),
        (
            {"env": [{"name": "A", "value": "", "valueFrom": FIELD}]},
            "spec.env[0]: value and valueFrom exclude each other: set one of them",
        ),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "spec.env[0].valueFrom: exactly one of "),
        (
            {"env": [{"name": "A", "valueFrom": {**FIELD, **SECRET}}]},
            "spec.env[0].valueFrom: exactly one of secretKeyRef, configMapKeyRef, fieldRef, ",
        ),
        ({"envFrom": [{}]}, "spec.envFrom[0]: exactly one of secretRef and configMapRef must be "),
        ({"initPlugins": [{"name": "a/b", "image": "x"}]}, "spec.initPlugins[0].name: must match"),
        (
            {"envoyProxyRef": {"kind": "EnvoyProxyClusterConfig", "name": "a", "namespace": "b"}},
            "spec.envoyProxyRef: an EnvoyProxyClusterConfig has no namespace: leave namespace out",
        ),
        ({"allowedNamespaces": ["a*"]}, "spec.allowedNamespaces[0]: must match pattern "),
        ({"nodeSelector": {str(n): "" for n in range(65)}}, "spec.nodeSelector: "),
        ({"resources": {"limits": {"cpu": "much"}}}, "spec.resources.limits.cpu: must be a Kub"),
    ],
)
def test_wrong_field_is_named(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        template(**spec)
    assert str(caught.value).startswith(message)


def test_null_beside_the_one_source_is_as_good_as_none() -> None:
    template(env=[{"name": "A", "valueFrom": {**FIELD, "secretKeyRef": None}}])


def test_proxy_config_is_one_of_the_namespace_when_no_kind_is_said() -> None:
    ref = template(envoyProxyRef={"name": "guard"}).spec.envoy_proxy_ref
    assert ref is not None
    assert ref.kind == "EnvoyProxyConfig"


def test_cluster_template_is_for_all_namespaces_and_names_none() -> None:
    with pytest.raises(InvalidSpec, match=r"spec.allowedNamespaces: unknown field"):
        cluster_template(allowedNamespaces=["*"])
