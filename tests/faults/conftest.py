"""An API server with the operator's types and rights installed, and no operator."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.access import Access, administrator
from bench.api import Api
from bench.api_writes import Account
from bench.installation import identity, install
from tests.faults.place import Place
from tests.faults.replica import Replica, bury


@dataclass(frozen=True)
class Installation:
    """What an operator needs to run.

    Attributes:
        admin: the administrator's identity.
        account: the operator's account.
        operator: the operator's identity.
    """

    admin: Access
    account: Account
    operator: Access


@pytest.fixture(scope="session")
def installation() -> Installation:
    account, admin = install(), administrator()

    async def operators() -> Access:
        async with Api(admin) as api:
            return await identity(api, admin, account)

    return Installation(admin, account, asyncio.run(operators()))


@dataclass
class World:
    """The API server as a test uses it."""

    api: Api
    installation: Installation
    folder: Path
    made: list[Place] = field(default_factory=list)

    async def place(self) -> Place:
        """Make a namespace with a template and a proxy config."""
        place = await Place.make(self.api, f"faults-{secrets.token_hex(4)}")
        self.made.append(place)
        return place

    def replica(self, name: str = "one") -> Replica:
        """Return an operator behind a proxy, not yet started."""
        known = self.installation
        return Replica(known.operator, known.account, self.folder, name)

    async def bury(self) -> None:
        """Remove the lease of a dead operator."""
        await bury(self.api, self.installation.account)


@asynccontextmanager
async def visited(installation: Installation, folder: Path) -> AsyncIterator[World]:
    """Give the API server with no operator's lease in it; remove what was made."""
    async with Api(installation.admin) as api:
        found = World(api, installation, folder)
        await found.bury()
        yield found
        for place in found.made:
            await place.remove()


@pytest.fixture
async def world(installation: Installation, tmp_path: Path) -> AsyncIterator[World]:
    async with visited(installation, tmp_path) as found:
        yield found
