"""Objects as few bytes."""

import secrets
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kode.controllers.cache.compression import Compressor

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.text(), _VALUES, max_size=6), max_size=12))
def test_what_is_unpacked_is_what_was_packed(objects: list[dict[str, Any]]) -> None:
    packer = Compressor()
    parcels = [packer.compress(found) for found in objects]
    assert [packer.decompress(parcel) for parcel in parcels] == objects


def _object(name: str) -> dict[str, Any]:
    spec = {f"field{number}": f"value of some length {number}" for number in range(60)}
    return {"metadata": {"name": name, "uid": secrets.token_hex(16)}, "spec": spec}


def test_objects_that_resemble_each_other_take_a_twentieth() -> None:
    packer = Compressor()
    packer.compress(_object("first"))
    assert len(packer.compress(_object("second"))) * 20 < len(str(_object("second")))


def test_a_second_form_of_object_gets_a_pattern_of_its_own() -> None:
    packer = Compressor()
    packer.compress(_object("first"))
    other = {"data": {str(number): secrets.token_hex(20) for number in range(40)}}
    packer.compress(other)
    changed = {"data": {**other["data"], "more": "x"}}
    assert len(packer.compress(changed)) < 200
    assert len(packer.compress(_object("third"))) < 200


def test_what_resembles_nothing_is_kept_all_the_same() -> None:
    packer = Compressor()
    objects = [{"noise": secrets.token_hex(500)} for _ in range(30)]
    parcels = [packer.compress(found) for found in objects]
    assert [packer.decompress(parcel) for parcel in parcels] == objects


def test_an_object_that_has_not_changed_keeps_its_parcel_whatever_came_between() -> None:
    packer = Compressor()
    parcel = packer.compress(_object("same") | {"metadata": {"name": "same"}})
    others = [{"data": secrets.token_hex(300)} for _ in range(5)]
    parcels = [packer.compress(other) for other in others]
    same = packer.decompress(parcel)
    assert packer.compress(same) != parcel
    assert packer.compress(same, parcel) is parcel
    assert packer.compress({**same, "more": True}, parcel) != parcel
    assert [packer.decompress(other) for other in parcels] == others


def test_equal_objects_give_equal_parcels() -> None:
    packer = Compressor()
    found = _object("same")
    packer.compress(_object("first"))
    assert packer.compress(found) == packer.compress(found)
