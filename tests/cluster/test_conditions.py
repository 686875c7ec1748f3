"""What goes wrong is told in the words of whoever knows: kubelet, scheduler, provisioner, Envoy."""

import json
from typing import Any

import pytest

from kode import names
from tests.canaries import CANARY, leaks
from tests.cluster.api import Object
from tests.cluster.documents import PASSWORD, USER, document, kode, proxy_config, stand_in
from tests.cluster.place import START, Place, condition

LOGIN = (USER, PASSWORD)
ABSENT = "kode/absent:none"
_NOT_ENVOY = {
    "name": "broken",
    "typed_config": {"@type": "type.googleapis.com/no.such.Filter", "value": 1},
}

_ASKS_NOBODY = {
    "name": "authz",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": "judge"}},
    },
}


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.allow_grants()
    place.apply(
        stand_in("plain"),
        stand_in("absent", image=ABSENT),
        stand_in("nowhere", nodeSelector={"kode.jacero.io/no-such": "node"}),
        stand_in("misread", envoyProxyRef={"name": "misread"}),
        stand_in("mistyped", envoyProxyRef={"name": "mistyped"}),
        stand_in("nobody", envoyProxyRef={"name": "nobody"}),
        stand_in("later", envoyProxyRef={"name": "later"}),
        stand_in("plugin", initPlugins=[_plugin()]),
        stand_in("dying", command=["sh", "-c", "echo no more >&2; exit 3"]),
        stand_in("unset", env=[_from_absent_secret()]),
        proxy_config("misread", httpFilters=[_NOT_ENVOY]),
        proxy_config("mistyped", authType="basic", clusters=[_cluster(CANARY)]),
        proxy_config("nobody", httpFilters=[_ASKS_NOBODY]),
        kode("absent", "absent"),
        kode("nobody", "nobody"),
        kode("nowhere", "nowhere"),
        kode("misread", "misread"),
        kode("mistyped", "mistyped"),
        kode("later", "later"),
        kode("plugin", "plugin"),
        kode("dying", "dying"),
        kode("unset", "unset"),
        kode("unstored", "plain", storage={"storageClassName": "no-such-class"}),
        kode("early", "to-come"),
        kode("running", "plain"),
    )


def _cluster(port: int | str) -> Object:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    assigned = {"cluster_name": "judge", "endpoints": endpoints}
    return {"name": "judge", "type": "STATIC", "connect_timeout": "1s", "load_assignment": assigned}


def _plugin() -> Object:
    command = ["sh", "-c", "echo the plugin gives up; exit 7"]
    return {"name": "fails", "image": stand_in("x")["spec"]["image"], "command": command}


def _from_absent_secret() -> Object:
    return {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "absent", "key": "token"}}}


def _told(place: Place, name: str, reason: str, kind: str = "WorkloadReady") -> str:
    """Return the message of a reason that stands in the condition, in Ready and in an Event."""
    message = place.message(name, reason, seconds=START)
    found = condition(place.get("Kode", name), kind)
    assert (found["status"], found["reason"]) == ("False", reason)
    assert place.warned(name, reason)
    return message


def test_an_image_that_cannot_be_pulled(place: Place) -> None:
    message = _told(place, "absent", "ImagePullFailed")
    assert ABSENT in message
    assert "not found" in message


def test_a_pod_that_fits_nowhere(place: Place) -> None:
    assert "didn't match Pod's node affinity/selector" in _told(place, "nowhere", "Unschedulable")


def test_a_claim_without_a_storage_class(place: Place) -> None:
    told = place.wait(
        "Kode",
        "unstored",
        lambda seen: "no-such-class" in str(condition(seen, "StorageReady").get("message")),
    )
    assert condition(told, "StorageReady")["reason"] == "ClaimPending"
    assert "not found" in condition(told, "StorageReady")["message"]
    assert condition(told, "Ready")["status"] == "False"


def test_a_filter_that_envoy_refuses(place: Place) -> None:
    message = _told(place, "misread", "ProxyConfigInvalid", "ResolvedRefs")
    assert "Envoy refuses proxy config misread" in message
    assert "no.such.Filter" in message
    assert message.endswith("nobody is let in until it is fixed")


def test_a_filter_is_mended(place: Place) -> None:
    place.message("misread", "ProxyConfigInvalid", seconds=START)
    before = place.uid("misread")
    place.edit("EnvoyProxyConfig", "misread", {"spec": {"httpFilters": []}})
    place.ready("misread")
    assert place.uid("misread") == before


def test_a_filter_that_asks_a_cluster_that_is_not_there(place: Place) -> None:
    message = _told(place, "nobody", "ProxyConfigInvalid", "ResolvedRefs")
    assert "httpFilters[0] (authz)" in message
    assert "grpc_service.envoy_grpc.cluster_name names the cluster 'judge'" in message
    assert place.api.get("Pod", names.pod("nobody"), place.namespace) is None
    place.edit("EnvoyProxyConfig", "nobody", {"spec": {"clusters": [_cluster(9)]}})
    place.ready("nobody")


