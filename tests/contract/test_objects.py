"""Making, reading, replacing and deleting objects."""

import asyncio

import pytest

from kode.api.conditions import Reason
from kode.errors import Conflict, InvalidSpec, RefNotFound
from tests.contract.fixture import ContractFixture, copied, generation, version


async def test_what_is_created_is_read_back(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.template())
    assert await fixture.get("KodeTemplate") == made
    metadata = made["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert generation(made) == 1
    assert made["apiVersion"] == "kode.jacero.io/v1alpha1"
    assert made["kind"] == "KodeTemplate"


async def test_defaults_are_filled_in(fixture: ContractFixture) -> None:
    spec = (await fixture.platform.create(fixture.template(env=[{"name": "A"}], service={})))[
        "spec"
    ]
    assert spec["tz"] == "UTC"
    assert spec["imagePullPolicy"] == "IfNotPresent"
    assert spec["service"] == {"type": "ClusterIP"}
    assert "port" not in spec
    assert "resources" not in spec
    kode = await fixture.platform.create(fixture.kode(storage={}, env=[{"name": "A"}]))
    assert kode["spec"]["storage"] == {"keepVolume": True}
    assert kode["spec"]["env"] == [{"name": "A", "value": ""}]
    assert kode["spec"]["privileged"] is False


async def test_what_is_null_is_left_out(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.template(port=None, tz=None))
    assert "port" not in made["spec"]
    assert made["spec"]["tz"] == "UTC"


async def test_two_namespaces_have_two_objects_of_one_name(fixture: ContractFixture) -> None:
    one = await fixture.platform.create(fixture.template(puid=1))
    document = fixture.template(puid=2)
    document["metadata"]["namespace"] = fixture.other
    two = await fixture.platform.create(document)
    assert one["metadata"]["uid"] != two["metadata"]["uid"]
    found = await fixture.platform.get("KodeTemplate", fixture.name(), fixture.other)
    assert found["spec"]["puid"] == 2
    assert (await fixture.get("KodeTemplate"))["spec"]["puid"] == 1


async def test_some_kinds_have_no_namespace(fixture: ContractFixture) -> None:
    spec = {"type": "code-server", "image": "image"}
    made = await fixture.platform.create(fixture.document("KodeClusterTemplate", "wide", spec))
    assert "namespace" not in made["metadata"]
    assert await fixture.platform.get("KodeClusterTemplate", fixture.name("wide")) == made
    listed = await fixture.platform.list("KodeClusterTemplate")
    assert fixture.name("wide") in {item["metadata"]["name"] for item in listed.items}


@pytest.mark.parametrize("kind", ["Kode", "KodeTemplate", "KodeClusterTemplate", "Secret"])
async def test_what_is_not_there_is_told(fixture: ContractFixture, kind: str) -> None:
    with pytest.raises(RefNotFound) as told:
        await fixture.platform.get(kind, fixture.name(), fixture.namespace)
    assert told.value.reason is Reason.NOT_FOUND
    assert fixture.name() in told.value.message
    with pytest.raises(RefNotFound) as told:
        await fixture.platform.delete(kind, fixture.name(), fixture.namespace)
    assert told.value.reason is Reason.NOT_FOUND


async def test_nothing_is_created_over_something(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.template())
    with pytest.raises(Conflict) as told:
        await fixture.platform.create(fixture.template(puid=7))
    assert told.value.reason is Reason.ALREADY_EXISTS
    assert await fixture.get("KodeTemplate") == made


async def test_of_two_that_create_at_once_one_wins(fixture: ContractFixture) -> None:
    outcomes = await asyncio.gather(
        *(fixture.platform.create(fixture.template(puid=number)) for number in range(1, 6)),
        return_exceptions=True,
    )
    refused = [it for it in outcomes if isinstance(it, Conflict)]
    assert len(refused) == 4
    assert {it.reason for it in refused} == {Reason.ALREADY_EXISTS}


async def test_a_replace_takes_the_place_of_all_that_was_set(fixture: ContractFixture) -> None:
    made = copied(await fixture.platform.create(fixture.template(tz="Europe/Rome", puid=7)))
    del made["spec"]["tz"]
    made["spec"]["puid"] = 8
    made["metadata"]["labels"] = {"team": "a"}
    replaced = await fixture.platform.replace(made)
    assert replaced["spec"]["tz"] == "UTC"
    assert replaced["spec"]["puid"] == 8
    assert replaced["metadata"]["labels"] == {"team": "a"}
    assert replaced["metadata"]["uid"] == made["metadata"]["uid"]
    assert replaced["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    assert await fixture.get("KodeTemplate") == replaced


async def test_a_write_of_an_old_version_is_refused(fixture: ContractFixture) -> None:
    made = copied(await fixture.platform.create(fixture.template()))
    newer = copied(made)
    newer["spec"]["puid"] = 5
    stands = await fixture.platform.replace(newer)
    made["spec"]["puid"] = 6
    with pytest.raises(Conflict) as told:
        await fixture.platform.replace(made)
    assert told.value.reason is Reason.OUTDATED
    assert await fixture.get("KodeTemplate") == stands


async def test_a_replace_says_which_version_it_means(fixture: ContractFixture) -> None:
    await fixture.platform.create(fixture.template())
    with pytest.raises(InvalidSpec, match=r"metadata\.resourceVersion"):
        await fixture.platform.replace(fixture.template(puid=5))


async def test_nothing_is_replaced_where_nothing_is(fixture: ContractFixture) -> None:
    made = copied(await fixture.platform.create(fixture.template()))
    await fixture.platform.delete("KodeTemplate", fixture.name(), fixture.namespace)
    with pytest.raises(RefNotFound):
        await fixture.platform.replace(made)


async def test_another_object_of_the_name_is_not_replaced(fixture: ContractFixture) -> None:
    made = copied(await fixture.platform.create(fixture.template()))
    await fixture.platform.delete("KodeTemplate", fixture.name(), fixture.namespace)
    stands = await fixture.platform.create(fixture.template(puid=5))
    with pytest.raises(Conflict) as told:
        await fixture.platform.replace(made)
    assert told.value.reason is Reason.OUTDATED
    assert await fixture.get("KodeTemplate") == stands


async def test_the_generation_counts_changes_of_the_spec_alone(fixture: ContractFixture) -> None:
    document = fixture.kode()
    assert generation(await fixture.platform.create(document)) == 1
    labelled = await fixture.edit(document, lambda it: it["metadata"].update(labels={"a": "b"}))
    assert generation(labelled) == 1
    changed = await fixture.edit(document, lambda it: it["spec"].update(user="ada"))
    assert generation(changed) == 2
    assert version(changed) != version(labelled)


async def test_a_replace_that_changes_nothing_is_no_change(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.template())
    assert version(await fixture.platform.replace(made)) == version(made)


async def test_nobody_sets_a_status_by_writing_an_object(fixture: ContractFixture) -> None:
    document = fixture.kode()
    document["status"] = {"phase": "Invented"}
    made = await fixture.platform.create(document)
    assert (made.get("status") or {}).get("phase") != "Invented"
    written = await fixture.edit(document, lambda it: it.update(status={"phase": "Invented"}))
    assert (written.get("status") or {}).get("phase") != "Invented"
    applied = await fixture.platform.apply(document)
    assert (applied.document.get("status") or {}).get("phase") != "Invented"


async def test_the_platforms_own_metadata_cannot_be_written(fixture: ContractFixture) -> None:
    document = fixture.template()
    document["metadata"] |= {"uid": "invented", "generation": 77}
    document["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z"
    made = await fixture.platform.create(document)
    assert made["metadata"]["uid"] != "invented"
    assert generation(made) == 1
    assert not made["metadata"]["creationTimestamp"].startswith("2001")


async def test_what_is_deleted_is_gone_and_its_name_is_free(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.kode())
    await fixture.platform.delete("Kode", fixture.name(), fixture.namespace)
    with pytest.raises(RefNotFound):
        await fixture.get("Kode")
    again = await fixture.platform.create(fixture.kode())
    assert again["metadata"]["uid"] != made["metadata"]["uid"]
    await fixture.platform.delete("Kode", fixture.name(), fixture.namespace, purge=True)
    with pytest.raises(RefNotFound):
        await fixture.get("Kode")


async def test_a_list_is_sorted_and_of_one_namespace_or_all(fixture: ContractFixture) -> None:
    for stem in ("c", "a", "b"):
        await fixture.platform.create(fixture.template(stem))
    document = fixture.template("d")
    document["metadata"]["namespace"] = fixture.other
    await fixture.platform.create(document)

    async def listed(namespace: str | None) -> list[str]:
        found = (await fixture.platform.list("KodeTemplate", namespace)).items
        names = [item["metadata"]["name"] for item in found]
        return [name.removesuffix(f"-{fixture.mark}") for name in names if fixture.mark in name]

    assert await listed(fixture.namespace) == ["a", "b", "c"]
    assert await listed(fixture.other) == ["d"]
    assert sorted(await listed(None)) == ["a", "b", "c", "d"]
    places = [
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for item in (await fixture.platform.list("KodeTemplate")).items
    ]
    assert places == sorted(places)


async def test_a_listed_object_is_the_one_that_is_read(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.template())
    listing = await fixture.platform.list("KodeTemplate", fixture.namespace)
    assert made in listing.items
    assert listing.version


async def test_any_text_is_kept_as_it_is(fixture: ContractFixture) -> None:
    texts = {
        "plain": "ä 漢字 🚀",
        "odd": "a\nb\t\"'`$(x) {{ y }}\\",
        "rtl": "\u202eabc",
        "empty": "",
    }
    env = [{"name": name, "value": text} for name, text in texts.items()]
    document = fixture.kode(env=env)
    document["metadata"]["annotations"] = {"example.org/note": "ü\u2028\U0001f600"}
    await fixture.platform.create(document)
    found = await fixture.get("Kode")
    assert found["spec"]["env"] == env
    assert found["metadata"]["annotations"]["example.org/note"] == "ü\u2028\U0001f600"


async def test_a_large_document_is_kept(fixture: ContractFixture) -> None:
    env = [{"name": f"A{number}", "value": "x" * 30_000} for number in range(30)]
    await fixture.platform.create(fixture.kode(env=env))
    assert (await fixture.get("Kode"))["spec"]["env"] == env


async def test_a_secret_is_kept_as_data(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.secret(password="wörd"))
    assert made["data"] == {"password": "d8O2cmQ="}
    assert made["type"] == "Opaque"
    assert "stringData" not in made
    assert await fixture.get("Secret") == made
