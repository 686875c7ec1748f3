"""What is done with a document before it is stored, where a cluster shows nothing to compare."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.errors import InvalidSpec
from kode.platform.local.admission import admit, core_kinds, metadata, schemas
from kode.platform.local.store.objects import CLAIM, SECRET, Document, dumps
from tests.documents import kode_document, template_document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def claim(**spec: object) -> Document:
    given = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    spec = {**given, **spec}
    return {"apiVersion": "v1", "kind": CLAIM, "metadata": {"name": "files"}, "spec": spec}


def secret(**content: object) -> Document:
    return {"apiVersion": "v1", "kind": SECRET, "metadata": {"name": "it"}, **content}


def admitted(document: Document, live: Document | None = None) -> Document:
    placed, _ = admit.normalize(document)
    return admit.admit(placed, live)


@given(JSON)
def test_whatever_it_is_it_is_refused_in_words_or_can_be_stored(value: Any) -> None:
    document = kode_document()
    for odd in (value, {**document, "metadata": value}, {**document, "spec": value}):
        assert said(odd).isprintable()


def said(document: Any) -> str:
    try:
        return dumps(admitted(document))
    except InvalidSpec as refused:
        return refused.message


@given(JSON, JSON)
def test_metadata_is_refused_in_words(name: Any, labels: Any) -> None:
    for problem in metadata.problems("Kode", {"name": name, "namespace": name, "labels": labels}):
        assert problem.startswith("metadata.")
        assert len(problem) < 400


def test_a_short_version_is_completed_and_said() -> None:
    placed, warnings = admit.normalize({**kode_document(), "apiVersion": "v1alpha1"})
    assert placed["apiVersion"] == "kode.jacero.io/v1alpha1"
    assert "write it in full" in warnings[0]


def test_a_document_without_a_namespace_gets_one() -> None:
    assert admit.normalize(claim())[0]["metadata"]["namespace"] == "default"


def test_what_is_deep_is_refused() -> None:
    deep: object = "x"
    for _ in range(200):
        deep = [deep]
    with pytest.raises(InvalidSpec, match="nested too deeply"):
        admit.normalize({**kode_document(), "spec": deep})


def test_the_first_problems_are_told_and_the_rest_counted() -> None:
    labels = {f"a{number}": "not valid!" for number in range(20)}
    document = kode_document()
    document["metadata"]["labels"] = labels
    with pytest.raises(InvalidSpec, match="and 12 more"):
        admit.normalize(document)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"finalizers": "x"}, "metadata.finalizers"),
        ({"finalizers": ["not a name!"]}, "metadata.finalizers"),
        ({"ownerReferences": {}}, "metadata.ownerReferences"),
        ({"ownerReferences": ["x"]}, r"metadata.ownerReferences\[0\]"),
        ({"ownerReferences": [{"kind": "Kode"}]}, r"metadata.ownerReferences\[0\].uid"),
        ({"uid": 1}, "metadata.uid"),
        ({"labels": []}, "metadata.labels"),
        ({"annotations": "x"}, "metadata.annotations"),
        ({"annotations": {"a": 1}}, "metadata.annotations"),
        ({"odd": 1}, "metadata.odd"),
        ({"name": 7}, "metadata.name"),
    ],
)
def test_metadata_is_told_by_field(part: Document, field: str) -> None:
    document = kode_document()
    document["metadata"].update(part)
    with pytest.raises(InvalidSpec, match=field):
        admit.normalize(document)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"data": []}, "data"),
        ({"data": {"a b": ""}}, "data: a key"),
        ({"data": {"..": ""}}, "data: a key"),
        ({"data": {"a": 1}}, r"data\.a"),
        ({"data": {"a": "%%%"}}, r"data\.a"),
        ({"stringData": {"a": 1}}, r"stringData\.a"),
        ({"stringData": {"a": "x" * 2**20 + "x"}}, "data"),
        ({"type": 1}, "type"),
        ({"immutable": "yes"}, "immutable"),
        ({"spec": {}}, "spec"),
    ],
)
def test_a_secret_is_told_by_field(content: Document, field: str) -> None:
    with pytest.raises(InvalidSpec, match=field):
        admitted(secret(**content))


def test_a_secret_that_is_fixed_stays_as_it_is() -> None:
    live = admitted(secret(stringData={"a": "b"}, immutable=True, type="mine"))
    assert admitted(secret(data={"a": "Yg=="}, immutable=True, type="mine"), live) == live
    with pytest.raises(InvalidSpec, match="data"):
        admitted(secret(data={"a": "Yw=="}, immutable=True, type="mine"), live)
    with pytest.raises(InvalidSpec, match="data"):
        admitted(secret(data={"a": "Yg=="}, type="mine"), live)
    with pytest.raises(InvalidSpec, match="type"):
        admitted(secret(data={"a": "Yg=="}, immutable=True), live)


def test_an_odd_secret_is_left_for_the_checks() -> None:
    odd = secret(stringData={"a": 1})
    assert core_kinds.encode_string_data(odd) == odd


def test_a_claim_is_taken_as_it_is() -> None:
    document = claim(storageClassName="fast")
    assert admitted(document)["spec"] == document["spec"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"accessModes": ["Odd"]}, r"spec.accessModes\[0\]"),
        ({"resources": {}}, "spec.resources.requests"),
        ({"volumeName": "x"}, "spec.volumeName"),
    ],
)
def test_a_claim_is_told_by_field(spec: Document, field: str) -> None:
    with pytest.raises(InvalidSpec, match=field):
        admitted(claim(**spec))


def test_of_a_claim_only_the_size_is_changed() -> None:
    live = admitted(claim())
    larger = {"requests": {"storage": "2Gi"}}
    assert admitted(claim(resources=larger), live)["spec"]["resources"] == larger
    with pytest.raises(InvalidSpec, match=r"spec\.accessModes"):
        admitted(claim(accessModes=["ReadWriteMany"]), live)


def test_only_what_the_schema_knows_loses_its_nulls() -> None:
    schema = schemas.of("EnvoyProxyConfig")
    filters = [{"name": "a", "typed_config": {"kept": None}}]
    found = schemas.without_nulls({"spec": {"image": None, "httpFilters": filters}}, schema)
    assert found == {"spec": {"httpFilters": filters}}


def test_a_default_in_an_object_that_is_not_there_makes_no_object() -> None:
    found = admitted(template_document())
    assert "service" not in found["spec"]
    assert found["spec"]["tz"] == "UTC"
