"""kode.platform.local.reconcile.resolve: what a Kode means on one machine."""

from typing import Any

from kode.api.conditions import Reason
from kode.gateway.sidecar import AuthMode
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.reconcile.resolve import resolve_kode

META = {"name": "dev", "namespace": "team", "uid": "u"}
SSO = {
    "httpFilters": [
        {
            "name": "envoy.filters.http.ext_authz",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
                "grpc_service": {"envoy_grpc": {"cluster_name": "opa"}},
            },
        }
    ],
    "clusters": [{"name": "opa", "type": "STRICT_DNS", "load_assignment": {"cluster_name": "opa"}}],
}
REF = {"kind": "KodeTemplate", "name": "base"}


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {**META, "name": name}
    api = "kode.jacero.io/v1alpha1"
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


def test_a_kode_that_cannot_be_read_means_nothing_and_says_why() -> None:
    found = resolve_kode(LocalInputs(document("Kode", "dev", {"templateRef": 1})), "made up")
    assert found.kode is None
    assert found.desired is None
    assert [it.reason for it in found.problems] == [Reason.INVALID_SPEC]


def test_filters_that_keep_others_out_make_no_password() -> None:
    image = {"type": "code-server", "image": "linuxserver/code-server"}
    template = {**image, "envoyProxyRef": {"name": "sso"}}
    inputs = LocalInputs(
        document("Kode", "dev", {"templateRef": REF}),
        template=document("KodeTemplate", "base", template),
        proxy_config=document("EnvoyProxyConfig", "sso", SSO),
    )
    found = resolve_kode(inputs, "made up")
    assert found.problems == ()
    assert found.desired
    assert found.desired.auth_mode is AuthMode.FILTERS
    assert found.login.secret_to_write is None


def test_where_a_password_is_asked_for_one_is_made_up() -> None:
    image = {"type": "code-server", "image": "linuxserver/code-server"}
    inputs = LocalInputs(
        document("Kode", "dev", {"templateRef": REF}),
        template=document("KodeTemplate", "base", {**image, "envoyProxyRef": {"name": "sso"}}),
        proxy_config=document("EnvoyProxyConfig", "sso", {"authType": "basic"}),
    )
    found = resolve_kode(inputs, "made up")
    assert found.desired
    assert found.desired.auth_mode is AuthMode.BASIC
    assert found.login.credentials
    assert found.login.credentials.password == "made up"
    assert found.login.secret_to_write
