"""Whom a change reaches."""

from kode.controllers.cache.world import (
    KodeEventHandler,
    ObjectEventHandler,
    ReferencedEventHandler,
    SecretEventHandler,
    WarningEventHandler,
    World,
)
from kode.controllers.inputs import Key
from kode.kube.resources import CLAIM, SECRET
from kode.platform.resources import BY_KIND
from tests.unit.controllers.objects import KEY, child, foreign, kode, template

OTHER = Key("team", "other")
TEMPLATES = BY_KIND["KodeClusterTemplate"]
PROXIES = BY_KIND["EnvoyProxyClusterConfig"]


class _World(World):
    """A world with Kodes in it, that notes whom it tells."""

    def __init__(self, *kodes: dict[str, object]) -> None:
        self.told: list[Key] = []
        super().__init__(self.told.append)
        for found in kodes:
            KodeEventHandler(self).on_upsert(found)
        self.told.clear()

    def news(self) -> list[Key]:
        told = sorted(self.told)
        self.told.clear()
        return told


def _proxy(version: int) -> dict[str, object]:
    found = template("basic", version=version)
    return {**found, "kind": "EnvoyProxyClusterConfig", "spec": {"authType": "basic"}}


def test_a_change_of_a_kode_reaches_it() -> None:
    world = _World()
    sink = KodeEventHandler(world)
    sink.on_upsert(kode())
    assert world.news() == [KEY]
    sink.on_upsert(kode())
    assert world.news() == []
    sink.on_delete(kode(version=2))
    assert world.news() == [KEY]
    sink.on_upsert(kode(version=3))
    world.news()
    sink.on_resync(set(), 9)
    assert world.news() == [KEY]


def test_a_change_of_a_child_reaches_its_kode() -> None:
    world = _World()
    sink = ObjectEventHandler(world, BY_KIND["Service"])
    sink.on_upsert(child("Service", "dev"))
    assert world.news() == [KEY]
    sink.on_upsert(child("Service", "dev"))
    assert world.news() == []
    sink.on_delete(child("Service", "dev", version=2))
    assert world.news() == [KEY]
    sink.on_delete(child("Service", "dev", version=2))
    assert world.news() == []


def test_children_without_their_kode_are_looked_after() -> None:
    world = _World(kode(OTHER))
    ObjectEventHandler(world, CLAIM).on_upsert(child("PersistentVolumeClaim", "dev-home"))
    assert world.keys() == {KEY, OTHER}


def test_a_change_of_a_template_reaches_the_kodes_that_name_it() -> None:
    world = _World(kode(), kode(OTHER, templateRef={"kind": "KodeTemplate", "name": "own"}))
    sink = ReferencedEventHandler(world, TEMPLATES)
    sink.on_upsert(template())
    assert world.news() == [KEY]
    sink.on_upsert(template())
    assert world.news() == []
    sink.on_delete(template(version=2))
    assert world.news() == [KEY]
    sink.on_upsert(template(version=3))
    world.news()
    sink.on_resync(set(), 9)
    assert world.news() == [KEY]


def test_a_change_of_a_proxy_config_reaches_kodes_through_their_templates() -> None:
    world = _World(kode())
    ref = {"kind": "EnvoyProxyClusterConfig", "name": "basic"}
    ReferencedEventHandler(world, TEMPLATES).on_upsert(template(envoyProxyRef=ref))
    world.news()
    ReferencedEventHandler(world, PROXIES).on_upsert(_proxy(2))
    assert world.news() == [KEY]


def test_a_change_of_somebodys_secret_reaches_the_kodes_that_name_it() -> None:
    world = _World(kode(existingSecret="login"), kode(OTHER))
    sink = SecretEventHandler(world, SECRET)
    sink.on_upsert(foreign("Secret", "another"))
    assert world.news() == []
    sink.on_upsert(foreign("Secret", "login"))
    sink.on_delete(foreign("Secret", "login", version=2))
    assert world.news() == [KEY, KEY]
    sink.on_resync(set(), 0)
    assert world.news() == [KEY]


def test_a_change_of_somebodys_claim_reaches_the_kodes_that_name_it() -> None:
    world = _World(kode(storage={"existingVolumeClaim": "files"}), kode(OTHER))
    sink = ObjectEventHandler(world, CLAIM)
    sink.on_upsert(foreign("PersistentVolumeClaim", "files"))
    assert world.news() == [KEY]
    sink.on_upsert(foreign("PersistentVolumeClaim", "files", version=2))
    assert world.news() == []
    sink.on_upsert(foreign("PersistentVolumeClaim", "files", version=3, status={"phase": "Bound"}))
    assert world.news() == [KEY]
    sink.on_delete(foreign("PersistentVolumeClaim", "files", version=4))
    assert world.news() == [KEY]
    sink.on_resync(set(), 9)
    assert world.news() == [KEY]


def test_a_warning_about_a_claim_reaches_its_kode_and_those_that_name_it() -> None:
    world = _World(kode(OTHER, storage={"existingVolumeClaim": "dev-home"}))
    claim = child("PersistentVolumeClaim", "dev-home")
    ObjectEventHandler(world, CLAIM).on_upsert(claim)
    world.news()
    sink = WarningEventHandler(world)
    event = foreign("Event", "warning", message="no class")
    event["involvedObject"] = {"kind": claim["kind"], **claim["metadata"]}
    sink.on_upsert(event)
    assert world.news() == [KEY, OTHER]
    sink.on_upsert(event)
    sink.on_delete(event)
    sink.on_resync(set(), 9)
    assert world.news() == []
    assert world.notes.about(claim) == ("no class",)


def test_a_warning_about_what_is_nobodys_reaches_nobody() -> None:
    world = _World(kode())
    event = foreign("Event", "warning", message="no class")
    event["involvedObject"] = {"kind": "StatefulSet", "namespace": "x", "name": "y"}
    WarningEventHandler(world).on_upsert(event)
    assert world.news() == []
