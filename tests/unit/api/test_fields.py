"""Every field of every kind does something: changing it changes what a pass writes or tells.

Rule: a field is found in the CRDs, so a new one fails here until a document below sets it. It is
then changed to another valid value, by itself.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from kode.api import crd
from kode.api.document import parse
from kode.controllers.decide import decide
from kode.controllers.inputs import KodeKey
from kode.errors import InvalidSpec
from tests.documents import (
    EXT_AUTHZ,
    document,
    kode_document,
    namespace_document,
    proxy_document,
    secret_document,
    template_document,
)
from tests.simulation.cluster import Cluster

pytestmark = pytest.mark.untraced

Path = tuple[str, ...]
Schema = Mapping[str, Any]
KEY = KodeKey("team", "dev")
PLUGIN = {
    "name": "a",
    "image": "b",
    "command": ["c"],
    "args": ["d"],
    "env": [{"name": "E", "value": "f"}],
}
SOURCES = [
    {"name": "A", "value": "a"},
    {
        "name": "B",
        "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}},
    },
    {
        "name": "C",
        "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k", "optional": True}},
    },
    {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    {
        "name": "E",
        "valueFrom": {
            "resourceFieldRef": {
                "resource": "limits.memory",
                "containerName": "editor",
                "divisor": "1Mi",
            }
        },
    },
]
CPU = {"name": "cpu", "type": "number", "default": 1.5}
CHOICES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # A parameter, and what a Kode sets: an error tells what the parameter says, too.
    ({"name": "size", "displayName": "Size", "description": "How large."}, {}),
    ({"name": "size", "type": "string"}, {"size": "1"}),
    ({"name": "size", "options": [{"name": "Small", "value": "s"}]}, {"size": "m"}),
    ({"name": "size", "pattern": "s"}, {"size": "s"}),
    ({"name": "cpu", "type": "number", "min": 1}, {"cpu": 1}),
    ({"name": "cpu", "type": "number", "max": 0}, {"cpu": 1}),
]
TEMPLATE: dict[str, Any] = {
    "imagePullPolicy": "Always",
    "port": 9000,
    "command": ["a"],
    "args": ["b"],
    "env": SOURCES,
    "envFrom": [
        {"prefix": "X", "secretRef": {"name": "a", "optional": True}},
        {"configMapRef": {"name": "a", "optional": True}},
    ],
    "tz": "UTC",
    "puid": 1001,
    "pgid": 1002,
    "defaultHome": "/home/x",
    "defaultWorkspace": "w",
    "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}},
    "initPlugins": [PLUGIN],
    "envoyProxyRef": {"kind": "EnvoyProxyConfig", "name": "guard", "namespace": "team"},
    "service": {"type": "ClusterIP"},
    "allowPrivileged": True,
    "runtimeClassName": "r",
    "hostUsers": False,
    "nodeSelector": {"a": "b"},
    "tolerations": [
        {
            "key": "a",
            "operator": "Equal",
            "value": "b",
            "effect": "NoExecute",
            "tolerationSeconds": 1,
        }
    ],
}
KODE = {"templateRef": {"kind": "KodeTemplate", "name": "base", "namespace": "team"}}
GUARDED = {"envoyProxyRef": {"kind": "EnvoyProxyConfig", "name": "guard"}}
OF_CLUSTER = {"templateRef": {"kind": "KodeClusterTemplate", "name": "base"}}


def choosy(kind: str) -> Iterator[tuple[dict[str, Any], ...]]:
    """Give templates of a kind with a parameter, each with a Kode."""
    ref = {"templateRef": {"kind": kind, "name": "base"}}
    yield template_document(kind, parameters=[CPU], tz="{{ parameters.cpu }}"), kode_document(**ref)
    for parameter, values in CHOICES:
        yield (
            template_document(kind, parameters=[parameter]),
            kode_document(**ref, parameters=values),
        )


FULL: dict[str, list[tuple[dict[str, Any], ...]]] = {
    # For each kind the documents in which its fields are set; the first document is changed.
    "Kode": [
        (
            kode_document(
                **KODE,
                user="me",
                password="p",
                home="/home/y",
                workspace="w",
                suspend=False,
                env=[{"name": "A", "value": "b"}],
                initPlugins=[PLUGIN],
                dotfiles={"repository": "https://a", "ref": "b", "install": "c"},
                privileged=False,
                storage={
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "c",
                    "resources": {"requests": {"storage": "1Gi"}},
                    "keepVolume": True,
                },
            ),
            template_document(allowPrivileged=True),
        ),
        (
            kode_document(existingSecret="login", storage={"existingVolumeClaim": "files"}),
            template_document(),
        ),
        (
            kode_document(parameters={"cpu": 1}, userConfig="https://a"),
            template_document(parameters=[CPU], tz="{{ parameters.cpu }}"),
        ),
    ],
    "KodeTemplate": [
        (template_document(**TEMPLATE), kode_document(privileged=True)),
        (template_document(**GUARDED), kode_document()),
        (
            document(
                "KodeTemplate",
                "base",
                {"type": "code-server", "image": "x", "allowedNamespaces": ["team"]},
                namespace="other",
            ),
            kode_document(
                templateRef={"kind": "KodeTemplate", "name": "base", "namespace": "other"}
            ),
        ),
        *choosy("KodeTemplate"),
    ],
    "KodeClusterTemplate": [
        (
            template_document("KodeClusterTemplate", **TEMPLATE),
            kode_document(**OF_CLUSTER, privileged=True),
        ),
        (template_document("KodeClusterTemplate", **GUARDED), kode_document(**OF_CLUSTER)),
        *choosy("KodeClusterTemplate"),
    ],
    "EnvoyProxyConfig": [
        (
            proxy_document(
                image="i",
                authType="none",
                httpFilters=[EXT_AUTHZ],
                clusters=[{"name": "opa", "type": "static"}],
            ),
            template_document(envoyProxyRef={"name": "guard"}),
            kode_document(),
        )
    ],
    "EnvoyProxyClusterConfig": [
        (
            proxy_document(
                "EnvoyProxyClusterConfig",
                image="i",
                authType="none",
                httpFilters=[EXT_AUTHZ],
                clusters=[{"name": "opa", "type": "static"}],
            ),
            template_document(envoyProxyRef={"kind": "EnvoyProxyClusterConfig", "name": "guard"}),
            kode_document(),
        )
    ],
}
OTHERS = (
    proxy_document(),
    secret_document("login", password="p"),
    secret_document("loginx", password="q"),
)


def leaves(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Give the paths of scalar fields; `[]` stands for an item, `*` for a key."""
    if "properties" in schema:
        for name, field in schema["properties"].items():
            yield from leaves(field, (*path, name))
    elif "items" in schema:
        yield from leaves(schema["items"], (*path, "[]"))
    elif "additionalProperties" in schema:
        yield from leaves(schema["additionalProperties"], (*path, "*"))
    else:
        yield path, schema


