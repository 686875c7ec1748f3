"""Who writes, in virtual time: at no time two."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.kube.errors import NotLeader
from kode.kube.lease import Lease, LeaseTimings
from kode.kube.resources import ObjectRef
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.virtual import VirtualLoop, clock, run

PLACE = ("Lease", "kode-system", "kode-operator")


def _lease(cluster: Cluster, identity: str) -> Lease:
    return Lease(
        cluster, namespace="kode-system", name="kode-operator", identity=identity, clock=clock
    )


def _down(_: str) -> PlatformError:
    return PlatformError(Reason.PLATFORM_ERROR, "the API server is down")


class _Hung(Cluster):
    """A cluster that answers no write while `hangs` says so."""

    hangs: Callable[[], bool] = staticmethod(lambda: False)

    async def replace(self, ref: ObjectRef, manifest: Any) -> dict[str, Any]:
        if self.hangs():
            await asyncio.sleep(3600)
        return await super().replace(ref, manifest)


def test_one_of_two_gains_the_lease_and_keeps_it() -> None:
    async def main() -> tuple[list[str], str]:
        cluster, gained = Cluster(), []
        for name in ("a", "b"):
            lease = _lease(cluster, name)
            asyncio.create_task(lease.run(lambda name=name: gained.append(name)))  # type: ignore[misc]  # noqa: RUF006
        await asyncio.sleep(300)
        return gained, cluster.objects[PLACE]["spec"]["holderIdentity"]

    assert run(main()) == (["a"], "a")


def test_the_holder_renews_every_five_seconds() -> None:
    async def main() -> int:
        cluster = Cluster()
        asyncio.create_task(_lease(cluster, "a").run(lambda: None))  # noqa: RUF006
        await asyncio.sleep(100.5)
        return len(cluster.writes)

    assert run(main()) == 21


def test_a_clean_end_hands_over_within_seconds() -> None:
    async def main() -> float:
        cluster = Cluster()
        a, b = _lease(cluster, "a"), _lease(cluster, "b")
        leading = asyncio.create_task(a.run(lambda: None))
        await asyncio.sleep(1)
        gained = asyncio.Event()
        asyncio.create_task(b.run(gained.set))  # noqa: RUF006
        await asyncio.sleep(30)
        leading.cancel()
        await a.release()
        released = clock()
        await gained.wait()
        return clock() - released

    assert run(main()) <= LeaseTimings().look


def test_who_never_held_it_releases_nothing() -> None:
    async def main() -> list[str]:
        cluster = Cluster()
        await _lease(cluster, "a").release()
        return cluster.writes

    assert run(main()) == []


def test_after_a_crash_another_waits_until_the_lease_has_run_out() -> None:
    async def main() -> float:
        cluster = Cluster()
        a, b = _lease(cluster, "a"), _lease(cluster, "b")
        leading = asyncio.create_task(a.run(lambda: None))
        await asyncio.sleep(0.5)
        leading.cancel()
        crashed = clock()
        gained = asyncio.Event()
        asyncio.create_task(b.run(gained.set))  # noqa: RUF006
        await gained.wait()
        return clock() - crashed

    assert 15 <= run(main()) <= 18


@pytest.mark.parametrize("how", ["hangs", "fails"])
def test_two_never_write_also_while_renewals_hang_or_fail(how: str) -> None:
    """Looks at both gates ten times a second for two minutes in which the holder is cut off."""

    async def main() -> tuple[int, set[str]]:
        cluster = _Hung()
        a = _lease(cluster, "a")
        others = Cluster()
        others.objects = cluster.objects
        b = _lease(others, "b")
        asyncio.create_task(a.run(lambda: None))  # noqa: RUF006
        await asyncio.sleep(7)
        asyncio.create_task(b.run(lambda: None))  # noqa: RUF006
        if how == "hangs":
            cluster.hangs = lambda: True
        else:
            cluster.trouble = _down
        both, seen = 0, set()
        for _ in range(1200):
            await asyncio.sleep(0.1)
            # What was let in may still be on its way for as long as the gate gave it.
            ways = [name for name, lease in (("a", a), ("b", b)) if _writes(lease)]
            seen.update(ways)
            both += len(ways) == 2
        return both, seen

    assert run(main()) == (0, {"a", "b"})


def _writes(lease: Lease) -> bool:
    since = lease._held_since  # noqa: SLF001 - writes that were let in end after the gate closed
    terms = LeaseTimings()
    return since is not None and clock() - since < terms.write + terms.grace


def test_a_write_may_last_no_longer_than_the_lease() -> None:
    async def main() -> list[float]:
        lease = _lease(Cluster(), "a")
        with pytest.raises(NotLeader, match="create it"):
            lease.acquire("create it")
        leading = asyncio.create_task(lease.run(lambda: None))
        await asyncio.sleep(0.01)
        first = lease.acquire("create it")
        lease.confirm("create it")
        leading.cancel()
        await asyncio.sleep(9)
        last = lease.acquire("create it")
        await asyncio.sleep(2)
        assert not lease.held
        with pytest.raises(NotLeader):
            lease.acquire("create it")
        return [round(first), round(last)]

    assert run(main()) == [14, 5]


def test_a_holder_that_lost_it_for_a_while_gains_it_again() -> None:
    async def main() -> int:
        cluster, gained = Cluster(), []
        asyncio.create_task(_lease(cluster, "a").run(lambda: gained.append(1)))  # noqa: RUF006
        await asyncio.sleep(1)
        cluster.trouble = _down
        await asyncio.sleep(60)
        cluster.trouble = lambda _: None
        await asyncio.sleep(60)
        return len(gained)

    assert run(main()) == 2


def test_an_older_lease_of_somebody_gone_is_taken_with_its_count() -> None:
    async def main() -> dict[str, Any]:
        cluster = Cluster()
        cluster.stand(
            {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": "kode-operator", "namespace": "kode-system"},
                "spec": {"holderIdentity": "old", "leaseTransitions": 4, "renewTime": "long ago"},
            }
        )
        asyncio.create_task(_lease(cluster, "a").run(lambda: None))  # noqa: RUF006
        await asyncio.sleep(14)
        assert cluster.objects[PLACE]["spec"]["holderIdentity"] == "old"
        await asyncio.sleep(6)
        spec: dict[str, Any] = cluster.objects[PLACE]["spec"]
        return spec

    spec = run(main())
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("a", 5)


def test_an_interrupted_release_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        cluster = Cluster()
        lease = _lease(cluster, "a")
        leading = asyncio.create_task(lease.run(lambda: None))
        await asyncio.sleep(1)
        leading.cancel()
        cluster.trouble = _down
        await lease.release()
        assert not lease.held

    run(main())
    assert "cannot be released" in caplog.text


def test_a_renewal_that_came_too_late_counts_as_a_gain() -> None:
    """Passes were refused in between, so all Kodes must get one again."""

    async def main() -> int:
        cluster, gained = Cluster(), []
        asyncio.create_task(_lease(cluster, "a").run(lambda: gained.append(1)))  # noqa: RUF006
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        # The whole process stands still, as when it is stopped or its node is overloaded.
        loop.advance(30)
        await asyncio.sleep(10)
        return len(gained)

    assert run(main()) == 2
