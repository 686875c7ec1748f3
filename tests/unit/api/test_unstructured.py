"""Documents of which anything may be missing or odd."""

from typing import Any

import pytest

from kode.api.unstructured import get_dict, get_dicts, get_path

ODD: list[Any] = [None, "text", 3, ["a"], True]


def test_objects_are_read_as_they_stand() -> None:
    document = {"metadata": {"labels": {"a": "b"}}, "items": [{"name": "x"}, {"name": "y"}]}
    assert get_dict(document, "metadata") == {"labels": {"a": "b"}}
    assert get_dicts(document, "items") == [{"name": "x"}, {"name": "y"}]
    assert get_path(document, "metadata", "labels", "a") == "b"
    assert get_path(document) is document


@pytest.mark.parametrize("odd", ODD)
def test_what_is_odd_reads_as_empty(odd: object) -> None:
    assert get_dict({"metadata": odd}, "metadata") == {}
    assert get_dicts({"items": odd}, "items") == []
    assert get_path({"spec": odd}, "spec", "storage", "size") is None


def test_what_is_missing_reads_as_empty() -> None:
    assert get_dict({}, "metadata") == {}
    assert get_dicts({"items": {"name": "x"}}, "items") == []
    assert get_dicts({"items": [{"name": "x"}, "y", None]}, "items") == [{"name": "x"}]
    assert get_path(None, "spec") is None
