"""Whole passes over a Kode whose pod ends, or is refused."""

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.resources import BY_KIND
from tests.unit.controllers.setting import Setting, run_passes


def test_a_pod_that_is_still_ending_is_waited_for_and_then_made_again() -> None:
    async def main(setting: Setting) -> None:
        await setting.make_pass()
        place = ("Pod", "team", "dev")
        ending = dict(setting.cluster.objects[place])
        ending["metadata"] = {**ending["metadata"], "deletionTimestamp": "2999-01-01T00:00:00Z"}
        setting.cluster.stand(ending)
        # The watch has told of its end before the API server lets go of its name.
        setting.caches.objects.forget(BY_KIND["Pod"], "team", "dev")
        assert await setting.make_pass() == ["create Pod dev"]
        asked: list[str] = []

        def note(what: str) -> None:
            asked.append(what)

        setting.cluster.trouble = note
        assert await setting.make_pass() == []
        assert [what for what in asked if "Pod" in what] == [], "a watch tells of its end"
        gone = {**ending, "metadata": {**ending["metadata"], "resourceVersion": "9999"}}
        del setting.cluster.objects[place]
        setting.caches.objects.remove(BY_KIND["Pod"], gone)
        assert await setting.make_pass() == ["create Pod dev"]
        assert place in setting.cluster.objects

    run_passes(main)


def test_a_pod_that_is_refused_is_told_in_the_same_pass_and_tried_ever_later() -> None:
    refusal = 'create Pod team/dev: pods "dev" is forbidden: exceeded quota: small, used: pods=1'

    async def main(setting: Setting) -> None:
        def refuse(what: str) -> PlatformError | None:
            return PlatformError(Reason.REJECTED, refusal) if what == "create Pod dev" else None

        setting.cluster.trouble = refuse
        await setting.make_pass()
        assert setting.ready() == ("QuotaExceeded", refusal)
        pauses = [setting.queue.asked[-1]]
        for _ in range(3):
            await setting.make_pass()
            pauses.append(setting.queue.asked[-1])
        assert pauses == sorted(pauses)
        assert pauses[-1] >= 4 * pauses[0]
        setting.cluster.trouble = lambda _: None
        assert "create Pod dev" in await setting.make_pass()

    run_passes(main)
