"""A home that is gone, and how a Kode gets another one."""

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.desired import homes
from kode.errors import RefNotFound

CLAIM = {"metadata": {"name": "dev-home", "uid": "new"}}


def _kode(home: str = "", renewed: str = "") -> dict[str, object]:
    annotations = {labels.NEW_HOME: renewed} if renewed else None
    metadata = {"name": "dev", "namespace": "team", "annotations": annotations}
    return {"metadata": metadata, "status": {"homeClaim": home} if home else None}


def test_a_kode_that_never_had_a_home_gets_one() -> None:
    homes.check(_kode(), None)
    homes.check(_kode(renewed="x"), None)


def test_a_home_that_is_there_is_taken_whichever_was_there_before() -> None:
    homes.check(_kode("old"), CLAIM)


@pytest.mark.parametrize("renewed", ["", "one-before"])
def test_a_home_that_is_gone_is_not_made_anew_unasked(renewed: str) -> None:
    with pytest.raises(RefNotFound) as caught:
        homes.check(_kode("old", renewed), None)
    assert caught.value.reason is Reason.CLAIM_DELETED
    for way in ("dev-home", "kode start dev --new-home", "new-home=old", "existingVolumeClaim"):
        assert way in caught.value.message


def test_a_home_that_is_gone_is_made_anew_where_that_one_is_named() -> None:
    homes.check(_kode("old", "old"), None)
