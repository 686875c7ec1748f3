"""Tests on a real cluster, with the operator installed as users install it.

Rule: each test asserts what stands in the cluster or what comes out of a door, never a call.
"""

import pytest

from tests.cluster import session

_NAME = "kode-session"


def pytest_configure(config: pytest.Config) -> None:
    """Share one session with tests/browser."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(session, _NAME)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here."""
    for item in items:
        if "tests/cluster" in item.path.as_posix():
            item.add_marker("cluster")
