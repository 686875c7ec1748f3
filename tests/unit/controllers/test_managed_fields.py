"""Fields that belong to us before an apply."""

from typing import Any

import pytest

from kode.controllers.managed_fields import take_ownership

pytestmark = pytest.mark.attack

MANIFEST = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "dev", "labels": {"a": "b"}},
    "spec": {"type": "ClusterIP", "ports": [{"port": 80}]},
}
PORT_80: dict[str, Any] = {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}
PORT_81: dict[str, Any] = {'k:{"port":81,"protocol":"TCP"}': {".": {}, "f:port": {}}}


def _entry(manager: str, operation: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind = {"apiVersion": "v1", "fieldsType": "FieldsV1"}
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **kind, **more}


def test_one_apply_of_ours_is_left_as_it_is() -> None:
    entries = [_entry("kode", "Apply", {"f:spec": {"f:type": {}}})]
    assert take_ownership(entries, "kode", MANIFEST) is None


def test_the_fields_of_a_create_become_those_of_an_apply() -> None:
    entries = [
        _entry("kode", "Apply", {"f:spec": {"f:type": {}}}),
        _entry("kode", "Update", {"f:spec": {"f:ports": PORT_80}, "f:data": {}}),
    ]
    assert take_ownership(entries, "kode", MANIFEST) == [
        _entry("kode", "Apply", {"f:spec": {"f:type": {}, "f:ports": PORT_80}, "f:data": {}})
    ]


def test_items_that_somebody_put_into_our_list_become_ours() -> None:
    added = {"f:spec": {"f:ports": PORT_81, "f:externalName": {}}}
    entries = [
        _entry("kode", "Apply", {"f:spec": {"f:ports": PORT_80}}),
        _entry("kubectl-patch", "Update", added),
    ]
    assert take_ownership(entries, "kode", MANIFEST) == [
        _entry("kode", "Apply", {"f:spec": {"f:ports": {**PORT_80, **PORT_81}}}),
        _entry("kubectl-patch", "Update", {"f:spec": {"f:externalName": {}}}),
    ]


def test_an_entry_with_nothing_left_is_dropped() -> None:
    entries = [_entry("kubectl-patch", "Update", {"f:spec": {"f:ports": PORT_81}})]
    (mine,) = take_ownership(entries, "kode", MANIFEST) or []
    assert mine["manager"] == "kode"


def test_what_others_put_beside_our_fields_stays_theirs() -> None:
    entries = [
        _entry("kubectl-label", "Update", {"f:metadata": {"f:labels": {"f:mine": {}}}}),
        _entry("kubelet", "Update", {"f:spec": {"f:ports": PORT_81}}, subresource="status"),
    ]
    assert take_ownership(entries, "kode", MANIFEST) is None
