"""One suite for both platforms: what it says of the port holds on a cluster and on one machine.

Rule: a test never asks which platform it is on.
"""

import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kode.errors import RefNotFound
from kode.platform.local.paths import Paths
from kode.platform.local.platform import LocalPlatform
from kode.platform.local.store.store import LocalStore
from kode.platform.port import Platform
from tests.contract.fixture import ContractFixture

_SESSION = "kode-session"
_MANY = 200
"""More changes than the store looks at before it forgets the old ones."""


def pytest_configure(config: pytest.Config) -> None:
    """Share one session with tests/cluster, where there is a cluster."""
    if os.environ.get("KUBECONFIG") and not config.pluginmanager.has_plugin(_SESSION):
        from tests.cluster import session  # noqa: PLC0415 - slow to load, and of no use without one

        config.pluginmanager.register(session, _SESSION)


@dataclass(frozen=True)
class Ground:
    """What a platform stands on.

    Attributes:
        platform: the platform, not yet connected to.
        namespaces: two namespaces that exist.
        store: the file of a local platform; None on a cluster.
    """

    platform: Platform
    namespaces: tuple[str, str]
    store: Path | None = None


@pytest.fixture(scope="module")
def spaces(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Two namespaces of the cluster."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster")
    here = request.getfixturevalue("place")
    there = request.getfixturevalue("elsewhere")
    return here.namespace, there.namespace


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a local platform."""
    return tmp_path_factory.mktemp("platform")


@pytest.fixture(params=["local", pytest.param("cluster", marks=pytest.mark.cluster)])
def ground(request: pytest.FixtureRequest, root: Path) -> Ground:
    """A platform."""
    if request.param == "local":
        paths = Paths(root / "data", root / "cache")
        return Ground(LocalPlatform(paths), ("team-a", "team-b"), paths.store)
    # It needs what only a cluster needs.
    from kode.platform.cluster.platform import ClusterPlatform  # noqa: PLC0415

    return Ground(ClusterPlatform.from_environment(os.environ), request.getfixturevalue("spaces"))


@pytest.fixture
async def fixture(ground: Ground) -> AsyncIterator[ContractFixture]:
    """What a test uses; left as it was found."""

    async def old_version() -> str:
        return _forget(ground.store) if ground.store else "1"

    here, there = ground.namespaces
    found = ContractFixture(ground.platform, here, there, secrets.token_hex(3), old_version)
    yield found
    for kind, name in found.wide:
        try:
            await ground.platform.delete(kind, name)
        except RefNotFound:
            continue
    await ground.platform.close()


def _forget(path: Path) -> str:
    """Let two hours pass; return a version of before."""
    store = LocalStore(path, clock=lambda: time.time() + 7200)
    old = store.version()
    for number in range(_MANY):
        metadata = {"name": f"passing-{number}", "namespace": "passing"}
        store.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {}})
    store.close()
    later = LocalStore(path, clock=lambda: time.time() + 14400)
    for number in range(_MANY):
        later.delete("Secret", f"passing-{number}", "passing")
    later.close()
    return old
