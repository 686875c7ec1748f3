"""A machine for a test, and its end."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kode.platform.local.places import Places
from tests.local.machine import Machine, free_port


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with nothing on it but the editors that were installed before."""
    yield from _machine()


@pytest.fixture
def own_machine() -> Iterator[Machine]:
    """A machine that one test may break."""
    yield from _machine()


def _machine() -> Iterator[Machine]:
    # Not pytest's folder: with the test's name in it, it is too long for sockets.
    root = Path(tempfile.mkdtemp(prefix="kode-"))
    found = Machine(root / "home", Places.of(os.environ).cache, free_port())
    try:
        yield found
    finally:
        found.end()
        shutil.rmtree(root)
