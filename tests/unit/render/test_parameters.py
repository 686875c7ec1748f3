"""kode.render.parameters."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.api.template import Template
from kode.errors import InvalidSpec, KodeError, RefNotFound
from kode.render.parameters import fill
from tests.documents import cluster_template, kode, template

pytestmark = pytest.mark.attack

CPU = {"name": "cpu", "type": "number", "displayName": "CPUs", "description": "How many.", "max": 8}
IMAGE = {"name": "image", "default": "x"}


def refusal(over: Template, **values: Any) -> KodeError:
    with pytest.raises(KodeError) as caught:
        fill(kode(parameters=values), over, "")
    return caught.value


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "spec.parameters.cpu (CPUs): required by KodeTemplate base (How many.)"),
        ({"cpu": 9}, "spec.parameters.cpu (CPUs): must be at most 8"),
        (
            {"cpu": 9, "ram": 1},
            (
                "spec.parameters.ram: KodeTemplate base has no such parameter; it has cpu, image; "
                "spec.parameters.cpu (CPUs): must be at most 8"
            ),
        ),
        (
            {"cpu": 1, "image": "a b"},
            (
                "spec.parameters: with these values KodeTemplate team/base is broken: "
                r"image: must match pattern '^[^\s-][^\s]*$'"
            ),
        ),
    ],
)
def test_value_that_does_not_fit_is_the_kodes_error(values: dict[str, Any], message: str) -> None:
    found = refusal(template(parameters=[CPU, IMAGE], image="{{ parameters.image }}"), **values)
    assert (type(found), found.reason) == (InvalidSpec, Reason.INVALID_SPEC)
    assert str(found) == message


def test_template_without_parameters_says_so() -> None:
    assert str(refusal(template(), cpu=1)).endswith("has no such parameter; it has none")
    bare = template(parameters=[{"name": "a"}])
    assert str(refusal(bare)) == "spec.parameters.a: required by KodeTemplate base"


@pytest.mark.parametrize(
    ("over", "named"),
    [
        (template(tz="{{ owner.name }}"), "KodeTemplate team/base"),
        (cluster_template(tz="{{ owner.name }}"), "KodeClusterTemplate base"),
    ],
)
def test_template_that_breaks_without_any_value_is_its_own_error(
    over: Template, named: str
) -> None:
    found = refusal(over)
    assert (type(found), found.reason) == (RefNotFound, Reason.TEMPLATE_INVALID)
    assert str(found).startswith(f"{named} is broken once filled in: tz: must have at least")


def test_template_without_placeholders_is_taken_as_it_is() -> None:
    over = template(parameters=[IMAGE])
    assert fill(kode(), over, "") is over.spec


def test_what_a_value_brings_in_is_text_and_stays_text() -> None:
    value = '{{ parameters.cpu }} "}, "privileged": true {{ kode.name }'
    over = template(
        parameters=[IMAGE, CPU | {"default": 1}],
        args=["{{ parameters.image }}"],
        puid=7,
        nodeSelector={"{{ key }}": "{{ kode.name }}"},
    )
    found = fill(kode(parameters={"image": value}), over, "")
    assert (found.args, found.puid) == ([value], 7)
    assert found.node_selector == {"{{ key }}": "dev"}


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, ["ada", ""]),
        (
            {
                "kode.jacero.io/owner-name": "Ada Lovelace",
                "kode.jacero.io/owner-email": "ada@example.org",
            },
            ["Ada Lovelace", "ada@example.org"],
        ),
    ],
)
def test_owner_is_annotated_or_else_the_user(
    annotations: dict[str, str], expected: list[str]
) -> None:
    person = kode()
    meta = person.metadata.model_copy(update={"annotations": annotations})
    over = template(args=["{{ owner.name }}", "{{ owner.email }}"])
    assert fill(person.model_copy(update={"metadata": meta}), over, "ada").args == expected
