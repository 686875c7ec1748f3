"""kode.api.meta."""

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from kode.api.document import problems
from kode.api.meta import (
    HomePath,
    Image,
    Model,
    NamespaceName,
    ObjectMeta,
    ObjectName,
    Port,
    Quantity,
    UniqueByName,
    WorkspacePath,
)


class Item(Model):
    """An item of a list."""

    name: str


class Sample(Model):
    """One field of each checked type."""

    quantity: Quantity = "1"
    object_name: ObjectName = "a"
    namespace: NamespaceName = "a"
    image: Image = "a"
    home: HomePath = "/config"
    workspace: WorkspacePath = "workspace"
    port: Port = 1
    switch: bool = False
    items: Annotated[UniqueByName[Item], Field(default_factory=list)]


def why(**fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(fields)
    return problems(caught.value, Sample)


@pytest.mark.parametrize(
    ("given", "text"),
    [("1Gi", "1Gi"), ("+2", "2"), (3, "3"), ("1.5", "1.5"), (".5", ".5"), ("1e3", "1e3")],
)
def test_quantity_takes_what_kubernetes_takes(given: object, text: str) -> None:
    assert Sample.model_validate({"quantity": given}).quantity == text


@pytest.mark.parametrize(
    "given", ["", "-1", "1 Gi", "1Gi\n", "1GI", "NaN", "0x1", True, 1.5, [1], "1" * 33, 10**40, -1]
)
def test_quantity_refuses_what_kubernetes_refuses(given: object) -> None:
    message = "quantity: must be a Kubernetes quantity such as 500m, 2, 1Gi or 1.5Gi"
    assert why(quantity=given) == message


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("objectName", "Upper"),
        ("objectName", "a..b"),
        ("objectName", "a/b"),
        ("objectName", "a\n"),
        ("objectName", "a" * 254),
        ("namespace", "a.b"),
        ("image", "a b"),
        ("image", ""),
        ("image", "--volume=/:/host"),
        ("image", "-v/:/host"),
        ("home", "config"),
        ("home", "/"),
        ("home", "/config/"),
        ("home", "/a/../b"),
        ("home", "/a/./b"),
        ("home", "/a//b"),
        ("home", "/a b"),
        ("workspace", "/abs"),
        ("workspace", "../up"),
        ("workspace", "a/../b"),
        ("workspace", ""),
        ("workspace", "a\n"),
        ("port", 0),
        ("port", 65536),
        ("port", "80"),
        ("port", True),
        ("switch", "yes"),
        ("switch", 1),
    ],
)
@pytest.mark.attack
def test_value_out_of_form_is_refused_by_name(field: str, given: object) -> None:
    assert why(**{field: given}).startswith(f"{field}: must ")


def test_name_that_stands_twice_is_refused() -> None:
    assert why(items=[{"name": "a"}, {"name": "a"}]) == "items: duplicate name a"


def test_null_is_a_field_left_out() -> None:
    assert Sample.model_validate({"port": None, "items": None}) == Sample.model_validate({})


def test_fields_go_by_their_camel_case_names_only() -> None:
    assert why(object_name="b") == "object_name: unknown field; did you mean objectName?"


def test_models_are_frozen() -> None:
    sample = Sample.model_validate({})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(sample, "port", 2)  # noqa: B010 - mypy knows as well


def test_metadata_reads_nulls_and_unknown_fields_as_absent() -> None:
    found = ObjectMeta.model_validate({"name": "a", "labels": None, "selfLink": "x"})
    assert found == ObjectMeta(name="a")
