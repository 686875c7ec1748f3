"""kode.api.document."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.api.conditions import Reason
from kode.api.document import KINDS, complete_version, dump, is_ours, parse
from kode.api.meta import API_VERSION
from kode.errors import InvalidSpec
from tests.documents import kode_document, proxy_document, template_document

SURROGATE = "\ud800"
HOSTILE = [
    SURROGATE,
    "\x00",
    "{{ parameters.x }}",
    "$(PASSWORD)",
    "../../etc/passwd",
    "a\nb: c",
    "'; drop table kodes; --",
    "💥" * 100,
    "%s%n",
    "<script>",
]


def refusal(document: dict[str, Any]) -> str:
    with pytest.raises(InvalidSpec) as caught:
        parse(document)
    assert caught.value.reason is Reason.INVALID_SPEC
    return str(caught.value)


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("document", [kode_document(), template_document(), proxy_document()])
def test_parse_and_dump_are_inverse(document: dict[str, Any]) -> None:
    assert dump(parse(document)) == document


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spec": {}}, "spec.templateRef: required"),
        ({"spec": None}, "spec: required"),
        ({"spec": []}, "spec: must be an object"),
        ({"data": {}}, "data: unknown field"),
        ({"metadata": None}, "metadata: required"),
        ({1: 2}, "[1]: a key must be text"),
        ({"apiVersion": SURROGATE}, "kind Kode of apiVersion \\ud800: must be one of "),
        ({"kind": None}, "kind (none) of apiVersion kode.jacero.io/v1alpha1: must be one of "),
        ({"kind": "x" * 100}, f"kind {'x' * 80}... of apiVersion "),
        ({"kind": [[]]}, "kind (list) of apiVersion "),
        ({"apiVersion": "v2"}, "kind Kode of apiVersion v2: must be one of Kode, KodeTemplate, "),
    ],
)
def test_refusal_says_which_field_and_why(changes: dict[str, Any], message: str) -> None:
    assert refusal({**kode_document(), **changes}).startswith(message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"foo": 1}, "spec.foo: unknown field"),
        ({"user": "a:b"}, "spec.user: must match pattern '^[A-Za-z0-9._@+-]+$'"),
        ({"env": [{"name": "A"}, {}]}, "spec.env[1].name: required"),
        ({"env": [{"name": "A=B"}]}, "spec.env[0].name: must match pattern "),
        ({"templateRef": {"kind": "Pod", "name": "x"}}, "spec.templateRef.kind: must be 'KodeTem"),
        (
            {"templateRef": {"kind": "KodeClusterTemplate", "name": "x", "namespace": "y"}},
            "spec.templateRef: a KodeClusterTemplate has no namespace: leave namespace out",
        ),
        (
            {"password": "x", "existingSecret": "y"},
            "spec: password and existingSecret exclude each other: set one of them",
        ),
        (
            {"storage": {"existingVolumeClaim": "x", "accessModes": ["ReadWriteOnce"]}},
            "spec.storage: existingVolumeClaim is mounted as it is: leave accessModes, ",
        ),
    ],
)
def test_wrong_field_of_a_kode_is_named(spec: dict[str, Any], message: str) -> None:
    assert refusal(kode_document(**spec)).startswith(message)


def test_refusal_names_the_first_five_fields_and_counts_the_rest() -> None:
    text = refusal(kode_document(**{f"f{n}": 1 for n in range(7)}))
    assert text.endswith("spec.f4: unknown field; and 2 more")


@pytest.mark.parametrize("password", ["secret\n", ["secret"], {"secret": 1}, "secret" * 50])
@pytest.mark.attack
def test_refusal_never_quotes_a_password(password: object) -> None:
    assert "secret" not in refusal(kode_document(password=password))


@pytest.mark.attack
def test_typed_kode_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(parse(kode_document(password="hunter2")))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["user", "password", "home", "workspace", "existingSecret"])
@pytest.mark.attack
def test_hostile_text_is_taken_or_refused(field: str, text: str) -> None:
    try:
        parse(kode_document(**{field: text}))
    except InvalidSpec as error:
        str(error).encode()


@pytest.mark.parametrize(
    "document",
    [
        {**kode_document(), "status": {"a": nested(3000)}},
        {**kode_document(), "kind": nested(3000)},
        {**kode_document(), "apiVersion": nested(3000)},
        {**kode_document(), "spec": nested(3000)},
        kode_document(env=nested(3000)),
        proxy_document(httpFilters=[{"name": "x", "typed_config": {"a": nested(3000)}}]),
    ],
)
@pytest.mark.attack
def test_deep_nesting_crashes_nothing(document: dict[str, Any]) -> None:
    try:
        repr(parse(document))
    except InvalidSpec as error:
        str(error).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(SURROGATE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *("apiVersion", "kind", "metadata", "spec", "status", "env", "storage", "templateRef"),
        *("name", "httpFilters", "clusters", "initPlugins", "resources", "password", SURROGATE),
    ]
)
SHAPED = st.recursive(
    JSON,
    lambda inner: st.dictionaries(FIELDS, inner, max_size=5) | st.lists(inner, max_size=2),
    max_leaves=20,
)


@given(st.sampled_from([*KINDS, "Pod", ""]), SHAPED, SHAPED, st.dictionaries(FIELDS, SHAPED))
def test_parse_answers_any_document(
    kind: str, metadata: object, spec: object, more: dict[str, object]
) -> None:
    document = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec, **more}
    try:
        json.dumps(dump(parse(document)))
    except InvalidSpec as error:
        str(error).encode()


@pytest.mark.parametrize(
    ("document", "version", "warned"),
    [
        ({"kind": "Kode", "apiVersion": "v1alpha1"}, API_VERSION, True),
        ({"kind": "Kode", "apiVersion": API_VERSION}, API_VERSION, False),
        ({"kind": "Pod", "apiVersion": "v1alpha1"}, "v1alpha1", False),
        ({"kind": ["Kode"], "apiVersion": "v1alpha1"}, "v1alpha1", False),
    ],
)
def test_short_version_of_a_kind_of_ours_is_completed_with_a_warning(
    document: dict[str, Any], version: str, *, warned: bool
) -> None:
    completed, warning = complete_version(document)
    assert completed["apiVersion"] == version
    text = "Kode: apiVersion v1alpha1 is read as kode.jacero.io/v1alpha1; write it in full"
    assert warning == (text if warned else None)


@pytest.mark.parametrize(
    ("version", "ours"),
    [(API_VERSION, True), ("kode.jacero.io/v9", True), ("v1", False), (None, False), ([], False)],
)
def test_document_is_ours_by_its_group(version: object, *, ours: bool) -> None:
    assert is_ours({"apiVersion": version}) is ours
