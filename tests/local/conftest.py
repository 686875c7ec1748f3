"""A machine for a test, and its end."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.images import Podman, Unusable, podman
from tests.local.machine import Machine, newcomers
from tests.sweep import COMMAND_LINES, Search, told


@pytest.fixture(scope="session", autouse=True)
def _command_lines() -> Iterator[None]:
    """Watch what stands in the command lines of this machine; no canary ever does."""
    with COMMAND_LINES.watched():
        yield
    leaks = told(COMMAND_LINES.leaks(Search()))
    assert not leaks, leaks


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


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    """A podman that has run an image, and that the platforms of a module's tests use."""
    root = Path(tempfile.mkdtemp(prefix="kode-podman-"))
    try:
        with podman(root) as found, pytest.MonkeyPatch.context() as patch:
            for name, value in found.variables.items():
                patch.setenv(name, value)
            yield found
    except Unusable as error:
        pytest.skip(str(error))
    finally:
        shutil.rmtree(root)
