"""Hypothesis strategies for documents of our kinds, made from the CRDs.

Rule: a new field is searched without a line here. What a schema cannot say (rules across fields,
names that stand once) is asked of `parse`.
"""

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from kode.api import crd
from kode.api.document import KINDS, parse
from kode.errors import InvalidSpec
from tests.documents import EXT_AUTHZ, Document, document

Schema = dict[str, Any]

_HOSTILE = ["$(PASSWORD)", "$$(X)", "{{ kode.name }}", "a\nb", "\x00", "💥", "'\"`;", "%s", "../.."]
# What a pattern admits of these is what is searched: quicker than making texts from the pattern,
# and nearer to what could do harm.
_WORDS = [
    *("a", "x-1", "dev", "a.b", "9.z", "x" * 40, "x" * 63, "x.y" * 80, "login", "files", "*"),
    *("/config", "/home/me", "/home/coder", "/etc/envoy", "/a" * 100, "workspace"),
    *("src/app", "-rf/@x", "A", "_", "PASSWORD", "HASHED_PASSWORD", "FILE__PASSWORD", "PORT"),
    *("CODE_SERVER_HOST", "FILE__PORT", "CUSTOM_PORT", "TZ", "HOME", "a-b.c_D", "UTC"),
    *("Europe/Rome", "me@example.org", "p w: $(X) 'q' \u2028", "codercom/code-server:1"),
    *("r.example.org:5000/x@sha256:0", "{{ kode.name }}", "$(IMAGE)", "%s", "💥", "linuxserver/x"),
    *("https://me@example.org:8443/$(PASSWORD)", "me@example.org:dots", "file:///$$(X)"),
]
_QUANTITIES = ["1", "1000m", "0.5", "1Gi", "1024Mi", "1e3", 2, "1.5Gi", "100k"]
_FILTERS = [
    EXT_AUTHZ,
    {
        "name": "lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": "-- %REQ(x)% 'quoted'"},
        },
    },
    {"name": "odd", "typed_config": {"@type": "x", "deep": [[[{"a": None}]]]}},
    {"name": "no-config"},
]
_CLUSTERS = [
    {"name": "opa", "type": "strict_dns", "connect_timeout": "1s"},
    {"name": "kode_editor"},
    {"name": "idp", "lbPolicy": "round_robin"},
]
_PARAMETERS: list[Schema] = [
    {"name": "cpu", "type": "number", "min": 0, "default": 1},
    {"name": "x", "default": "$(PASSWORD) {{ kode.name }}"},
    {"name": "gpu", "type": "bool", "default": True, "options": [{"name": "a", "value": True}]},
]
_RAW = {"httpFilters": _FILTERS, "clusters": _CLUSTERS, "parameters": _PARAMETERS}
# Most Kodes set none: what a template does not have is refused.
_VALUES: list[Schema] = [{}, {}, {}, {"cpu": 2}, {"x": "{{ no.more }}"}]


def from_schema(schema: Schema, name: str = "") -> st.SearchStrategy[Any]:
    """Return values that a structural schema admits."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.sampled_from(_QUANTITIES)
    if schema["type"] == "array":
        return _list(schema, name)
    if name == "parameters":
        return st.sampled_from(_VALUES)
    made: dict[str, Callable[[Schema], st.SearchStrategy[Any]]] = {
        "boolean": lambda _: st.booleans(),
        "integer": lambda it: st.integers(it.get("minimum", -10), it.get("maximum", 10)),
        "string": _text,
    }
    return made.get(schema["type"], _object)(schema)


def documents(kind: str, name: str = "base", **metadata: Any) -> st.SearchStrategy[Document]:
    """Return valid documents of a kind."""
    specs = from_schema(_SPECS[kind])
    return specs.map(lambda spec: document(kind, name, spec, **metadata)).filter(_is_valid)


def _text(schema: Schema) -> st.SearchStrategy[str]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", 40)
    if "pattern" in schema:
        return st.sampled_from([it for it in _WORDS if _fits(it, schema, low, high)])
    plain = st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=min(high, 20))
    return st.sampled_from(_HOSTILE) | plain


def _fits(text: str, schema: Schema, low: int, high: int) -> bool:
    pattern = schema["pattern"].removesuffix("$")
    return low <= len(text) <= high and bool(re.fullmatch(pattern, text))


def _list(schema: Schema, name: str) -> st.SearchStrategy[list[Any]]:
    items = st.sampled_from(_RAW[name]) if name in _RAW else from_schema(schema["items"])
    by_name = schema.get("x-kubernetes-list-type") == "map"
    return st.lists(
        items,
        min_size=schema.get("minItems", 0),
        max_size=min(schema.get("maxItems", 3), 3),
        unique_by=(lambda item: item["name"]) if by_name else None,
    )


def _object(schema: Schema) -> st.SearchStrategy[Any]:
    if "additionalProperties" in schema:
        keys = st.sampled_from(["cpu", "memory", "example.org/gpu", "💥"])
        return st.dictionaries(keys, from_schema(schema["additionalProperties"]), max_size=3)
    fields = {key: from_schema(it, key) for key, it in schema.get("properties", {}).items()}
    required = {key: fields.pop(key) for key in schema.get("required", [])}
    return st.fixed_dictionaries(required, optional=fields)


def _is_valid(found: Document) -> bool:
    try:
        parse(found)
    except InvalidSpec:
        return False
    return True


_SPECS: dict[str, Schema] = {
    definition["spec"]["names"]["kind"]: definition["spec"]["versions"][0]["schema"][
        "openAPIV3Schema"
    ]["properties"]["spec"]
    for definition in crd.definitions()
}

KODES = documents("Kode", "dev", uid="00000000-0000-4000-8000-000000000001", generation=1)
TEMPLATES = documents("KodeTemplate", generation=1)
PROXY_CONFIGS = documents("EnvoyProxyConfig", "guard", generation=1)

assert set(KINDS) == set(_SPECS)