def test_a_cluster_that_envoy_cannot_read_is_told_without_its_keys_and_mended(place: Place) -> None:
    message = _told(place, "mistyped", "ProxyConfigInvalid", "ResolvedRefs")
    assert "clusters[0]" in message
    assert "socket_address.port_value: invalid number" in message
    for told in (place.get("Kode", "mistyped")["status"], place.pod("mistyped")["status"]):
        assert not leaks(json.dumps(told))
    place.edit("EnvoyProxyConfig", "mistyped", {"spec": {"clusters": [_cluster(9)]}})
    place.ready("mistyped")
    with place.door("mistyped") as door:
        assert door.status("/") == 401
        assert door.status("/", login=LOGIN) == 200


def test_an_editor_that_ends(place: Place) -> None:
    assert "exit code 3" in _told(place, "dying", "CrashLooping")


def test_an_init_plugin_that_fails(place: Place) -> None:
    message = _told(place, "plugin", "InitFailed")
    assert "template-fails" in message
    assert "exit code 7" in message


def test_a_variable_from_an_absent_secret(place: Place) -> None:
    assert 'secret "absent" not found' in _told(place, "unset", "ContainerConfigFailed")


def test_a_template_that_comes_later(place: Place) -> None:
    assert "KodeTemplate" in _told(place, "early", "TemplateNotFound", "ResolvedRefs")
    assert place.children("early").keys() <= {("Secret", "early-auth")}
    assert "password" not in place.get("Kode", "early")["spec"], "it waits in the Secret"
    place.apply(stand_in("to-come"))
    place.ready("early")


def test_a_proxy_config_that_comes_later(place: Place) -> None:
    assert "later" in _told(place, "later", "ProxyConfigNotFound", "ResolvedRefs")
    assert place.absent("Pod", "later")
    place.apply(proxy_config("later", authType="basic"))
    place.ready("later")
    with place.door("later") as door:
        assert door.status("/") == 401


def test_a_template_that_is_broken(place: Place) -> None:
    # A space that only Unicode calls so: the API server's patterns let it pass.
    place.apply(stand_in("broken", image="kode/\u3000tools"), kode("broken", "broken"))
    assert "spec.image" in _told(place, "broken", "TemplateInvalid", "ResolvedRefs")
    assert place.absent("Pod", "broken")


def test_a_template_that_another_namespace_keeps_to_itself(place: Place, elsewhere: Place) -> None:
    elsewhere.apply(stand_in("private"))
    ref = {"kind": "KodeTemplate", "name": "private", "namespace": elsewhere.namespace}
    place.apply(document("Kode", "guest", {"templateRef": ref, "user": USER, "password": PASSWORD}))
    message = _told(place, "guest", "RefNotPermitted", "ResolvedRefs")
    assert "allowedNamespaces" in message
    allowed: dict[str, Any] = {"spec": {"allowedNamespaces": [place.namespace]}}
    elsewhere.edit("KodeTemplate", "private", allowed)
    place.ready("guest")


def test_a_template_deleted_under_a_running_kode(place: Place) -> None:
    place.ready("running")
    before = place.uid("running")
    place.delete("KodeTemplate", "plain")
    told = place.told("running", "TemplateNotFound", status="True")
    assert "running as it was" in condition(told, "Ready")["message"]
    assert condition(told, "ResolvedRefs")["status"] == "False"
    assert condition(told, "WorkloadReady")["status"] == "True"
    with place.door("running") as door:
        assert door.status("/", login=LOGIN) == 200
        assert door.status("/") == 401
    assert place.uid("running") == before

    place.edit("Kode", "running", {"spec": {"suspend": True}})
    place.gone("Pod", "running")
    place.edit("Kode", "running", {"spec": {"suspend": False}})
    place.told("running", "TemplateNotFound", status="False")
    place.apply(stand_in("plain"))
    place.ready("running")


def test_the_seeds_first_kode_is_told_what_it_lacks(place: Place) -> None:
    spec = {
        "templateRef": {"kind": "KodeTemplate", "name": "my-kode-template"},
        "user": "myuser",
        "password": "mypassword",
        "home": "/home/myuser",
        "workspace": "my-workspace",
        "storage": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "my-storage-class",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    place.apply(
        stand_in("my-kode-template", tz="UTC", defaultHome="/config"),
        document("Kode", "my-kode-instance", spec),
    )
    place.wait(
        "Kode",
        "my-kode-instance",
        lambda seen: "my-storage-class" in str(condition(seen, "Ready").get("message")),
    )
