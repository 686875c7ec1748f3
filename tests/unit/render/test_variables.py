"""kode.render.variables."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.api.pod import EnvVar, TemplateEnvVar
from kode.render import variables
from tests.unit.render import kubelet


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("$(A)/x$(B)", "1/x2"),
        ("$$(A)", "$(A)"),
        ("$$", "$"),
        ("$(NONE) $A $", "$(NONE) $A $"),
        ("$$$(A)", "$1"),
        ("$(A", "$(A"),
        ("", ""),
    ],
)
def test_references_are_what_kubernetes_makes_of_them(text: str, becomes: str) -> None:
    assert variables.expand(text, {"A": "1", "B": "2"}) == becomes


@given(st.text("$()AB"))
def test_an_escaped_text_comes_out_as_it_was(text: str) -> None:
    assert variables.expand(variables.escape(text), {"A": "1", "B": "2"}) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [("$(A)", ["", ""]), ("x$$(A)", ["x$$(A)"]), ("$$$(A):$(A)", ["$$", ":", ""]), ("", [""])],
)
def test_parts_of_a_text_are_those_between_its_references(text: str, parts: list[str]) -> None:
    assert variables.split(text, "A") == parts
    assert variables.refers(text, "A") is (len(parts) > 1)


def item(name: str, value: str) -> EnvVar:
    return EnvVar(name=name, value=value)


def of_secret(name: str) -> TemplateEnvVar:
    ref = {"secretKeyRef": {"name": "s", "key": name}}
    return TemplateEnvVar.model_validate({"name": name, "valueFrom": ref})


def shown(items: list[variables.Variable]) -> list[dict[str, Any]]:
    return [it.model_dump(by_alias=True, exclude_none=True) for it in items]


def test_a_later_one_refers_to_the_earlier_one_of_its_name() -> None:
    items = [item("A", "1"), item("B", "$(A)"), item("A", "$(A):2"), item("A", "$(A):3")]
    assert shown(variables.order(items, {})) == [
        {"name": "B", "value": "1"},
        {"name": "A", "value": "1:2:3"},
    ]


def test_a_later_one_refers_to_the_earlier_one_of_a_secret() -> None:
    found = shown(variables.order([of_secret("A"), item("A", "$(A):2")], {}))
    assert [it["name"] for it in found] == ["KODE_BEFORE_A", "A"]
    assert "secretKeyRef" in found[0]["valueFrom"]
    assert found[1]["value"] == "$(KODE_BEFORE_A):2"


def test_what_nobody_refers_to_is_gone_with_the_next_of_its_name() -> None:
    found = shown(variables.order([of_secret("A"), item("A", "$$(A)")], {}))
    assert found == [{"name": "A", "value": "$$(A)"}]


def test_words_stand_in_the_place_of_their_references_until_a_variable_has_the_name() -> None:
    items = [item("A", "$(PORT)"), item("PORT", "3"), item("B", "$(PORT) $$(PORT)")]
    found = {it.name: it.value for it in variables.order(items, {"PORT": "$80"})}
    assert found == {"A": "$$80", "PORT": "3", "B": "$(PORT) $$(PORT)"}


NAMES = st.sampled_from("ABC")
VALUES = st.lists(
    st.sampled_from(["$(A)", "$(B)", "$(C)", "$(W)", "$(K)", "$(N)", "$$", "$", "(A)", "x"]),
    max_size=4,
).map("".join)
ITEMS = st.lists(st.builds(item, NAMES, VALUES) | st.builds(of_secret, NAMES), max_size=7)


@given(ITEMS)
def test_values_are_those_of_the_list_with_names_that_stand_twice(
    items: list[variables.Variable],
) -> None:
    words = {"W": "$(A)$$"}
    wanted = {**words, "K": "k"}
    for it in items:
        secret = isinstance(it, TemplateEnvVar) and it.value_from
        wanted[it.name] = "$(B)$$" if secret else kubelet.expand(it.value or "", wanted)
    ordered = variables.order(items, words, known=("K",))
    brought = {"K": "k"} | {f"of {it.name}": "$(B)$$" for it in ordered}
    found = kubelet.environment({"env": shown(ordered)}, brought)
    assert {name: found[name] for name in wanted if name != "W"} == {
        name: value for name, value in wanted.items() if name != "W"
    }
