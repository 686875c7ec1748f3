"""kode.api.parameters and kode.api.placeholders."""

from typing import Any

import pytest

from kode.api.kode import Kode
from kode.errors import InvalidSpec
from tests.documents import kode, template

pytestmark = pytest.mark.attack

SIZES = [{"name": "Small", "value": "s"}, {"name": "Large", "value": "l"}]
NUMBERS = [{"name": "few", "value": 1}, {"name": "many", "value": "4.50"}]


def refused(**spec: Any) -> str:
    with pytest.raises(InvalidSpec) as caught:
        template(**spec)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "a.b"}, "[0].name: must match pattern"),
        ({"name": ""}, "[0].name: must have at least 1 character"),
        ({"min": 1}, "[0]: min and max are for a parameter of type number"),
        ({"type": "bool", "max": 1}, "[0]: min and max are for a parameter of type number"),
        ({"type": "number", "pattern": "a"}, "[0]: pattern is for a parameter of type string"),
        ({"type": "number", "min": 2, "max": 1}, "[0]: min must not be larger than max"),
        ({"type": "number", "min": float("nan")}, "[0].min: must be a finite number"),
        ({"pattern": "(a"}, "[0]: pattern: (a is not a valid RE2 pattern"),
        ({"pattern": r"(a)\1"}, r"[0]: pattern: (a)\1 is not a valid RE2 pattern"),
        ({"default": 3}, "[0]: default: must be text: put it in quotes"),
        ({"default": ["a"]}, "[0].default: must be text, a number, true or false"),
        ({"default": "x" * 4097}, "[0].default: must have at most 4096 characters"),
        ({"default": "a\x00"}, "[0].default: must not contain the NUL character"),
        ({"default": float("inf")}, "[0].default: must be between -1000000000000000 and "),
        ({"default": 10**400}, "[0].default: must be between -1000000000000000 and "),
        ({"type": "bool", "default": "yes"}, "[0]: default: must be true or false"),
        ({"type": "number", "default": "1e3"}, "[0]: default: must be a number"),
        ({"type": "number", "default": True}, "[0]: default: must be a number"),
        ({"options": SIZES, "default": "m"}, "[0]: default: must be one of s (Small), l (Large)"),
        ({"options": [*SIZES, SIZES[0]]}, "[0]: options: duplicate value s"),
        ({"options": SIZES, "pattern": "s"}, "[0]: must match pattern s"),
        ({"options": NUMBERS}, "[0]: must be text: put it in quotes"),
    ],
)
def test_wrong_parameter_is_named(given: dict[str, Any], message: str) -> None:
    assert refused(parameters=[{"name": "size", **given}]).startswith(f"spec.parameters{message}")


def test_parameters_are_named_once() -> None:
    assert "duplicate name a" in refused(parameters=[{"name": "a"}, {"name": "a"}])


@pytest.mark.parametrize(
    ("given", "value", "text"),
    [
        ({}, "a\nb", "a\nb"),
        ({"type": "number"}, 2, "2"),
        ({"type": "number"}, 2.0, "2"),
        ({"type": "number"}, 0.5, "0.5"),
        ({"type": "number"}, "-2.50", "-2.50"),
        ({"type": "number", "min": 0, "max": 3}, "3", "3"),
        ({"type": "bool"}, True, "true"),
        ({"type": "bool"}, "false", "false"),
        ({"options": SIZES}, "l", "l"),
        ({"type": "number", "options": NUMBERS}, 1, "1"),
        ({"pattern": "a|bc"}, "bc", "bc"),
    ],
)
def test_value_stands_for_a_text(given: dict[str, Any], value: Any, text: str) -> None:
    (parameter,) = template(parameters=[{"name": "size", **given}]).spec.parameters
    assert parameter.accept(value) == text


@pytest.mark.parametrize(
    ("given", "value", "message"),
    [
        ({"type": "number", "min": 0.5}, 0, "must be at least 0.5"),
        ({"type": "number", "max": 8}, "9", "must be at most 8"),
        ({"pattern": "a|bc"}, "abc", "must match pattern a|bc"),
        ({"pattern": "a"}, "a\n", "must match pattern a"),
        ({"options": SIZES}, "m", r"must be one of s \(Small\), l \(Large\)"),
    ],
)
def test_value_that_is_not_allowed_is_refused(
    given: dict[str, Any], value: Any, message: str
) -> None:
    (parameter,) = template(parameters=[{"name": "size", **given}]).spec.parameters
    with pytest.raises(ValueError, match=message):
        parameter.accept(value)


def test_pattern_of_many_turns_takes_no_time() -> None:
    (parameter,) = template(parameters=[{"name": "a", "pattern": "(a+)+b"}]).spec.parameters
    with pytest.raises(ValueError, match="must match"):
        parameter.accept("a" * 4000)


@pytest.mark.parametrize("value", [[], {}, {"a": 1}, None])
def test_value_of_a_kode_is_a_scalar(value: Any) -> None:
    with pytest.raises(InvalidSpec, match=r"spec\.parameters\.a: must be text, a number"):
        kode(parameters={"a": value})


def test_values_of_a_kode_keep_their_type() -> None:
    found: Kode = kode(parameters={"a": "1", "b": 1, "c": True, "d": 0.5})
    assert found.spec.parameters == {"a": "1", "b": 1, "c": True, "d": 0.5}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"image": "x:{{ parameters.v }}"},
            (
                "spec: image: {{ parameters.v }} is not known; use one of kode.name, "
                "kode.namespace, owner.email, owner.name"
            ),
        ),
        ({"args": ["", "{{kode.password}}"]}, "spec: args[1]: {{kode.password}} is not known"),
        (
            {"args": ["{{ kode.name }"]},
            "spec: args[0]: {{ kode.name } is not a valid placeholder: write",
        ),
        (
            {"command": ["{{ a b }}"]},
            "spec: command[0]: {{ a b }} is not a valid placeholder: write {{ pa",
        ),
        ({"image": "a b"}, r"spec.image: must match pattern '^[^\s-][^\s]*$'"),
        ({"resources": {"limits": {"cpu": "lots"}}}, "spec.resources.limits.cpu: must be a Kube"),
        ({"tz": "x" * 65}, "spec.tz: must have at most 64 characters"),
        ({"defaultHome": "/a"}, "spec.defaultHome: must have at least 3 characters"),
        ({"runtimeClassName": "{{ kode.name }}"}, "spec.runtimeClassName: must match pattern"),
    ],
)
def test_placeholder_that_nothing_fills_is_named(spec: dict[str, Any], message: str) -> None:
    assert refused(**spec).startswith(message)


def test_other_braces_are_left_alone() -> None:
    args = ["{{ .Name }}", "${{ {x}", "}}", "{x}", "{{ 1 }}"]
    assert template(args=args).spec.args == args
