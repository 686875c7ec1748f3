"""Whole passes over one Kode with the real decision, on a cluster in memory, in virtual time."""

import logging

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.controllers import reconcile
from kode.controllers.inputs import Inputs, KodeKey
from kode.controllers.reconcile import PROGRESS_INTERVAL, RESYNC_PERIOD
from kode.errors import PlatformError
from kode.kube.errors import ApiConflict, NamespaceTerminating, NotLeader
from kode.platform.resources import BY_KIND
from tests.unit.controllers.objects import KEY, foreign, kode, pod
from tests.unit.controllers.setting import Setting, later, run_passes

CHILDREN = {
    ("Secret", "dev-auth"),
    ("PersistentVolumeClaim", "dev-home"),
    ("NetworkPolicy", "dev"),
    ("Secret", "dev-envoy"),
    ("Service", "dev"),
    ("Pod", "dev"),
}


def test_a_new_kode_gets_its_children_and_loses_its_password() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        made = {(kind, name) for kind, _, name in setting.cluster.objects}
        assert made - {("Kode", "dev")} == CHILDREN
        assert "password" not in setting.cluster.objects["Kode", "team", "dev"]["spec"]
        assert "password" not in (setting.caches.kodes.get(KEY) or {})["spec"]

    run_passes(main, password="secret")


def test_two_writes_beyond_the_children_until_it_is_ready_and_none_after() -> None:
    async def main(setting: Setting) -> None:
        extra = [what for what in await setting.make_pass() if not what.startswith("create")]
        claim = setting.cluster.objects["PersistentVolumeClaim", "team", "dev-home"]
        claim = setting.cluster.stand({**claim, "status": {"phase": "Bound"}})
        setting.caches.objects.put(BY_KIND["PersistentVolumeClaim"], claim)
        extra += await setting.make_pass()
        made = setting.cluster.objects["Pod", "team", "dev"]["metadata"]
        up = pod(version=9000, ready=True)
        up["metadata"].update(uid=made["uid"], annotations=made["annotations"])
        setting.caches.objects.put(BY_KIND["Pod"], up)
        extra += await setting.make_pass()
        assert extra == ["patch Kode dev", "status Kode dev"]
        assert setting.ready()[0] == "Running"
        assert await setting.make_pass() == []
        assert setting.queue.asked[-1] >= RESYNC_PERIOD * 0.75

    run_passes(main, password="secret")


def test_a_status_of_progress_is_written_when_nothing_better_comes() -> None:
    async def main(setting: Setting) -> None:
        assert "status Kode dev" not in await setting.make_pass()
        assert PROGRESS_INTERVAL in setting.queue.asked
        later(PROGRESS_INTERVAL)
        assert await setting.make_pass() == ["status Kode dev"]

    run_passes(main)


def test_progress_is_told_at_most_every_two_seconds_however_many_others_are_on_their_way() -> None:
    async def main(setting: Setting) -> None:
        for number in range(232):
            setting.queue.add(KodeKey("team", f"other-{number}"))
        assert "status Kode dev" not in await setting.make_pass()
        later(PROGRESS_INTERVAL)
        assert await setting.make_pass() == ["status Kode dev"]
        claim = setting.cluster.objects["PersistentVolumeClaim", "team", "dev-home"]
        claim = setting.cluster.stand({**claim, "status": {"phase": "Bound"}})
        setting.caches.objects.put(BY_KIND["PersistentVolumeClaim"], claim)
        assert await setting.make_pass() == []
        later(PROGRESS_INTERVAL)
        assert await setting.make_pass() == ["status Kode dev"]

    run_passes(main)


def test_a_template_that_comes_in_the_next_moment_is_not_missed() -> None:
    async def main(setting: Setting) -> None:
        missing = {"kind": "KodeClusterTemplate", "name": "later"}
        setting.edit(kode(templateRef=missing))
        assert await setting.make_pass() == []
        later(PROGRESS_INTERVAL)
        assert [what.split()[0] for what in await setting.make_pass()] == ["status", "create"]
        assert setting.ready()[0] == "TemplateNotFound"

    run_passes(main)


@pytest.mark.attack
def test_what_stands_in_the_way_is_left_alone_until_it_is_gone() -> None:
    async def main(setting: Setting) -> None:
        theirs = setting.cluster.stand(foreign("Service", "dev"))
        await setting.make_pass()
        assert setting.ready()[0] == "NotOwned"
        assert setting.cluster.objects["Service", "team", "dev"] == theirs
        assert await setting.make_pass() == []
        del setting.cluster.objects["Service", "team", "dev"]
        assert "create Service dev" in await setting.make_pass()

    run_passes(main)


def test_a_child_of_ours_that_lost_its_labels_is_taken_back() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        service = setting.cluster.objects["Service", "team", "dev"]
        service["metadata"]["labels"] = {}
        setting.cluster.stand(service)
        setting.caches.objects.forget(BY_KIND["Service"], "team", "dev")
        await setting.make_pass()
        found = setting.cluster.objects["Service", "team", "dev"]
        assert found["metadata"]["labels"][labels.MANAGED_BY] == "kode"

    run_passes(main)


