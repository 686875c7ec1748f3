"""An editor that runs and never answers, as an image of another type does.

Rule: it is told only after all the time that an editor may take to start, so it begins with the run
(tests/cluster/session.py).
"""

from collections.abc import Iterator

import pytest

from tests.cluster.place import START, Place
from tests.cluster.session import Namespaces


@pytest.fixture(autouse=True)
def _ended(silent: Place, namespaces: Namespaces) -> Iterator[None]:
    """Ask for it to go as soon as it was seen: it hears of no end, and takes all of its grace."""
    yield
    namespaces.end(silent)


def test_an_editor_that_never_answers_is_told_with_its_port(silent: Place) -> None:
    message = silent.message("silent", "Unhealthy", seconds=2 * START)
    assert "nothing answers on port 8443, where an image like code-server listens" in message
    silent.warned("silent", "Unhealthy")
