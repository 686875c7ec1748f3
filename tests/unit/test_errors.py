"""kode.errors."""

import pytest

from kode.api.conditions import Reason
from kode.errors import Conflict, InvalidSpec, KodeError, NotReady, PlatformError, RefNotFound


@pytest.mark.parametrize("kind", [InvalidSpec, RefNotFound, NotReady, Conflict, PlatformError])
def test_error_says_its_message_and_keeps_its_reason(kind: type[KodeError]) -> None:
    error = kind(Reason.INVALID_SPEC, "a field is wrong")
    assert str(error) == "a field is wrong"
    assert error.reason is Reason.INVALID_SPEC
    assert isinstance(error, KodeError)
