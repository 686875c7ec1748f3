"""Whom a change reaches."""

from kode.controllers.cache.caches import (
    Caches,
    take_kodes,
    take_objects,
    take_referenced,
    take_secrets,
    take_warnings,
)
from kode.controllers.inputs import KodeKey
from kode.kube.resources import CLAIM
from kode.platform.resources import BY_KIND
from tests.unit.controllers.objects import KEY, child, foreign, kode, template

OTHER = KodeKey("team", "other")
TEMPLATES = BY_KIND["KodeClusterTemplate"]
PROXIES = BY_KIND["EnvoyProxyClusterConfig"]


class _World(Caches):
    """A world with Kodes in it, that notes whom it tells."""

    def __init__(self, *kodes: dict[str, object]) -> None:
        self.told: list[KodeKey] = []
        super().__init__(self.told.append)
        for found in kodes:
            take_kodes(self).on_upsert(found)
        self.told.clear()

    def news(self) -> list[KodeKey]:
        told = sorted(self.told)
        self.told.clear()
        return told


def _proxy(version: int) -> dict[str, object]:
    found = template("basic", version=version)
    return {**found, "kind": "EnvoyProxyClusterConfig", "spec": {"authType": "basic"}}


def test_a_change_of_a_kode_reaches_it() -> None:
    caches = _World()
    sink = take_kodes(caches)
    sink.on_upsert(kode())
    assert caches.news() == [KEY]
    sink.on_upsert(kode())
    assert caches.news() == []
    sink.on_delete(kode(version=2))
    assert caches.news() == [KEY]
    sink.on_upsert(kode(version=3))
    caches.news()
    sink.on_resync(set(), 9)
    assert caches.news() == [KEY]


def test_a_change_of_a_child_reaches_its_kode() -> None:
    caches = _World()
    sink = take_objects(caches, BY_KIND["Service"])
    sink.on_upsert(child("Service", "dev"))
    assert caches.news() == [KEY]
    sink.on_upsert(child("Service", "dev"))
    assert caches.news() == []
    sink.on_delete(child("Service", "dev", version=2))
    assert caches.news() == [KEY]
    sink.on_delete(child("Service", "dev", version=2))
    assert caches.news() == []


def test_children_without_their_kode_are_looked_after() -> None:
    caches = _World(kode(OTHER))
    take_objects(caches, CLAIM).on_upsert(child("PersistentVolumeClaim", "dev-home"))
    assert caches.keys() == {KEY, OTHER}


def test_a_change_of_a_template_reaches_the_kodes_that_name_it() -> None:
    caches = _World(kode(), kode(OTHER, templateRef={"kind": "KodeTemplate", "name": "own"}))
    sink = take_referenced(caches, TEMPLATES)
    sink.on_upsert(template())
    assert caches.news() == [KEY]
    sink.on_upsert(template())
    assert caches.news() == []
    sink.on_delete(template(version=2))
    assert caches.news() == [KEY]
    sink.on_upsert(template(version=3))
    caches.news()
    sink.on_resync(set(), 9)
    assert caches.news() == [KEY]


def test_a_change_of_a_proxy_config_reaches_kodes_through_their_templates() -> None:
    caches = _World(kode())
    ref = {"kind": "EnvoyProxyClusterConfig", "name": "basic"}
    take_referenced(caches, TEMPLATES).on_upsert(template(envoyProxyRef=ref))
    caches.news()
    take_referenced(caches, PROXIES).on_upsert(_proxy(2))
    assert caches.news() == [KEY]


def test_a_change_of_somebodys_secret_reaches_the_kodes_that_name_it() -> None:
    caches = _World(kode(existingSecret="login"), kode(OTHER))
    sink = take_secrets(caches)
    sink.on_upsert(foreign("Secret", "another"))
    assert caches.news() == []
    sink.on_upsert(foreign("Secret", "login"))
    sink.on_delete(foreign("Secret", "login", version=2))
    assert caches.news() == [KEY, KEY]
    sink.on_resync(set(), 0)
    assert caches.news() == [KEY]


def test_a_change_of_somebodys_claim_reaches_the_kodes_that_name_it() -> None:
    caches = _World(kode(storage={"existingVolumeClaim": "files"}), kode(OTHER))
    sink = take_objects(caches, CLAIM)
    sink.on_upsert(foreign("PersistentVolumeClaim", "files"))
    assert caches.news() == [KEY]
    sink.on_upsert(foreign("PersistentVolumeClaim", "files", version=2))
    assert caches.news() == []
    sink.on_upsert(foreign("PersistentVolumeClaim", "files", version=3, status={"phase": "Bound"}))
    assert caches.news() == [KEY]
    sink.on_delete(foreign("PersistentVolumeClaim", "files", version=4))
    assert caches.news() == [KEY]
    sink.on_resync(set(), 9)
    assert caches.news() == [KEY]


def test_a_warning_about_a_claim_reaches_its_kode_and_those_that_name_it() -> None:
    caches = _World(kode(OTHER, storage={"existingVolumeClaim": "dev-home"}))
    claim = child("PersistentVolumeClaim", "dev-home")
    take_objects(caches, CLAIM).on_upsert(claim)
    caches.news()
    sink = take_warnings(caches)
    event = foreign("Event", "warning", message="no class")
    event["involvedObject"] = {"kind": claim["kind"], **claim["metadata"]}
    sink.on_upsert(event)
    assert caches.news() == [KEY, OTHER]
    sink.on_upsert(event)
    sink.on_delete(event)
    sink.on_resync(set(), 9)
    assert caches.news() == []
    assert caches.notes.about(claim) == ("no class",)


def test_a_warning_about_what_is_nobodys_reaches_nobody() -> None:
    caches = _World(kode())
    event = foreign("Event", "warning", message="no class")
    event["involvedObject"] = {"kind": "StatefulSet", "namespace": "x", "name": "y"}
    take_warnings(caches).on_upsert(event)
    assert caches.news() == []
