"""The loop that carries out what a pass decided."""

from typing import Any

import pytest

from kode.controllers.apply import Applier, Collision
from kode.controllers.cache.caches import Caches
from kode.controllers.decision import Apply, Delete, Patch, Write
from kode.controllers.inputs import ChildKey
from kode.errors import PlatformError
from kode.kube.errors import ApiConflict
from kode.kube.resources import SECRET
from kode.platform.resources import KODE
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.objects import KEY, child, foreign, kode

AUTH = ChildKey("Secret", "dev-auth")


def _manifest(**data: str) -> dict[str, Any]:
    found = child("Secret", "dev-auth", data=data)
    for key in ("uid", "resourceVersion", "managedFields"):
        del found["metadata"][key]
    return found


class _Setting:
    """A cluster, the caches, and an applier."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.cluster = Cluster()
        self.caches = Caches(self.told.append)

    async def apply(self, *writes: Write) -> None:
        await Applier(self.cluster, self.caches).apply(KEY, writes)

    def seen(self, found: dict[str, Any]) -> dict[str, Any]:
        """Let an object stand there, and the cache know it."""
        stands = self.cluster.stand(found)
        self.caches.objects.put(SECRET, stands)
        return stands


async def test_a_created_object_is_known_at_once() -> None:
    setting = _Setting()
    await setting.apply(Apply(_manifest(a="b"), None))
    assert setting.cluster.writes == ["create Secret dev-auth"]
    assert AUTH in setting.caches.objects.of(KEY)
    assert setting.told == []


async def test_writes_are_made_in_order_until_one_fails() -> None:
    setting = _Setting()

    def refuse(what: str) -> PlatformError | None:
        return ApiConflict(reason=None, message=what) if "ServiceAccount" in what else None  # type: ignore[arg-type]

    setting.cluster.trouble = refuse
    account = {**_manifest(), "kind": "ServiceAccount"}
    later = {**_manifest(), "kind": "Service"}
    with pytest.raises(PlatformError):
        await setting.apply(Apply(_manifest(), None), Apply(account, None), Apply(later, None))
    assert setting.cluster.writes == ["create Secret dev-auth"]


@pytest.mark.attack
async def test_a_create_that_meets_an_object_overwrites_nothing_and_gives_it() -> None:
    setting = _Setting()
    stands = setting.cluster.stand(foreign("Secret", "dev-auth", data={"theirs": "x"}))
    with pytest.raises(Collision) as raised:
        await setting.apply(Apply(_manifest(a="b"), None))
    assert raised.value.child == AUTH
    assert raised.value.live == stands
    assert setting.cluster.objects["Secret", "team", "dev-auth"] == stands


@pytest.mark.attack
async def test_a_change_is_applied_to_the_uid_that_was_seen() -> None:
    setting = _Setting()
    live = setting.seen(child("Secret", "dev-auth", data={"a": "old"}))
    await setting.apply(Apply(_manifest(a="new"), live))
    found = setting.caches.objects.find(SECRET, "team", "dev-auth")
    assert found is not None
    assert found["data"] == {"a": "new"}


async def test_a_create_of_ours_is_handed_over_before_the_first_apply() -> None:
    setting = _Setting()
    live = child("Secret", "dev-auth", data={"a": "old"})
    update = {"manager": "kode", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}}}}
    live["metadata"]["managedFields"] = [update]
    live = setting.seen(live)
    await setting.apply(Apply(_manifest(a="new"), live))
    assert setting.cluster.writes == ["edit Secret dev-auth", "apply Secret dev-auth"]


@pytest.mark.attack
async def test_an_object_that_was_replaced_is_not_applied_to_and_is_read_anew() -> None:
    setting = _Setting()
    live = setting.seen(child("Secret", "dev-auth"))
    replaced = foreign("Secret", "dev-auth", data={"theirs": "x"})
    replaced["metadata"]["uid"] = "another"
    setting.cluster.stand(replaced)
    with pytest.raises(ApiConflict):
        await setting.apply(Apply(_manifest(a="b"), live))
    assert setting.cluster.objects["Secret", "team", "dev-auth"]["data"] == {"theirs": "x"}
    assert AUTH not in setting.caches.objects.of(KEY)


async def test_an_object_that_is_gone_is_forgotten() -> None:
    setting = _Setting()
    live = setting.seen(child("Secret", "dev-auth"))
    del setting.cluster.objects["Secret", "team", "dev-auth"]
    with pytest.raises(ApiConflict):
        await setting.apply(Apply(_manifest(a="b"), live))
    assert setting.caches.objects.of(KEY) == {}


async def test_an_apply_that_changes_nothing_is_not_repeated() -> None:
    setting = _Setting()
    live = setting.seen(child("Secret", "dev-auth", data={"a": "b"}))
    for _ in range(3):
        await setting.apply(Apply(_manifest(a="b"), live))
    assert setting.cluster.writes == ["apply Secret dev-auth"]
    live = setting.seen({**live, "data": {"a": "changed by hand"}})
    await setting.apply(Apply(_manifest(a="b"), live))
    assert setting.cluster.writes == ["apply Secret dev-auth"] * 2


async def test_a_patch_of_the_kode_is_known_at_once() -> None:
    setting = _Setting()
    stands = setting.cluster.stand(kode(password="x"))
    setting.caches.kodes.put(stands)
    meta = stands["metadata"]
    body = {"spec": {"password": None}}
    await setting.apply(Patch(ChildKey("Kode", "dev"), meta["uid"], meta["resourceVersion"], body))
    found = setting.caches.kodes.get(KEY)
    assert found is not None
    assert "password" not in found["spec"]


async def test_a_patch_for_another_version_changes_nothing_and_reads_anew() -> None:
    setting = _Setting()
    stands = setting.cluster.stand(kode(password="x"))
    uid = stands["metadata"]["uid"]
    patch = Patch(ChildKey("Kode", "dev"), uid, "1", {"spec": {"password": None}})
    with pytest.raises(ApiConflict):
        await setting.apply(patch)
    found = setting.caches.kodes.get(KEY)
    assert found is not None
    assert found["spec"]["password"] == "x"


async def test_a_patch_of_a_kode_that_is_gone_forgets_it() -> None:
    setting = _Setting()
    setting.caches.kodes.put(kode())
    with pytest.raises(ApiConflict):
        await setting.apply(Patch(ChildKey(KODE.kind, "dev"), "uid-of-dev", None, {"spec": {}}))
    assert setting.caches.kodes.get(KEY) is None


@pytest.mark.attack
async def test_a_delete_means_one_uid() -> None:
    setting = _Setting()
    live = setting.seen(child("Secret", "dev-auth"))
    with pytest.raises(ApiConflict):
        await setting.apply(Delete(AUTH, "another"))
    await setting.apply(Delete(AUTH, live["metadata"]["uid"]))
    assert setting.cluster.objects == {}
    await setting.apply(Delete(AUTH, live["metadata"]["uid"]))
