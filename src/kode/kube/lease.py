"""Who of several replicas writes: the holder of one Lease.

Rule: at no time do two replicas write. The holder counts its time from before it asked, the others
from after they saw the answer, each on a clock that nobody sets; and the holder stops early enough
for its last write to be over.

Source: https://kubernetes.io/docs/concepts/architecture/leases/
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kode.errors import PlatformError, Reason
from kode.kube.client import Client
from kode.kube.errors import AlreadyExists, ApiConflict, NotLeader
from kode.kube.resources import LEASE, ObjectRef

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeaseTimings:
    """How long things take, in seconds.

    Attributes:
        duration: after this long without a renewal others take the lease.
        renew: how often the holder renews.
        write: how long the holder may start writes after its last renewal.
        grace: how much longer a started write may last; write + grace < duration.
        look: how often others look.
    """

    duration: float = 15.0
    renew: float = 5.0
    write: float = 10.0
    grace: float = 4.0
    look: float = 2.0


class Lease:
    """One replica's view of the lease; as a gate it lets only the holder's writes pass."""

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], float],
        terms: LeaseTimings | None = None,
    ) -> None:
        """Begin without holding it.

        Args:
            client: the API server, without a gate.
            namespace: where the Lease is.
            name: its name.
            identity: who we are, unlike any other replica.
            clock: monotonic seconds.
            terms: how long things take.
        """
        self._client = client
        self._ref = ObjectRef(LEASE, namespace, name)
        self._identity = identity
        self._clock = clock
        self._terms = terms or LeaseTimings()
        self._held_since: float | None = None
        """When the request for the last renewal that succeeded was made."""
        self._seen: tuple[Any, float] | None = None
        """What others wrote last, and when that was seen first."""

    @property
    def held(self) -> bool:
        """Whether writes may start now."""
        since = self._held_since
        return since is not None and self._clock() - since < self._terms.write

    def acquire(self, what: str) -> float:
        """Return for how many seconds a write that starts now may last.

        Raises:
            NotLeading: the lease is not held.
        """
        since = self._held_since
        left = -1.0 if since is None else since + self._terms.write - self._clock()
        if left <= 0:
            text = f"{what}: this replica does not hold the lease"
            raise NotLeader(Reason.PLATFORM_ERROR, text)
        return left + self._terms.grace

    def confirm(self, what: str) -> None:
        """Note nothing: a write that was let in counts."""

    async def run(self, on_gain: Callable[[], None]) -> None:
        """Seek the lease and renew it for ever.

        Args:
            on_gain: called each time that the lease is gained; it must not take long.
        """
        while True:
            before, began = self._held_since, self._clock()
            try:
                async with asyncio.timeout(self._terms.renew):
                    holds = await self._seek(began)
            except (PlatformError, TimeoutError) as error:
                _LOG.warning("the lease cannot be read or renewed: %s", str(error) or "no answer")
                holds = self.held
            # Also where it is renewed too late to have been held all the time.
            lapsed = before is None or self._clock() - before >= self._terms.write
            if holds and lapsed:
                _LOG.info("%s holds the lease", self._identity)
                on_gain()
            if before is not None and not holds:
                self._held_since = None
                _LOG.warning("%s lost the lease", self._identity)
            await self._pause(began)

    async def release(self) -> None:
        """Give the lease up, so that another replica need not wait; after the last write."""
        if self._held_since is None:
            return
        self._held_since = None
        try:
            async with asyncio.timeout(self._terms.renew):
                lease = await self._client.find(self._ref)
                if lease and lease["spec"].get("holderIdentity") == self._identity:
                    await self._write(lease, holder="", duration=1)
        except (PlatformError, TimeoutError) as error:
            _LOG.warning("the lease cannot be released: %s", str(error) or "no answer")

    async def _seek(self, began: float) -> bool:
        """Take or renew the lease if it is ours to have; return whether it is held."""
        lease = await self._client.find(self._ref)
        try:
            if lease is None:
                await self._client.create(self._ref, self._document({}, self._identity, 0))
            elif self._may_have(lease):
                await self._write(lease, holder=self._identity, duration=self._terms.duration)
            else:
                self._held_since = None
                return False
        except (AlreadyExists, ApiConflict):
            # Another replica was quicker, or our own renewal came through after we gave it up.
            return self.held
        self._held_since = began
        return True

    def _may_have(self, lease: dict[str, Any]) -> bool:
        spec = lease.get("spec") or {}
        holder = spec.get("holderIdentity")
        if not holder or holder == self._identity:
            return True
        # Only that the record changed counts, not the times in it: clocks of machines differ.
        record = (holder, spec.get("renewTime"), spec.get("leaseTransitions"))
        now = self._clock()
        if self._seen is None or self._seen[0] != record:
            self._seen = (record, now)
        duration = max(self._terms.duration, float(spec.get("leaseDurationSeconds") or 0))
        return now - self._seen[1] > duration

    async def _write(self, lease: dict[str, Any], *, holder: str, duration: float) -> None:
        spec = lease.get("spec") or {}
        changes = int(spec.get("leaseTransitions") or 0)
        if holder and holder != spec.get("holderIdentity"):
            changes += 1
        document = self._document(lease["metadata"], holder, changes)
        document["spec"]["leaseDurationSeconds"] = int(duration)
        if holder == spec.get("holderIdentity") and spec.get("acquireTime"):
            document["spec"]["acquireTime"] = spec["acquireTime"]
        await self._client.replace(self._ref, document)

    def _document(self, metadata: dict[str, Any], holder: str, changes: int) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {**metadata, "namespace": self._ref.namespace, "name": self._ref.name},
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": int(self._terms.duration),
                "acquireTime": now,
                "renewTime": now,
                "leaseTransitions": changes,
            },
        }

    async def _pause(self, began: float) -> None:
        every = self._terms.renew if self.held else self._terms.look
        await asyncio.sleep(max(every - (self._clock() - began), 0.1))
