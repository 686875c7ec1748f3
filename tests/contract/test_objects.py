"""Making, reading, replacing and deleting objects."""

import asyncio

import pytest

from kode.api.conditions import Reason
from kode.errors import Conflict, InvalidSpec, RefNotFound
from tests.contract.stage import Stage, copied, generation, version


async def test_what_is_created_is_read_back(stage: Stage) -> None:
    made = await stage.platform.create(stage.template())
    assert await stage.get("KodeTemplate") == made
    metadata = made["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert generation(made) == 1
    assert made["apiVersion"] == "kode.jacero.io/v1alpha1"
    assert made["kind"] == "KodeTemplate"


async def test_defaults_are_filled_in(stage: Stage) -> None:
    spec = (await stage.platform.create(stage.template(env=[{"name": "A"}], service={})))["spec"]
    assert spec["tz"] == "UTC"
    assert spec["imagePullPolicy"] == "IfNotPresent"
    assert spec["service"] == {"type": "ClusterIP"}
    assert "port" not in spec
    assert "resources" not in spec
    kode = await stage.platform.create(stage.kode(storage={}, env=[{"name": "A"}]))
    assert kode["spec"]["storage"] == {"keepVolume": True}
    assert kode["spec"]["env"] == [{"name": "A", "value": ""}]
    assert kode["spec"]["privileged"] is False


async def test_what_is_null_is_left_out(stage: Stage) -> None:
    made = await stage.platform.create(stage.template(port=None, tz=None))
    assert "port" not in made["spec"]
    assert made["spec"]["tz"] == "UTC"


async def test_two_namespaces_have_two_objects_of_one_name(stage: Stage) -> None:
    one = await stage.platform.create(stage.template(puid=1))
    document = stage.template(puid=2)
    document["metadata"]["namespace"] = stage.other
    two = await stage.platform.create(document)
    assert one["metadata"]["uid"] != two["metadata"]["uid"]
    found = await stage.platform.get("KodeTemplate", stage.name(), stage.other)
    assert found["spec"]["puid"] == 2
    assert (await stage.get("KodeTemplate"))["spec"]["puid"] == 1


async def test_some_kinds_have_no_namespace(stage: Stage) -> None:
    spec = {"type": "code-server", "image": "image"}
    made = await stage.platform.create(stage.document("KodeClusterTemplate", "wide", spec))
    assert "namespace" not in made["metadata"]
    assert await stage.platform.get("KodeClusterTemplate", stage.name("wide")) == made
    listed = await stage.platform.list("KodeClusterTemplate")
    assert stage.name("wide") in {item["metadata"]["name"] for item in listed.items}


@pytest.mark.parametrize("kind", ["Kode", "KodeTemplate", "KodeClusterTemplate", "Secret"])
async def test_what_is_not_there_is_told(stage: Stage, kind: str) -> None:
    with pytest.raises(RefNotFound) as told:
        await stage.platform.get(kind, stage.name(), stage.namespace)
    assert told.value.reason is Reason.NOT_FOUND
    assert stage.name() in told.value.message
    with pytest.raises(RefNotFound) as told:
        await stage.platform.delete(kind, stage.name(), stage.namespace)
    assert told.value.reason is Reason.NOT_FOUND


async def test_nothing_is_created_over_something(stage: Stage) -> None:
    made = await stage.platform.create(stage.template())
    with pytest.raises(Conflict) as told:
        await stage.platform.create(stage.template(puid=7))
    assert told.value.reason is Reason.ALREADY_EXISTS
    assert await stage.get("KodeTemplate") == made


async def test_of_two_that_create_at_once_one_wins(stage: Stage) -> None:
    outcomes = await asyncio.gather(
        *(stage.platform.create(stage.template(puid=number)) for number in range(1, 6)),
        return_exceptions=True,
    )
    refused = [it for it in outcomes if isinstance(it, Conflict)]
    assert len(refused) == 4
    assert {it.reason for it in refused} == {Reason.ALREADY_EXISTS}


async def test_a_replace_takes_the_place_of_all_that_was_set(stage: Stage) -> None:
    made = copied(await stage.platform.create(stage.template(tz="Europe/Rome", puid=7)))
    del made["spec"]["tz"]
    made["spec"]["puid"] = 8
    made["metadata"]["labels"] = {"team": "a"}
    replaced = await stage.platform.replace(made)
    assert replaced["spec"]["tz"] == "UTC"
    assert replaced["spec"]["puid"] == 8
    assert replaced["metadata"]["labels"] == {"team": "a"}
    assert replaced["metadata"]["uid"] == made["metadata"]["uid"]
    assert replaced["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    assert await stage.get("KodeTemplate") == replaced


async def test_a_write_of_an_old_version_is_refused(stage: Stage) -> None:
    made = copied(await stage.platform.create(stage.template()))
    newer = copied(made)
    newer["spec"]["puid"] = 5
    stands = await stage.platform.replace(newer)
    made["spec"]["puid"] = 6
    with pytest.raises(Conflict) as told:
        await stage.platform.replace(made)
    assert told.value.reason is Reason.OUTDATED
    assert await stage.get("KodeTemplate") == stands


async def test_a_replace_says_which_version_it_means(stage: Stage) -> None:
    await stage.platform.create(stage.template())
    with pytest.raises(InvalidSpec, match=r"metadata\.resourceVersion"):
        await stage.platform.replace(stage.template(puid=5))


async def test_nothing_is_replaced_where_nothing_is(stage: Stage) -> None:
    made = copied(await stage.platform.create(stage.template()))
    await stage.platform.delete("KodeTemplate", stage.name(), stage.namespace)
    with pytest.raises(RefNotFound):
        await stage.platform.replace(made)


async def test_another_object_of_the_name_is_not_replaced(stage: Stage) -> None:
    made = copied(await stage.platform.create(stage.template()))
    await stage.platform.delete("KodeTemplate", stage.name(), stage.namespace)
    stands = await stage.platform.create(stage.template(puid=5))
    with pytest.raises(Conflict) as told:
        await stage.platform.replace(made)
    assert told.value.reason is Reason.OUTDATED
    assert await stage.get("KodeTemplate") == stands


async def test_the_generation_counts_changes_of_the_spec_alone(stage: Stage) -> None:
    document = stage.kode()
    assert generation(await stage.platform.create(document)) == 1
    labelled = await stage.edit(document, lambda it: it["metadata"].update(labels={"a": "b"}))
    assert generation(labelled) == 1
    changed = await stage.edit(document, lambda it: it["spec"].update(user="ada"))
    assert generation(changed) == 2
    assert version(changed) != version(labelled)


async def test_a_replace_that_changes_nothing_is_no_change(stage: Stage) -> None:
    made = await stage.platform.create(stage.template())
    assert version(await stage.platform.replace(made)) == version(made)


async def test_nobody_sets_a_status_by_writing_an_object(stage: Stage) -> None:
    document = stage.kode()
    document["status"] = {"phase": "Invented"}
    made = await stage.platform.create(document)
    assert (made.get("status") or {}).get("phase") != "Invented"
    written = await stage.edit(document, lambda it: it.update(status={"phase": "Invented"}))
    assert (written.get("status") or {}).get("phase") != "Invented"
    applied = await stage.platform.apply(document)
    assert (applied.document.get("status") or {}).get("phase") != "Invented"


async def test_the_platforms_own_metadata_cannot_be_written(stage: Stage) -> None:
    document = stage.template()
    document["metadata"] |= {"uid": "invented", "generation": 77}
    document["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z"
    made = await stage.platform.create(document)
    assert made["metadata"]["uid"] != "invented"
    assert generation(made) == 1
    assert not made["metadata"]["creationTimestamp"].startswith("2001")


async def test_what_is_deleted_is_gone_and_its_name_is_free(stage: Stage) -> None:
    made = await stage.platform.create(stage.kode())
    await stage.platform.delete("Kode", stage.name(), stage.namespace)
    with pytest.raises(RefNotFound):
        await stage.get("Kode")
    again = await stage.platform.create(stage.kode())
    assert again["metadata"]["uid"] != made["metadata"]["uid"]
    await stage.platform.delete("Kode", stage.name(), stage.namespace, purge=True)
    with pytest.raises(RefNotFound):
        await stage.get("Kode")


async def test_a_list_is_sorted_and_of_one_namespace_or_all(stage: Stage) -> None:
    for stem in ("c", "a", "b"):
        await stage.platform.create(stage.template(stem))
    document = stage.template("d")
    document["metadata"]["namespace"] = stage.other
    await stage.platform.create(document)

    async def listed(namespace: str | None) -> list[str]:
        found = (await stage.platform.list("KodeTemplate", namespace)).items
        names = [item["metadata"]["name"] for item in found]
        return [name.removesuffix(f"-{stage.mark}") for name in names if stage.mark in name]

    assert await listed(stage.namespace) == ["a", "b", "c"]
    assert await listed(stage.other) == ["d"]
    assert sorted(await listed(None)) == ["a", "b", "c", "d"]
    places = [
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for item in (await stage.platform.list("KodeTemplate")).items
    ]
    assert places == sorted(places)


async def test_a_listed_object_is_the_one_that_is_read(stage: Stage) -> None:
    made = await stage.platform.create(stage.template())
    listing = await stage.platform.list("KodeTemplate", stage.namespace)
    assert made in listing.items
    assert listing.version


async def test_any_text_is_kept_as_it_is(stage: Stage) -> None:
    texts = {
        "plain": "ä 漢字 🚀",
        "odd": "a\nb\t\"'`$(x) {{ y }}\\",
        "rtl": "\u202eabc",
        "empty": "",
    }
    env = [{"name": name, "value": text} for name, text in texts.items()]
    document = stage.kode(env=env)
    document["metadata"]["annotations"] = {"example.org/note": "ü\u2028\U0001f600"}
    await stage.platform.create(document)
    found = await stage.get("Kode")
    assert found["spec"]["env"] == env
    assert found["metadata"]["annotations"]["example.org/note"] == "ü\u2028\U0001f600"


async def test_a_large_document_is_kept(stage: Stage) -> None:
    env = [{"name": f"A{number}", "value": "x" * 30_000} for number in range(30)]
    await stage.platform.create(stage.kode(env=env))
    assert (await stage.get("Kode"))["spec"]["env"] == env


async def test_a_secret_is_kept_as_data(stage: Stage) -> None:
    made = await stage.platform.create(stage.secret(password="wörd"))
    assert made["data"] == {"password": "d8O2cmQ="}
    assert made["type"] == "Opaque"
    assert "stringData" not in made
    assert await stage.get("Secret") == made
