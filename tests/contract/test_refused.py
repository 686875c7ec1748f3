"""Bad documents get the same answer everywhere: the same error, naming the same field.

The documents are those of tests/cluster/corpus, which a bare API server was asked about. Where it
stumbles over the text of a document before it has read it, there is nothing to compare.
"""

from typing import Any

import pytest
import yaml

from kode.api.conditions import Reason
from kode.api.meta import API_VERSION
from kode.errors import InvalidSpec, RefNotFound
from tests.cluster.corpus import Case, cases
from tests.contract.fixture import ContractFixture, Document

# A number that YAML can write and JSON libraries cannot; see the test at the end.
_CASES = [it for it in cases() if it.file != "documents" and it.name != "number-huge"]
_REFUSED = [case for case in _CASES if case.outcome == "refused"]
_ACCEPTED = [case for case in _CASES if case.outcome != "refused" and len(case.name) <= 200]


def _document(case: Case, fixture: ContractFixture) -> Document:
    found: Document = yaml.safe_load(case.text)
    metadata: dict[str, Any] = found.setdefault("metadata", {})
    if "Cluster" in case.kind:
        fixture.wide.append((case.kind, case.name))
    else:
        metadata["namespace"] = fixture.namespace
    return found


def test_there_are_enough_of_them() -> None:
    assert len(_REFUSED) >= 60
    assert len(_ACCEPTED) >= 40


@pytest.mark.parametrize("case", _REFUSED, ids=str)
async def test_it_is_refused_by_name(fixture: ContractFixture, case: Case) -> None:
    document = _document(case, fixture)
    with pytest.raises(InvalidSpec) as told:
        await fixture.platform.create(document)
    assert told.value.reason is Reason.INVALID_SPEC
    field = case.expected.split()[0]
    if field.startswith(("spec.", "metadata.")):
        assert field in told.value.message
    with pytest.raises(InvalidSpec):
        await fixture.platform.apply(document)
    if isinstance(document["metadata"].get("name"), str) and document["metadata"]["name"].isalnum():
        with pytest.raises(RefNotFound):
            await fixture.platform.get(case.kind, document["metadata"]["name"], fixture.namespace)


@pytest.mark.parametrize("case", _ACCEPTED, ids=str)
async def test_it_is_accepted_as_it_is_written(fixture: ContractFixture, case: Case) -> None:
    document = _document(case, fixture)
    document["metadata"]["name"] = name = fixture.name("accepted")
    fixture.wide[:] = [(kind, name) for kind, _ in fixture.wide]
    if case.kind == "Kode":
        document["spec"]["suspend"] = True
    try:
        made = await fixture.platform.create(document)
    except InvalidSpec:
        # What a schema cannot say, a cluster tells in a condition; another may say it at once.
        assert case.outcome == "told"
        return
    for key, value in document.get("spec", {}).items():
        if isinstance(value, str | bool) or key == "templateRef":
            assert made["spec"].get(key, value) == value
    assert (await fixture.platform.apply(document)).document["kind"] == case.kind


async def _refusal(fixture: ContractFixture, document: Document) -> str:
    with pytest.raises(InvalidSpec) as told:
        await fixture.platform.create(document)
    return told.value.message


async def test_a_kind_that_nobody_knows_is_refused(fixture: ContractFixture) -> None:
    document = {**fixture.kode(), "kind": "Koda"}
    assert "Koda" in await _refusal(fixture, document)


async def test_metadata_is_looked_at_as_well(fixture: ContractFixture) -> None:
    for field, value in (
        ("labels", {"a": "not a label value"}),
        ("labels", {"not/a/key": "b"}),
        ("annotations", {"-bad-": "b"}),
        ("annotations", {"a": "x" * 270_000}),
        ("namespace", "Upper"),
    ):
        document = fixture.kode()
        document["metadata"][field] = value
        assert field in await _refusal(fixture, document)


async def test_a_namespace_where_none_belongs_is_refused(fixture: ContractFixture) -> None:
    spec = {"type": "code-server", "image": "image"}
    document = fixture.document("KodeClusterTemplate", "wide", spec, namespace=fixture.namespace)
    assert "namespace" in await _refusal(fixture, document)


async def test_only_what_has_a_status_may_name_one(fixture: ContractFixture) -> None:
    assert "status" in await _refusal(fixture, {**fixture.template(), "status": {"phase": "x"}})


async def test_a_field_beside_the_spec_is_refused(fixture: ContractFixture) -> None:
    assert "extra" in await _refusal(fixture, {**fixture.kode(), "extra": 1})


async def test_a_document_that_is_too_large_is_refused(fixture: ContractFixture) -> None:
    env = [{"name": f"A{number}", "value": "x" * 32_000} for number in range(120)]
    with pytest.raises(InvalidSpec):
        await fixture.platform.create(fixture.kode(env=env))
    with pytest.raises(RefNotFound):
        await fixture.get("Kode")


async def test_a_secret_needs_base64(fixture: ContractFixture) -> None:
    document = {**fixture.secret(), "data": {"a": "not base64!"}}
    del document["stringData"]
    assert "data" in await _refusal(fixture, document)


async def test_a_bad_change_leaves_what_stands(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.template())
    for change in ({"puid": "x"}, {"unknown": 1}, {"port": 0}):
        bad = {**made, "spec": {**made["spec"], **change}}
        with pytest.raises(InvalidSpec, match=f"spec.{next(iter(change))}"):
            await fixture.platform.replace(bad)
    assert await fixture.get("KodeTemplate") == made


@pytest.mark.parametrize("value", [2**70, float("nan"), "\ud800", b"x", {1: 2}], ids=str)
async def test_what_json_cannot_say_is_refused(fixture: ContractFixture, value: object) -> None:
    filters = [{"name": "a", "typed_config": {"deep": value}}]
    document = fixture.document("EnvoyProxyConfig", "odd", {"httpFilters": filters})
    await _refusal(fixture, document)
    with pytest.raises(InvalidSpec):
        await fixture.platform.apply(document)


async def test_every_wrong_field_is_named_at_once(fixture: ContractFixture) -> None:
    document = fixture.template(puid=0, port=70_000, type="nothing")
    message = await _refusal(fixture, document)
    for field in ("spec.puid", "spec.port", "spec.type"):
        assert field in message
    assert document["apiVersion"] == API_VERSION
