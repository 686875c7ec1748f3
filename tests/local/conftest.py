"""A machine for a test, and its end."""

from collections.abc import Iterator

import pytest

from tests.local.machine import Machine, newcomers


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with nothing on it but the editors that were installed before."""
    with newcomers() as found:
        yield found


@pytest.fixture
def own_machine() -> Iterator[Machine]:
    """A machine that one test may break."""
    with newcomers() as found:
        yield found