def holder(value: Any, path: Path) -> tuple[Any, Any] | None:
    """Return what holds the field at a path, and its key there; None where it is not set."""
    head, *rest = path
    keys: list[Any] = [head]
    if head == "[]":
        keys = list(range(len(value))) if isinstance(value, list) else []
    elif head == "*":
        keys = list(value) if isinstance(value, dict) else []
    elif not isinstance(value, dict) or head not in value:
        return None
    for key in keys:
        found = holder(value[key], tuple(rest)) if rest else (value, key)
        if found:
            return found
    return None


def candidates(old: Any, schema: Schema) -> list[Any]:
    """Return other values for a field."""
    if isinstance(old, bool):
        return [not old]
    if "enum" in schema:
        return [value for value in schema["enum"] if value != old]
    return [old + 1] if isinstance(old, int) else [f"{old}x", f"{old}0", "5Gi", "7"]


def changes(first: dict[str, Any], path: Path, schema: Schema) -> Iterator[dict[str, Any]]:
    """Give the document with the field changed, for each other value that is valid."""
    found = holder(first, path)
    for value in candidates(found[0][found[1]], schema) if found else []:
        changed = copy.deepcopy(first)
        target = holder(changed, path)
        assert target is not None
        target[0][target[1]] = value
        try:
            parse(changed)
        except InvalidSpec:
            continue
        yield changed


def outcome(documents: tuple[dict[str, Any], ...]) -> str:
    """Return all that the first pass writes and tells."""
    cluster = Cluster(namespace_document(grants=True), *OTHERS)
    cluster.store.write(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "files", "namespace": "team"},
        }
    )
    for item in documents:
        cluster.store.write(item)
    decision = decide(cluster.gather(KEY))
    writes = [getattr(write, "manifest", None) or repr(write) for write in decision.writes]
    return json.dumps([writes, decision.status], default=str)


CASES = [
    (definition["spec"]["names"]["kind"], path, schema)
    for definition in crd.definitions()
    for path, schema in leaves(
        definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"],
        ("spec",),
    )
]


@cache
def whole(kind: str) -> list[str]:
    """Return the outcomes of the documents as they stand."""
    return [outcome(documents) for documents in FULL[kind]]


@pytest.mark.parametrize(
    ("kind", "path", "schema"), [pytest.param(*case, id=".".join(case[1])) for case in CASES]
)
def test_field_does_something(kind: str, path: Path, schema: Schema) -> None:
    seen = False
    for documents, before in zip(FULL[kind], whole(kind), strict=True):
        first, *others = documents
        for changed in changes(first, path, schema):
            seen = True
            if outcome((changed, *others)) != before:
                return
    assert seen, f"no document here sets {kind} {'.'.join(path)}"
    pytest.fail(f"{kind} {'.'.join(path)} does nothing")
