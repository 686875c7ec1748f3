"""Applying documents: what they say stands, what they no longer say goes, what others say stays."""

import asyncio

import pytest

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import Conflict, InvalidSpec, RefNotFound
from tests.contract.fixture import ContractFixture, Document, generation, version


def _env(document: Object) -> dict[str, str]:
    return {item["name"]: item["value"] for item in document["spec"].get("env", [])}


async def test_an_apply_creates_changes_and_leaves_alone(fixture: ContractFixture) -> None:
    first = await fixture.platform.apply(fixture.template(puid=5))
    assert first.verb == "created"
    again = await fixture.platform.apply(fixture.template(puid=5))
    assert again.verb == "unchanged"
    assert again.document == first.document
    changed = await fixture.platform.apply(fixture.template(puid=6))
    assert changed.verb == "configured"
    assert changed.document["spec"]["puid"] == 6
    assert generation(changed.document) == 2
    assert await fixture.get("KodeTemplate") == changed.document


async def test_what_is_no_longer_named_goes(fixture: ContractFixture) -> None:
    full = fixture.template(port=9000, command=["a"], nodeSelector={"disk": "ssd", "zone": "a"})
    full["metadata"]["labels"] = {"team": "a", "tier": "b"}
    await fixture.platform.apply(full)
    less = fixture.template(nodeSelector={"zone": "a"})
    less["metadata"]["labels"] = {"tier": "b"}
    found = (await fixture.platform.apply(less)).document
    assert "port" not in found["spec"]
    assert "command" not in found["spec"]
    assert found["spec"]["nodeSelector"] == {"zone": "a"}
    assert found["metadata"]["labels"] == {"tier": "b"}


async def test_what_goes_falls_back_to_its_default(fixture: ContractFixture) -> None:
    await fixture.platform.apply(fixture.template(tz="Europe/Rome", service={"type": "NodePort"}))
    spec = (await fixture.platform.apply(fixture.template())).document["spec"]
    assert spec["tz"] == "UTC"
    assert "service" not in spec


async def test_what_others_have_set_stays(fixture: ContractFixture) -> None:
    await fixture.platform.apply(fixture.kode(user="ada"))
    document = fixture.kode()

    def elsewhere(it: Document) -> None:
        it["spec"]["workspace"] = "src"
        it["metadata"].setdefault("labels", {})["team"] = "a"
        it["metadata"].setdefault("annotations", {})["example.org/a"] = "b"

    await fixture.edit(document, elsewhere)
    applied = (await fixture.platform.apply(fixture.kode(user="bob"))).document
    assert applied["spec"]["user"] == "bob"
    assert applied["spec"]["workspace"] == "src"
    assert applied["metadata"]["labels"]["team"] == "a"
    assert applied["metadata"]["annotations"]["example.org/a"] == "b"


async def test_a_stopped_kode_stays_stopped(fixture: ContractFixture) -> None:
    document = fixture.kode()
    del document["spec"]["suspend"]
    document["spec"]["templateRef"]["name"] = "absent"
    await fixture.platform.apply(document)
    await fixture.platform.suspend(fixture.name(), fixture.namespace, suspended=True)
    found = (await fixture.platform.apply(document)).document
    assert found["spec"]["suspend"] is True
    started = fixture.kode(suspend=False)
    assert (await fixture.platform.apply(started)).document["spec"]["suspend"] is False


async def test_items_with_a_name_are_merged_one_by_one(fixture: ContractFixture) -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    await fixture.platform.apply(fixture.kode(env=env))
    await fixture.edit(
        fixture.kode(), lambda it: it["spec"].update(env=[*env, {"name": "X", "value": "theirs"}])
    )
    less = [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]
    found = (await fixture.platform.apply(fixture.kode(env=less))).document
    assert _env(found) == {"B": "3", "C": "4", "X": "theirs"}
    names = [item["name"] for item in found["spec"]["env"] if item["name"] != "X"]
    assert names == ["B", "C"]


