"""Whom a change reaches."""

from kode.controllers.cache.world import (
    KodeSink,
    NewsSink,
    NoteSink,
    ObjectSink,
    ReferentSink,
    World,
)
from kode.controllers.inputs import Key
from kode.platform.kubernetes.kinds import BY_NAME, CLAIM, SECRET
from tests.unit.controllers.objects import KEY, child, foreign, kode, template

OTHER = Key("team", "other")
TEMPLATES = BY_NAME["KodeClusterTemplate"]
PROXIES = BY_NAME["EnvoyProxyClusterConfig"]


class _World(World):
    """A world with Kodes in it, that notes whom it tells."""

    def __init__(self, *kodes: dict[str, object]) -> None:
        self.told: list[Key] = []
        super().__init__(self.told.append)
        for found in kodes:
            KodeSink(self).put(found)
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
    sink = KodeSink(world)
    sink.put(kode())
    assert world.news() == [KEY]
    sink.put(kode())
    assert world.news() == []
    sink.remove(kode(version=2))
    assert world.news() == [KEY]
    sink.put(kode(version=3))
    world.news()
    sink.keep(set(), 9)
    assert world.news() == [KEY]


def test_a_change_of_a_child_reaches_its_kode() -> None:
    world = _World()
    sink = ObjectSink(world, BY_NAME["Service"])
    sink.put(child("Service", "dev"))
    assert world.news() == [KEY]
    sink.put(child("Service", "dev"))
    assert world.news() == []
    sink.remove(child("Service", "dev", version=2))
    assert world.news() == [KEY]
    sink.remove(child("Service", "dev", version=2))
    assert world.news() == []


def test_children_without_their_kode_are_looked_after() -> None:
    world = _World(kode(OTHER))
    ObjectSink(world, CLAIM).put(child("PersistentVolumeClaim", "dev-home"))
    assert world.keys() == {KEY, OTHER}


def test_a_change_of_a_template_reaches_the_kodes_that_name_it() -> None:
    world = _World(kode(), kode(OTHER, templateRef={"kind": "KodeTemplate", "name": "own"}))
    sink = ReferentSink(world, TEMPLATES)
    sink.put(template())
    assert world.news() == [KEY]
    sink.put(template())
    assert world.news() == []
    sink.remove(template(version=2))
    assert world.news() == [KEY]
    sink.put(template(version=3))
    world.news()
    sink.keep(set(), 9)
    assert world.news() == [KEY]


def test_a_change_of_a_proxy_config_reaches_kodes_through_their_templates() -> None:
    world = _World(kode())
    ref = {"kind": "EnvoyProxyClusterConfig", "name": "basic"}
    ReferentSink(world, TEMPLATES).put(template(envoyProxyRef=ref))
    world.news()
    ReferentSink(world, PROXIES).put(_proxy(2))
    assert world.news() == [KEY]


def test_a_change_of_somebodys_secret_reaches_the_kodes_that_name_it() -> None:
    world = _World(kode(existingSecret="login"), kode(OTHER))
    sink = NewsSink(world, SECRET)
    sink.put(foreign("Secret", "another"))
    assert world.news() == []
    sink.put(foreign("Secret", "login"))
    sink.remove(foreign("Secret", "login", version=2))
    assert world.news() == [KEY, KEY]
    sink.keep(set(), 0)
    assert world.news() == [KEY]


def test_a_change_of_somebodys_claim_reaches_the_kodes_that_name_it() -> None:
    world = _World(kode(storage={"existingVolumeClaim": "files"}), kode(OTHER))
    sink = ObjectSink(world, CLAIM)
    sink.put(foreign("PersistentVolumeClaim", "files"))
    assert world.news() == [KEY]
    sink.put(foreign("PersistentVolumeClaim", "files", version=2))
    assert world.news() == []
    sink.put(foreign("PersistentVolumeClaim", "files", version=3, status={"phase": "Bound"}))
    assert world.news() == [KEY]
    sink.remove(foreign("PersistentVolumeClaim", "files", version=4))
    assert world.news() == [KEY]
    sink.keep(set(), 9)
    assert world.news() == [KEY]


def test_a_warning_about_a_claim_reaches_its_kode_and_those_that_name_it() -> None:
    world = _World(kode(OTHER, storage={"existingVolumeClaim": "dev-home"}))
    claim = child("PersistentVolumeClaim", "dev-home")
    ObjectSink(world, CLAIM).put(claim)
    world.news()
    sink = NoteSink(world)
    event = foreign("Event", "warning", message="no class")
    event["involvedObject"] = {"kind": claim["kind"], **claim["metadata"]}
    sink.put(event)
    assert world.news() == [KEY, OTHER]
    sink.put(event)
    sink.remove(event)
    sink.keep(set(), 9)
    assert world.news() == []
    assert world.notes.about(claim) == ("no class",)


def test_a_warning_about_what_is_nobodys_reaches_nobody() -> None:
    world = _World(kode())
    event = foreign("Event", "warning", message="no class")
    event["involvedObject"] = {"kind": "StatefulSet", "namespace": "x", "name": "y"}
    NoteSink(world).put(event)
    assert world.news() == []
