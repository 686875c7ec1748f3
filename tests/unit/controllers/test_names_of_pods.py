"""Passes over Kodes whose names do not fit a label: as over any other one."""

import pytest

from kode import names
from kode.controllers.cache.caches import (
    Caches,
    take_kodes,
    take_objects,
    take_referenced,
)
from kode.controllers.decide import decide
from kode.controllers.decision import Apply, Decision
from kode.controllers.gather import Gatherer
from kode.controllers.inputs import KodeKey
from kode.evaluate.events import summary
from kode.kube.resources import POD
from kode.platform.resources import BY_KIND
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.objects import Object, kode, pod, template

NAMES = ["dev", "n" * 63, "n" * 64, "n" * 253, "x-h0123456789abcdef", f"{'a.b-' * 20}c"]
TEMPLATES = BY_KIND["KodeClusterTemplate"]


class _Setting:
    """A Kode of a name whose children are made, and whose pod runs."""

    def __init__(self, name: str) -> None:
        self.key = KodeKey("team", name)
        self.news: list[KodeKey] = []
        self.caches = Caches(self.news.append)
        self.cluster = Cluster()
        take_referenced(self.caches, TEMPLATES).on_upsert(template())
        take_kodes(self.caches).on_upsert(kode(self.key))

    async def make_pass(self) -> Decision:
        return decide(await Gatherer(self.cluster, self.caches, "kode-system").gather(self.key, {}))

    async def start(self) -> None:
        """Make the children as the first pass decides, and have the pod run."""
        for write in (await self.make_pass()).writes:
            assert isinstance(write, Apply)
            stands = self.cluster.stand(write.manifest)
            if stands["kind"] == "PersistentVolumeClaim":
                stands["status"] = {"phase": "Bound"}
            self.see(stands)
        self.see(self.pod(version=9000))
        assert self.news[-1] == self.key

    def see(self, found: Object) -> None:
        take_objects(self.caches, BY_KIND[found["kind"]]).on_upsert(dict(found))

    def pod(self, *, version: int) -> Object:
        made = self.cluster.objects["Pod", "team", names.pod(self.key.name)]["metadata"]
        found = pod(self.key, version=version, ready=True)
        found["metadata"].update(uid=made["uid"], annotations=made["annotations"])
        found["status"]["containerStatuses"][0]["started"] = True
        return found

    async def ready(self) -> tuple[object, object, object]:
        status = (await self.make_pass()).status or {}
        told = summary(status)
        return told["status"], told["reason"], status["phase"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_kode_whose_pod_answers_is_ready_whatever_its_name(name: str) -> None:
    setting = _Setting(name)
    await setting.start()
    assert await setting.ready() == ("True", "Running", "Running")


@pytest.mark.parametrize("name", NAMES)
async def test_an_edit_of_the_template_waits_whatever_the_name(name: str) -> None:
    setting = _Setting(name)
    await setting.start()
    take_referenced(setting.caches, TEMPLATES).on_upsert(template(version=2, tz="Europe/Berlin"))
    assert await setting.ready() == ("True", "UpdatePending", "Running")
    kinds = {type(write) for write in (await setting.make_pass()).writes}
    assert kinds == set(), "nothing is written to what runs"


@pytest.mark.parametrize("name", NAMES)
async def test_a_kode_is_suspended_only_once_its_pod_has_ended_whatever_its_name(name: str) -> None:
    setting = _Setting(name)
    await setting.start()
    stopped = kode(setting.key, version=9001, suspend=True)
    take_kodes(setting.caches).on_upsert(stopped)
    ending = setting.pod(version=9002)
    ending["metadata"]["deletionTimestamp"] = "2999-01-01T00:00:00Z"
    setting.see(ending)
    assert await setting.ready() == ("False", "Stopping", "Stopping")
    setting.news.clear()
    take_objects(setting.caches, POD).on_delete({**ending})
    assert setting.news == [setting.key]
    assert await setting.ready() == ("False", "Suspended", "Suspended")
