"""kode.controllers.cache.namespaces, and whom a change of a namespace reaches."""

from typing import Any

from kode.controllers.cache.caches import Caches, take_namespaces
from kode.controllers.cache.namespaces import Namespace
from kode.controllers.inputs import KodeKey
from kode.labels import ALLOW_GRANTS
from tests.unit.controllers.objects import kode


def namespace(name: str, version: int, *, grants: bool = False, going: bool = False) -> Any:
    metadata: dict[str, Any] = {"name": name, "resourceVersion": str(version)}
    if grants:
        metadata["labels"] = {ALLOW_GRANTS: "true"}
    if going:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"kind": "PartialObjectMetadata", "metadata": metadata}


class _Setting:
    def __init__(self) -> None:
        self.told: list[KodeKey] = []
        self.caches = Caches(self.told.append)
        self.sink = take_namespaces(self.caches)
        ref = {"kind": "KodeTemplate", "name": "x", "namespace": "lent"}
        self.caches.kodes.put(kode(KodeKey("team", "dev")))
        self.caches.kodes.put(kode(KodeKey("other", "dev"), templateRef=ref))

    def tells(self, found: Any) -> set[KodeKey]:
        self.told.clear()
        self.sink.on_upsert(found)
        return set(self.told)


def test_change_of_leave_reaches_kodes_inside_and_those_whose_template_is_there() -> None:
    setting = _Setting()
    assert setting.tells(namespace("team", 1)) == set()
    assert setting.tells(namespace("team", 2, grants=True)) == {KodeKey("team", "dev")}
    assert setting.tells(namespace("team", 3, grants=True)) == set()
    assert setting.tells(namespace("lent", 4, grants=True)) == {KodeKey("other", "dev")}
    assert setting.tells(namespace("team", 5)) == {KodeKey("team", "dev")}


def test_namespace_that_begins_to_go_is_told() -> None:
    setting = _Setting()
    assert setting.tells(namespace("team", 1, going=True)) == {KodeKey("team", "dev")}


def test_older_word_changes_nothing() -> None:
    setting = _Setting()
    setting.sink.on_upsert(namespace("team", 5, grants=True))
    assert setting.tells(namespace("team", 4)) == set()
    setting.sink.on_delete(namespace("team", 4))
    assert setting.caches.namespaces.get("team") == Namespace(grants=True)


def test_what_is_gone_is_forgotten() -> None:
    setting = _Setting()
    for name in ("a", "b", "c"):
        setting.sink.on_upsert(namespace(name, 5, grants=True))
    setting.sink.on_delete(namespace("a", 6))
    setting.sink.on_delete(namespace("never", 6))
    setting.sink.on_resync({("", "b")}, 5)
    known = [name for name in ("a", "b", "c") if setting.caches.namespaces.get(name)]
    assert known == ["b"]
    setting.sink.on_resync(set(), 4)
    assert setting.caches.namespaces.get("b")
