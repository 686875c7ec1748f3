"""The statuses of Kodes, as one run of a platform writes them.

Rule: a status is worth what whoever wrote it knew. So a run begins by taking back what an earlier
one has said, in one transaction and before anybody can know that it runs; what ends takes back
what it has said itself; and a status that was found before something was taken back is not
written after it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from kode.api.meta import Object
from kode.errors import RefNotFound
from kode.evaluate import standing
from kode.evaluate.standing import Status
from kode.platform.local.status.daemon_info import DaemonInfo
from kode.platform.local.store.store import LocalStore

KODE = "Kode"


class Statuses:
    """What one run of a platform tells.

    Attributes:
        since: resourceVersion after which a status is of this run; set by `begin`.
    """

    def __init__(self, store: LocalStore) -> None:
        """Tell nothing yet."""
        self.since = ""
        self._store = store
        self._turn = 0

    @property
    def turn(self) -> int:
        """A number that is another one once something was taken back."""
        return self._turn

    async def begin(self) -> None:
        """Take back what an earlier run has said.

        Raises:
            PlatformError: the store cannot be written.
        """
        now = timestamp()

        def change(kode: Object) -> Status:
            return standing.awaited(_status(kode), now, suspend=is_suspended(kode))

        self.since = await asyncio.to_thread(self._store.edit_statuses, KODE, change)

    def withdraw(self, change: Callable[[Status, str], Status]) -> Awaitable[None]:
        """Take back what this run has said; from this call on nothing found before is written.

        Args:
            change: given a status and the time, returns what stands instead.

        Returns:
            What is to be awaited until it is taken back; raises PlatformError where the store
            cannot be written.
        """
        self._turn += 1
        return self._take_back(change)

    async def _take_back(self, change: Callable[[Status, str], Status]) -> None:
        now = timestamp()
        await asyncio.to_thread(
            self._store.edit_statuses, KODE, lambda kode: change(_status(kode), now)
        )

    def write(self, kode: Object, status: Mapping[str, Any], turn: int) -> bool:
        """Write what was found of a Kode; return whether it still counts. Waits for the disk.

        Args:
            kode: the Kode as it was read.
            status: its whole status.
            turn: as it was when the status was found.

        Raises:
            PlatformError: the store cannot be written.
        """
        try:
            # Looked at within the transaction: between it and a withdrawal there is no gap.
            self._store.write_status(kode, status, still=lambda: turn == self._turn)
        except RefNotFound:
            return False
        return turn == self._turn


def stop(store: LocalStore) -> None:
    """Tell of every Kode that the platform is stopped; only once nothing runs any more.

    Raises:
        PlatformError: the store cannot be written.
    """
    now = timestamp()
    store.edit_statuses(
        KODE, lambda kode: standing.stopped(_status(kode), now, suspend=is_suspended(kode))
    )


def with_credible_status(kode: Object, run: DaemonInfo | None) -> Object:
    """Return a Kode with as much of its status as may be believed.

    Args:
        kode: the Kode as it was read.
        run: the platform that runs, looked up after the Kode was read; None where none does.
    """
    status = _status(kode)
    if run is None:
        credible = standing.orphaned(status)
    elif int(kode["metadata"]["resourceVersion"]) <= int(run.statuses_since):
        credible = standing.awaited(status, "", suspend=is_suspended(kode))
    else:
        return kode
    return kode if credible is status else {**kode, "status": credible}


def is_suspended(kode: Object) -> bool:
    """Tell whether nothing of a Kode is to run."""
    return bool((kode.get("spec") or {}).get("suspend"))


def timestamp() -> str:
    """Return this moment as it stands in a status."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status(kode: Object) -> Status:
    status: Status = kode.get("status") or {}
    return status