async def test_a_plain_list_is_one_value(fixture: ContractFixture) -> None:
    await fixture.platform.apply(fixture.template(command=["a", "b"]))
    found = (await fixture.platform.apply(fixture.template(command=["b"]))).document
    assert found["spec"]["command"] == ["b"]


async def test_an_apply_of_what_is_gone_makes_it_anew(fixture: ContractFixture) -> None:
    first = (await fixture.platform.apply(fixture.template())).document
    await fixture.platform.delete("KodeTemplate", fixture.name(), fixture.namespace)
    again = await fixture.platform.apply(fixture.template())
    assert again.verb == "created"
    assert again.document["metadata"]["uid"] != first["metadata"]["uid"]


async def test_a_document_of_another_object_is_not_applied(fixture: ContractFixture) -> None:
    first = (await fixture.platform.apply(fixture.template())).document
    await fixture.platform.delete("KodeTemplate", fixture.name(), fixture.namespace)
    document = fixture.template()
    document["metadata"]["uid"] = first["metadata"]["uid"]
    with pytest.raises(Conflict) as told:
        await fixture.platform.apply(document)
    assert told.value.reason is Reason.OUTDATED


async def test_an_apply_of_an_old_version_is_refused(fixture: ContractFixture) -> None:
    first = (await fixture.platform.apply(fixture.template())).document
    stands = (await fixture.platform.apply(fixture.template(puid=5))).document
    document = fixture.template(puid=6)
    document["metadata"]["resourceVersion"] = version(first)
    with pytest.raises(Conflict) as told:
        await fixture.platform.apply(document)
    assert told.value.reason is Reason.OUTDATED
    assert await fixture.get("KodeTemplate") == stands


async def test_a_part_of_an_object_can_be_applied(fixture: ContractFixture) -> None:
    await fixture.platform.create(fixture.kode(user="ada"))
    part = fixture.kode()
    part["spec"] = {"workspace": "src"}
    found = (await fixture.platform.apply(part)).document
    assert found["spec"]["user"] == "ada"
    assert found["spec"]["workspace"] == "src"


async def test_many_that_apply_at_once_all_get_through(fixture: ContractFixture) -> None:
    await fixture.platform.apply(fixture.template())
    applied = await asyncio.gather(
        *(fixture.platform.apply(fixture.template(puid=number)) for number in range(2, 8))
    )
    assert {it.document["spec"]["puid"] for it in applied} == set(range(2, 8))
    assert generation(await fixture.get("KodeTemplate")) == 7


async def test_secrets_are_applied_as_well(fixture: ContractFixture) -> None:
    await fixture.platform.apply(fixture.secret(a="1"))
    assert (await fixture.platform.apply(fixture.secret(a="1"))).verb == "unchanged"
    found = (await fixture.platform.apply(fixture.secret(a="2"))).document
    assert found["data"]["a"] == "Mg=="


async def test_the_namespace_that_a_file_begins_with_is_taken(fixture: ContractFixture) -> None:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fixture.namespace}}
    first = await fixture.platform.apply(document)
    assert first.verb in {"configured", "unchanged"}
    assert first.document["metadata"]["name"] == fixture.namespace
    assert (await fixture.platform.apply(document)).verb == "unchanged"
    for name in ("No Name", "", "n" * 64):
        wrong = {**document, "metadata": {"name": name}}
        with pytest.raises((InvalidSpec, RefNotFound), match="name"):
            await fixture.platform.apply(wrong)


async def test_a_kind_that_is_nobodys_is_told_with_those_that_are(fixture: ContractFixture) -> None:
    document = {**fixture.kode(), "kind": "ClusterKodeTemplate"}
    with pytest.raises(InvalidSpec, match="it is called KodeClusterTemplate") as caught:
        await fixture.platform.apply(document)
    assert "Kode, KodeTemplate" in caught.value.message
    assert "Lease" not in caught.value.message
