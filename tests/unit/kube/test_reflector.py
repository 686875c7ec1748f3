"""Lists and watches that keep a cache true, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from kode.api.conditions import Reason
from kode.errors import Expired, PlatformError
from kode.kube.client import ListOptions
from kode.kube.reflector import Reflector, read_list
from kode.kube.resources import SECRET
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.objects import child
from tests.unit.controllers.virtual import clock, run

Event = tuple[str, dict[str, Any]]
Script = list[Event | PlatformError]


class _Scripted(Cluster):
    """A cluster whose watches follow scripts, one after the other; the last one stays open."""

    def __init__(self, *scripts: Script) -> None:
        super().__init__()
        self.scripts = list(scripts)
        self.since: list[str] = []

    async def watch(self, scope: ListOptions, since: str) -> AsyncGenerator[Event, None]:
        del scope
        self.since.append(since)
        if not self.scripts:
            await asyncio.sleep(100_000)
        for step in self.scripts.pop(0):
            if isinstance(step, PlatformError):
                raise step
            yield step


class _Sink:
    """Notes what it is given."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.told: list[str] = []

    def on_upsert(self, found: dict[str, Any]) -> None:
        if found["metadata"]["name"] == "odd":
            raise KeyError("odd")
        self.names.add(found["metadata"]["name"])
        self.told.append(f"put {found['metadata']['name']}")

    def on_delete(self, found: dict[str, Any]) -> None:
        self.names.discard(found["metadata"]["name"])
        self.told.append(f"remove {found['metadata']['name']}")

    def on_resync(self, seen: set[tuple[str, str]], version: int) -> None:
        self.names &= {name for _, name in seen}
        self.told.append(f"keep {len(seen)} at {version}")


def _secret(name: str, version: int) -> dict[str, Any]:
    return child("Secret", name, version=version)


def _broken() -> PlatformError:
    return PlatformError(Reason.PLATFORM_ERROR, "cut")


async def _follow(
    cluster: Cluster, seconds: float, *, contents: bool = True
) -> tuple[Reflector, _Sink]:
    sink = _Sink()
    reflector = Reflector(
        cluster,
        ListOptions(SECRET),
        sink,
        listing=asyncio.Semaphore(1),
        clock=clock,
        contents=contents,
    )
    following = asyncio.create_task(reflector.run())
    await asyncio.sleep(seconds)
    assert not following.done()
    following.cancel()
    return reflector, sink


def test_a_list_is_read_page_by_page_and_then_followed() -> None:
    async def main() -> tuple[list[str], list[str], bool]:
        cluster = _Scripted([("ADDED", _secret("d", 900)), ("DELETED", _secret("a", 901))])
        for name in "abc":
            cluster.stand(_secret(name, 1))
        reflector, sink = await _follow(cluster, 10)
        return sink.told, cluster.since, reflector.synced.is_set()

    told, since, synced = run(main())
    assert told == ["put a", "put b", "put c", "keep 3 at 103", "put d", "remove a"]
    assert since == ["103", "901"]
    assert synced


def test_a_cut_watch_goes_on_where_it_broke() -> None:
    async def main() -> list[str]:
        cluster = _Scripted([("MODIFIED", _secret("a", 500)), _broken()], [_broken()])
        await _follow(cluster, 60)
        return cluster.since

    assert run(main()) == ["100", "500", "500"]


def test_a_bookmark_moves_the_place_and_changes_nothing() -> None:
    async def main() -> tuple[list[str], list[str]]:
        bookmark = {"kind": "Secret", "metadata": {"resourceVersion": "700"}}
        cluster = _Scripted([("BOOKMARK", bookmark), _broken()])
        _, sink = await _follow(cluster, 10)
        return cluster.since, sink.told

    assert run(main()) == (["100", "700"], ["keep 0 at 100"])


def test_where_the_place_is_forgotten_the_list_is_read_again_and_lost_deletes_are_noticed() -> None:
    async def main() -> set[str]:
        cluster = _Scripted(
            [("ADDED", _secret("gone", 500)), Expired(Reason.PLATFORM_ERROR, "old")]
        )
        cluster.stand(_secret("stays", 1))
        _, sink = await _follow(cluster, 10)
        return sink.names

    assert run(main()) == {"stays"}


def test_trouble_is_waited_out_with_growing_pauses() -> None:
    async def main() -> int:
        cluster = _Scripted()
        tries = 0

        def down(_: str) -> PlatformError:
            nonlocal tries
            tries += 1
            return _broken()

        cluster.trouble = down
        reflector, _ = await _follow(cluster, 120)
        assert not reflector.synced.is_set()
        assert reflector.seconds_since_activity() < 60
        return tries

    assert 8 <= run(main()) <= 25


def test_one_odd_object_does_not_cost_the_others() -> None:
    async def main() -> set[str]:
        cluster = _Scripted()
        for name in ("odd", "fine"):
            cluster.stand(_secret(name, 1))
        _, sink = await _follow(cluster, 1)
        return sink.names

    assert run(main()) == {"fine"}


def test_a_follower_of_news_reads_no_list() -> None:
    async def main() -> tuple[list[str], list[str]]:
        cluster = _Scripted([("MODIFIED", _secret("a", 500))])
        cluster.stand(_secret("a", 1))
        _, sink = await _follow(cluster, 1, contents=False)
        return sink.told, cluster.since

    assert run(main()) == (["keep 0 at 0", "put a"], ["101", "500"])


def test_a_watch_without_events_grows_silent() -> None:
    async def main() -> float:
        reflector, _ = await _follow(_Scripted(), 500)
        return reflector.seconds_since_activity()

    assert run(main()) > 490


def test_a_list_gives_a_sign_with_each_page() -> None:
    async def main() -> int:
        cluster, signs = Cluster(), []
        for name in "abc":
            cluster.stand(_secret(name, 1))
        assert (
            await read_list(cluster, ListOptions(SECRET), _Sink(), lambda: signs.append(1)) == "103"
        )
        return len(signs)

    assert run(main()) == 2
