"""Three-way apply: properties on any documents, and the cases that properties do not name."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kode.platform.local.admission import merge, schemas
from tests.documents import Document, document

KIND = "KodeTemplate"
SCHEMA = schemas.of(KIND)
SPECS = st.fixed_dictionaries(
    {"type": st.just("code-server"), "image": st.sampled_from(["a", "b"])},
    optional={
        "puid": st.integers(1, 3),
        "tz": st.sampled_from(["UTC", "Europe/Rome"]),
        "command": st.lists(st.sampled_from("ab"), max_size=2),
        "service": st.sampled_from([{}, {"type": "NodePort"}]),
        "nodeSelector": st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
        "resources": st.fixed_dictionaries(
            {}, optional={key: st.just({"cpu": "1"}) for key in ("limits", "requests")}
        ),
        "env": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from("ABC")}, optional={"value": st.sampled_from("xy")}
            ),
            max_size=3,
            unique_by=lambda it: it["name"],
        ),
        "initPlugins": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from("ab"), "image": st.sampled_from("xy")},
                optional={
                    "command": st.just(["c"]),
                    "env": st.sampled_from([[], [{"name": "A"}], [{"name": "B", "value": "x"}]]),
                },
            ),
            max_size=2,
            unique_by=lambda it: it["name"],
        ),
    },
)
DOCUMENTS = SPECS.map(lambda spec: document(KIND, "base", spec))
MAPS = st.dictionaries(st.sampled_from("abcde"), st.sampled_from("xyz"), max_size=4)


def stored(document: Document) -> Document:
    return dict(schemas.with_defaults(document, SCHEMA))


def apply(live: Document, before: Document, wanted: Document) -> Document:
    noted = merge.fields(before, SCHEMA)
    return stored(merge.merge(live, noted, wanted, SCHEMA))


def covers(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(key in found and covers(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(covers, found, wanted))
    return bool(found == wanted)


@given(DOCUMENTS)
def test_the_same_again_changes_nothing(first: Document) -> None:
    live = stored(first)
    assert apply(live, first, first) == live


@given(DOCUMENTS, DOCUMENTS)
def test_where_nobody_else_writes_the_last_document_is_what_stands(
    first: Document, second: Document
) -> None:
    assert apply(stored(first), first, second) == stored(second)


@given(DOCUMENTS, DOCUMENTS)
def test_what_is_applied_stands_even_over_what_was_never_applied(
    live: Document, wanted: Document
) -> None:
    found = merge.merge(stored(live), {}, wanted, SCHEMA)
    for key, value in wanted["spec"].items():
        if not isinstance(value, list):
            assert covers(found["spec"][key], value)


@given(DOCUMENTS, DOCUMENTS, MAPS)
def test_what_others_have_set_stays(first: Document, second: Document, theirs: Document) -> None:
    live = stored(first)
    live["metadata"] = {**live["metadata"], "annotations": theirs}
    env = [{"name": f"THEIRS_{key}", "value": value} for key, value in theirs.items()]
    live["spec"] = {**live["spec"], "env": [*live["spec"].get("env", []), *env]}
    found = apply(live, first, second)
    assert found["metadata"].get("annotations", {}) == theirs
    assert [it for it in found["spec"].get("env", []) if it in env] == env


@given(MAPS, MAPS, MAPS)
def test_the_keys_of_a_map_are_followed_one_by_one(
    first: Document, second: Document, theirs: Document
) -> None:
    live = labelled({**first, **theirs})
    noted = merge.release_fields(
        merge.fields(labelled(first), SCHEMA), labelled(first), live, SCHEMA
    )
    found = merge.merge(live, noted, labelled(second), SCHEMA)["metadata"].get("labels", {})
    changed = {key for key in theirs if first.get(key) != theirs[key]}
    assert found == {
        **{key: value for key, value in {**first, **theirs}.items() if key in changed},
        **second,
    }


@given(st.permutations("abcdef"), st.permutations("abcdef"), st.sets(st.sampled_from("abcdef")))
def test_items_stand_in_the_order_that_is_applied(
    live: list[str], applied: list[str], ours: set[str]
) -> None:
    wanted = [name for name in applied if name in ours]
    found = merge.merge(with_env(live), {}, with_env(wanted), SCHEMA)
    names = [item["name"] for item in found["spec"]["env"]]
    assert [name for name in names if name in ours] == wanted
    assert sorted(names) == sorted({*live, *wanted})
    if wanted == [name for name in live if name in ours]:
        assert names == live


@given(DOCUMENTS)
def test_what_is_noted_holds_no_value(first: Document) -> None:
    spec = {**first["spec"], "image": "very-secret-indeed"}
    assert "very-secret-indeed" not in str(merge.fields({**first, "spec": spec}, SCHEMA))


@given(DOCUMENTS, DOCUMENTS)
def test_a_write_by_others_takes_what_it_changes(first: Document, second: Document) -> None:
    noted = merge.fields(first, SCHEMA)
    assert merge.release_fields(noted, first, first, SCHEMA) == noted
    left = merge.release_fields(noted, stored(first), stored(second), SCHEMA)
    # Nothing of it goes, when nothing of it is applied any more, but what is as it was.
    bare = {**second, "spec": {}}
    rest = merge.merge(stored(second), left, bare, SCHEMA)["spec"]
    for key, value in stored(second)["spec"].items():
        if key not in rest and not isinstance(value, list):
            assert covers(stored(first)["spec"].get(key), value)


def test_status_and_the_rest_of_metadata_are_left_alone() -> None:
    live = labelled({"a": "b"})
    live["metadata"]["uid"] = "1"
    live["status"] = {"phase": "Running"}
    found = merge.merge(live, {}, {**labelled({}), "status": {"phase": "x"}}, SCHEMA)
    assert found == live


def test_an_item_that_somebody_else_has_added_to_stays_with_its_name() -> None:
    schema = schemas.of("Kode")
    first = {"metadata": {}, "spec": {"initPlugins": [{"name": "a", "image": "i"}]}}
    live: Document = {
        "metadata": {},
        "spec": {"initPlugins": [{"name": "a", "image": "i", "command": ["c"]}]},
    }
    found = merge.merge(live, merge.fields(first, schema), {"metadata": {}, "spec": {}}, schema)
    assert found["spec"]["initPlugins"] == [{"name": "a", "command": ["c"]}]


def test_a_value_of_another_kind_is_taken_out_whole() -> None:
    first: Document = {"metadata": {}, "spec": {"service": {"type": "NodePort"}}}
    live: Document = {"metadata": {}, "spec": {"service": "odd", "env": "odd"}}
    noted = merge.fields(first, SCHEMA)
    assert merge.merge(live, noted, {"metadata": {}, "spec": {}}, SCHEMA)["spec"] == {"env": "odd"}


def labelled(labels: Document) -> Document:
    metadata: Document = {"name": "it"}
    if labels:
        metadata["labels"] = dict(labels)
    return {"kind": KIND, "metadata": metadata, "spec": {}}


def with_env(names: list[str]) -> Document:
    env = [{"name": name, "value": name} for name in names]
    return {"kind": KIND, "metadata": {"name": "it"}, "spec": {"env": env}}