def test_a_refusal_becomes_a_condition_and_is_tried_again() -> None:
    async def main(setting: Setting) -> None:
        def refuse(what: str) -> PlatformError | None:
            no = PlatformError(Reason.REJECTED, "create: exceeded quota")
            return no if what.startswith("create PersistentVolumeClaim") else None

        setting.cluster.trouble = refuse
        await setting.make_pass()
        reason, message = setting.ready()
        assert reason == "Rejected"
        assert "exceeded quota" in message
        assert setting.queue.asked[-1] == 0.5
        writes = [what for what in await setting.make_pass() if not what.startswith("create")]
        assert writes == []
        assert setting.queue.asked[-1] == 1.0

    run_passes(main)


def test_in_a_namespace_that_is_going_nothing_is_made_and_nothing_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main(setting: Setting) -> None:
        gone = NamespaceTerminating(Reason.PLATFORM_ERROR, "being terminated")
        setting.cluster.trouble = lambda what: gone if what.startswith("create") else None
        assert await setting.make_pass() == []
        assert setting.queue.asked == []
        # The caches know it by now, and nothing is tried any more.
        setting.cluster.trouble = pytest.fail
        setting.caches.namespaces.put(
            {
                "metadata": {
                    "name": "team",
                    "resourceVersion": "1",
                    "deletionTimestamp": "2026-01-01T00:00:00Z",
                }
            }
        )
        assert await setting.make_pass() == []

    run_passes(main)
    assert caplog.text == ""


def _with_a_larger_wish(setting: Setting) -> None:
    claim = setting.cluster.objects["PersistentVolumeClaim", "team", "dev-home"]
    claim = setting.cluster.stand({**claim, "status": {"phase": "Bound"}})
    setting.caches.objects.put(BY_KIND["PersistentVolumeClaim"], claim)
    size = {"requests": {"storage": "900Gi"}}
    setting.edit(kode(storage={"resources": size}, env=[{"name": "A", "value": "b"}]))


def test_growth_that_is_refused_is_told_and_tried_again_an_hour_later() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        _with_a_larger_wish(setting)
        tries = []

        def refuse(what: str) -> PlatformError | None:
            tries.append(what)
            no = PlatformError(Reason.REJECTED, "the class cannot grow volumes")
            return no if what == "apply PersistentVolumeClaim dev-home" else None

        setting.cluster.trouble = refuse
        assert "delete Pod dev" in await setting.make_pass()
        found = setting.cluster.objects["Kode", "team", "dev"]["status"]["conditions"]
        (storage,) = [item for item in found if item["type"] == "StorageReady"]
        assert (storage["status"], storage["reason"]) == ("True", "ChangeIgnored")
        assert "the class cannot grow volumes" in storage["message"]
        assert setting.ready()[0] != "Rejected"
        assert min(setting.queue.asked) >= 10, "no pass comes sooner because of the refusal"
        assert tries.count("apply PersistentVolumeClaim dev-home") == 1

    run_passes(main)


def test_growth_that_fails_otherwise_is_tried_again_soon() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        _with_a_larger_wish(setting)

        def fail(what: str) -> PlatformError | None:
            no = PlatformError(Reason.PLATFORM_ERROR, "etcd is away")
            return no if what == "apply PersistentVolumeClaim dev-home" else None

        setting.cluster.trouble = fail
        await setting.make_pass()
        assert setting.queue.asked[-1] == 0.5

    run_passes(main)


def test_a_world_that_moves_is_gathered_again_and_in_the_end_tried_later() -> None:
    async def main(setting: Setting) -> None:
        tries = 0

        def outdated(what: str) -> PlatformError | None:
            nonlocal tries
            tries += what.startswith("create")
            return ApiConflict(Reason.PLATFORM_ERROR, what) if what.startswith("create") else None

        setting.cluster.trouble = outdated
        await setting.make_pass()
        assert tries == 5
        assert setting.queue.asked[-1] == 0.5

    run_passes(main)


def test_without_the_lease_nothing_is_even_read() -> None:
    async def main(setting: Setting) -> None:
        setting.leads = False
        setting.cluster.trouble = pytest.fail
        assert await setting.make_pass() == []

    run_passes(main)


def test_a_lease_that_is_lost_in_a_pass_ends_it_quietly() -> None:
    async def main(setting: Setting) -> None:
        setting.cluster.trouble = lambda what: NotLeader(Reason.PLATFORM_ERROR, what)
        assert await setting.make_pass() == []
        assert setting.queue.asked == []

    run_passes(main)


def test_what_nobody_foresaw_is_logged_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Inputs) -> None:
        raise ZeroDivisionError

    async def main(setting: Setting) -> None:
        monkeypatch.setattr(reconcile, "decide", broken)
        with caplog.at_level(logging.ERROR):
            await setting.make_pass()
        assert "team/dev" in caplog.text
        assert "ZeroDivisionError" in caplog.text
        assert setting.queue.asked[-1] == 0.5

    run_passes(main)


def test_an_edit_during_a_pass_gets_a_pass_of_its_own() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        setting.cluster.objects["Kode", "team", "dev"]["metadata"]["generation"] = 2
        later(PROGRESS_INTERVAL)
        assert 0.0 not in setting.queue.asked
        await setting.make_pass()
        assert 0.0 in setting.queue.asked

    run_passes(main)


def test_a_kode_that_is_gone_leaves_its_claim_marked() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        setting.caches.kodes.forget(KEY)
        assert await setting.make_pass() == ["patch PersistentVolumeClaim dev-home"]
        claim = setting.cluster.objects["PersistentVolumeClaim", "team", "dev-home"]
        assert claim["metadata"]["labels"][labels.RETAINED] == "true"
        assert await setting.make_pass() == []

    run_passes(main)
