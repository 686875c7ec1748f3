"""Applying documents: what they say stands, what they no longer say goes, what others say stays."""

import asyncio

import pytest

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import Conflict, InvalidSpec, RefNotFound
from tests.contract.stage import Document, Stage, generation, version


def _env(document: Object) -> dict[str, str]:
    return {item["name"]: item["value"] for item in document["spec"].get("env", [])}


async def test_an_apply_creates_changes_and_leaves_alone(stage: Stage) -> None:
    first = await stage.platform.apply(stage.template(puid=5))
    assert first.verb == "created"
    again = await stage.platform.apply(stage.template(puid=5))
    assert again.verb == "unchanged"
    assert again.document == first.document
    changed = await stage.platform.apply(stage.template(puid=6))
    assert changed.verb == "configured"
    assert changed.document["spec"]["puid"] == 6
    assert generation(changed.document) == 2
    assert await stage.get("KodeTemplate") == changed.document


async def test_what_is_no_longer_named_goes(stage: Stage) -> None:
    full = stage.template(port=9000, command=["a"], nodeSelector={"disk": "ssd", "zone": "a"})
    full["metadata"]["labels"] = {"team": "a", "tier": "b"}
    await stage.platform.apply(full)
    less = stage.template(nodeSelector={"zone": "a"})
    less["metadata"]["labels"] = {"tier": "b"}
    found = (await stage.platform.apply(less)).document
    assert "port" not in found["spec"]
    assert "command" not in found["spec"]
    assert found["spec"]["nodeSelector"] == {"zone": "a"}
    assert found["metadata"]["labels"] == {"tier": "b"}


async def test_what_goes_falls_back_to_its_default(stage: Stage) -> None:
    await stage.platform.apply(stage.template(tz="Europe/Rome", service={"type": "NodePort"}))
    spec = (await stage.platform.apply(stage.template())).document["spec"]
    assert spec["tz"] == "UTC"
    assert "service" not in spec


async def test_what_others_have_set_stays(stage: Stage) -> None:
    await stage.platform.apply(stage.kode(user="ada"))
    document = stage.kode()

    def elsewhere(it: Document) -> None:
        it["spec"]["workspace"] = "src"
        it["metadata"].setdefault("labels", {})["team"] = "a"
        it["metadata"].setdefault("annotations", {})["example.org/a"] = "b"

    await stage.edit(document, elsewhere)
    applied = (await stage.platform.apply(stage.kode(user="bob"))).document
    assert applied["spec"]["user"] == "bob"
    assert applied["spec"]["workspace"] == "src"
    assert applied["metadata"]["labels"]["team"] == "a"
    assert applied["metadata"]["annotations"]["example.org/a"] == "b"


async def test_a_stopped_kode_stays_stopped(stage: Stage) -> None:
    document = stage.kode()
    del document["spec"]["suspend"]
    document["spec"]["templateRef"]["name"] = "absent"
    await stage.platform.apply(document)
    await stage.platform.suspend(stage.name(), stage.namespace, suspended=True)
    found = (await stage.platform.apply(document)).document
    assert found["spec"]["suspend"] is True
    started = stage.kode(suspend=False)
    assert (await stage.platform.apply(started)).document["spec"]["suspend"] is False


async def test_items_with_a_name_are_merged_one_by_one(stage: Stage) -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    await stage.platform.apply(stage.kode(env=env))
    await stage.edit(
        stage.kode(), lambda it: it["spec"].update(env=[*env, {"name": "X", "value": "theirs"}])
    )
    less = [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]
    found = (await stage.platform.apply(stage.kode(env=less))).document
    assert _env(found) == {"B": "3", "C": "4", "X": "theirs"}
    names = [item["name"] for item in found["spec"]["env"] if item["name"] != "X"]
    assert names == ["B", "C"]


async def test_a_plain_list_is_one_value(stage: Stage) -> None:
    await stage.platform.apply(stage.template(command=["a", "b"]))
    found = (await stage.platform.apply(stage.template(command=["b"]))).document
    assert found["spec"]["command"] == ["b"]


async def test_an_apply_of_what_is_gone_makes_it_anew(stage: Stage) -> None:
    first = (await stage.platform.apply(stage.template())).document
    await stage.platform.delete("KodeTemplate", stage.name(), stage.namespace)
    again = await stage.platform.apply(stage.template())
    assert again.verb == "created"
    assert again.document["metadata"]["uid"] != first["metadata"]["uid"]


async def test_a_document_of_another_object_is_not_applied(stage: Stage) -> None:
    first = (await stage.platform.apply(stage.template())).document
    await stage.platform.delete("KodeTemplate", stage.name(), stage.namespace)
    document = stage.template()
    document["metadata"]["uid"] = first["metadata"]["uid"]
    with pytest.raises(Conflict) as told:
        await stage.platform.apply(document)
    assert told.value.reason is Reason.OUTDATED


async def test_an_apply_of_an_old_version_is_refused(stage: Stage) -> None:
    first = (await stage.platform.apply(stage.template())).document
    stands = (await stage.platform.apply(stage.template(puid=5))).document
    document = stage.template(puid=6)
    document["metadata"]["resourceVersion"] = version(first)
    with pytest.raises(Conflict) as told:
        await stage.platform.apply(document)
    assert told.value.reason is Reason.OUTDATED
    assert await stage.get("KodeTemplate") == stands


async def test_a_part_of_an_object_can_be_applied(stage: Stage) -> None:
    await stage.platform.create(stage.kode(user="ada"))
    part = stage.kode()
    part["spec"] = {"workspace": "src"}
    found = (await stage.platform.apply(part)).document
    assert found["spec"]["user"] == "ada"
    assert found["spec"]["workspace"] == "src"


async def test_many_that_apply_at_once_all_get_through(stage: Stage) -> None:
    await stage.platform.apply(stage.template())
    applied = await asyncio.gather(
        *(stage.platform.apply(stage.template(puid=number)) for number in range(2, 8))
    )
    assert {it.document["spec"]["puid"] for it in applied} == set(range(2, 8))
    assert generation(await stage.get("KodeTemplate")) == 7


async def test_secrets_are_applied_as_well(stage: Stage) -> None:
    await stage.platform.apply(stage.secret(a="1"))
    assert (await stage.platform.apply(stage.secret(a="1"))).verb == "unchanged"
    found = (await stage.platform.apply(stage.secret(a="2"))).document
    assert found["data"]["a"] == "Mg=="


async def test_the_namespace_that_a_file_begins_with_is_taken(stage: Stage) -> None:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": stage.namespace}}
    first = await stage.platform.apply(document)
    assert first.verb in {"configured", "unchanged"}
    assert first.document["metadata"]["name"] == stage.namespace
    assert (await stage.platform.apply(document)).verb == "unchanged"
    for name in ("No Name", "", "n" * 64):
        wrong = {**document, "metadata": {"name": name}}
        with pytest.raises((InvalidSpec, RefNotFound), match="name"):
            await stage.platform.apply(wrong)


async def test_a_kind_that_is_nobodys_is_told_with_those_that_are(stage: Stage) -> None:
    document = {**stage.kode(), "kind": "ClusterKodeTemplate"}
    with pytest.raises(InvalidSpec, match="it is called KodeClusterTemplate") as caught:
        await stage.platform.apply(document)
    assert "Kode, KodeTemplate" in caught.value.message
    assert "Lease" not in caught.value.message
