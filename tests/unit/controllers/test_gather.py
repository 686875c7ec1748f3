"""What one pass sees."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.controllers.cache.caches import Caches, take_warnings
from kode.controllers.cache.namespaces import Namespace
from kode.controllers.gather import Gatherer
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.errors import PlatformError
from kode.evaluate.sidecar_log import Verdict
from kode.kube.resources import CLAIM, POD
from kode.labels import ALLOW_GRANTS
from kode.platform.resources import BY_KIND
from kode.render.sidecar import SidecarStatus
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.objects import KEY, Object, child, foreign, kode, pod, template


class _Setting:
    """A cluster, the caches, and a gatherer."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.caches = Caches(lambda _: None)

    def put(self, kind: str, found: dict[str, Any]) -> None:
        self.caches.objects.put(BY_KIND[kind], found)

    async def gather(self, key: KodeKey = KEY, **found: Any) -> Inputs:
        gatherer = Gatherer(self.cluster, self.caches, "kode-system")
        return await gatherer.gather(key, found.get("found", {}))

    def warn(self, about: Object, message: str, began: str = "") -> None:
        event = foreign("Event", "warning", message=message, firstTimestamp=began)
        event["involvedObject"] = {"kind": about["kind"], **about["metadata"]}
        take_warnings(self.caches).on_upsert(event)


@pytest.fixture
def setting() -> _Setting:
    return _Setting()


async def test_all_comes_from_the_caches(setting: _Setting) -> None:
    ref = {"kind": "EnvoyProxyClusterConfig", "name": "basic"}
    setting.caches.kodes.put(kode(storage={"existingVolumeClaim": "files"}))
    setting.caches.referenced.put(template(envoyProxyRef=ref))
    proxy = {**template("basic"), "kind": "EnvoyProxyClusterConfig", "spec": {}}
    setting.caches.referenced.put(proxy)
    setting.put("Secret", child("Secret", "dev-auth"))
    setting.put("PersistentVolumeClaim", foreign("PersistentVolumeClaim", "files"))
    setting.put("Pod", pod())
    setting.put("Pod", child("Pod", "stray"))
    seen = await setting.gather()
    assert seen.kode is not None
    assert seen.template is not None
    assert seen.proxy_config is not None
    assert seen.claim is not None
    assert set(seen.children) == {ChildKey("Secret", "dev-auth")}
    assert seen.pod is not None
    assert seen.pod["metadata"]["name"] == "dev"
    assert seen.operator_namespace == "kode-system"
    datetime.strptime(seen.now, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007


async def test_of_a_kode_that_is_gone_only_what_it_left_is_seen(setting: _Setting) -> None:
    setting.put("PersistentVolumeClaim", child("PersistentVolumeClaim", "dev-home"))
    seen = await setting.gather()
    assert seen.kode is None
    assert len(seen.children) == 1


@pytest.mark.parametrize("cached", [True, False])
async def test_leave_of_the_namespaces_is_seen(setting: _Setting, *, cached: bool) -> None:
    ref = {"kind": "KodeTemplate", "name": "x", "namespace": "lent"}
    setting.caches.kodes.put(kode(templateRef=ref))
    assert (await setting.gather()).granting == frozenset()
    for name, mark in (("team", "true"), ("lent", "yes")):
        namespace = foreign("Namespace", name)
        namespace["metadata"]["labels"] = {ALLOW_GRANTS: mark}
        del namespace["metadata"]["namespace"]
        if cached:
            setting.caches.namespaces.put(namespace)
        else:
            setting.cluster.objects["Namespace", "", name] = namespace
    seen = await setting.gather()
    assert seen.granting == {"team"}
    assert not seen.terminating
    assert setting.caches.namespaces.get("team") == Namespace(grants=True)


async def test_namespace_that_is_being_deleted_is_seen(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    namespace = foreign("Namespace", "team")
    namespace["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    setting.caches.namespaces.put(namespace)
    assert (await setting.gather()).terminating


async def test_somebodys_secret_is_read_anew(setting: _Setting) -> None:
    setting.caches.kodes.put(kode(existingSecret="login"))
    assert (await setting.gather()).secret is None
    setting.cluster.stand(foreign("Secret", "login", data={"password": "eA=="}))
    seen = await setting.gather()
    assert seen.secret is not None
    assert seen.secret["data"] == {"password": "eA=="}


async def test_what_stands_in_the_way_is_seen_among_the_children(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    service = foreign("Service", "dev")
    seen = await setting.gather(found={ChildKey("Service", "dev"): service})
    assert seen.children == {ChildKey("Service", "dev"): service}


def _made(seconds_ago: float) -> str:
    made = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return made.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(("age", "notes"), [(60, ("no class", "older")), (1, ())])
async def test_warnings_about_a_claim_that_pends_for_a_while_are_read(
    setting: _Setting, age: float, notes: tuple[str, ...]
) -> None:
    setting.caches.kodes.put(kode())
    claim = child(CLAIM.kind, "dev-home")
    claim["metadata"]["creationTimestamp"] = _made(age)
    setting.put(CLAIM.kind, claim)
    setting.warn(claim, "older", "2026-01-01T00:00:01Z")
    setting.warn(claim, "no class", "2026-01-01T00:00:02Z")
    setting.warn({**claim, "metadata": {**claim["metadata"], "uid": "another"}}, "not this one")
    assert (await setting.gather()).notes == notes


async def test_another_pod_with_the_labels_of_a_kode_is_seen(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    former = child("Pod", "dev-0")
    setting.put(POD.kind, former)
    seen = await setting.gather()
    assert (seen.pod, (seen.other_pod or {})["metadata"]["name"]) == (None, "dev-0")
    setting.put(POD.kind, pod())
    seen = await setting.gather()
    assert seen.pod is not None
    assert (seen.other_pod or {})["metadata"]["name"] == "dev-0"
    assert POD.kind not in {it.kind for it in seen.children}


async def test_a_template_that_the_cache_lacks_is_looked_for(setting: _Setting) -> None:
    ref = {"kind": "EnvoyProxyClusterConfig", "name": "basic"}
    setting.caches.kodes.put(kode())
    assert (await setting.gather()).template is None
    setting.cluster.stand({**template(), "metadata": {"name": "plain", "uid": "u"}})
    setting.cluster.stand({**template("basic"), "kind": ref["kind"], "spec": {}})
    seen = await setting.gather()
    assert seen.template is not None
    assert seen.proxy_config is None
    setting.caches.referenced.put(template(version=9000, envoyProxyRef=ref))
    assert (await setting.gather()).proxy_config is not None


@pytest.mark.parametrize("kind", ["Secret", "Pod", "Nonsense"])
async def test_what_is_no_template_is_not_looked_for(setting: _Setting, kind: str) -> None:
    setting.caches.kodes.put(kode(templateRef={"kind": kind, "name": "x"}))
    setting.caches.namespaces.put(foreign("Namespace", "team"))
    setting.cluster.trouble = pytest.fail
    assert (await setting.gather()).template is None


async def test_a_reference_that_leads_to_no_namespace_is_not_looked_for(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    setting.caches.referenced.put(template(envoyProxyRef={"kind": "EnvoyProxyConfig", "name": "x"}))
    setting.caches.namespaces.put(foreign("Namespace", "team"))
    setting.cluster.trouble = pytest.fail
    assert (await setting.gather()).proxy_config is None


async def test_a_home_that_lost_its_labels_is_not_taken_for_gone(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    home, bare = ChildKey(CLAIM.kind, "dev-home"), foreign(CLAIM.kind, "dev-home", spec={"a": 1})
    assert home not in (await setting.gather()).children
    setting.put(CLAIM.kind, bare)
    assert home not in (await setting.gather()).children, "it went a moment ago"
    setting.cluster.stand(bare)
    assert (await setting.gather()).children[home]["spec"] == {"a": 1}


def _with_pending_sidecar() -> Object:
    live = pod()
    status = SidecarStatus("1").dump()
    marks = {labels.SIDECAR_REVISION: "1", labels.SIDECAR_STATUS: status}
    live["metadata"].update(annotations=marks, resourceVersion="9")
    live["status"]["containerStatuses"] = [{"name": "envoy", "state": {"running": {}}}]
    return live


async def test_a_sidecar_is_heard_only_where_it_has_something_to_say(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    setting.put("Pod", pod())
    # There is no log to read, and none is asked for.
    assert (await setting.gather()).verdict is None
    setting.put("Pod", _with_pending_sidecar())
    setting.cluster.logs["dev"] = ""
    assert (await setting.gather()).verdict == Verdict(unread=True, silent=True)
    line = "[2026-11-28 10:00:00.000][1][info][upstream] [a.cc:1] lds: add/update listener"
    setting.cluster.logs["dev"] = f"{line} 'revision-1'"
    assert (await setting.gather()).verdict == Verdict()


async def test_a_log_that_cannot_be_read_ends_no_pass(setting: _Setting) -> None:
    setting.caches.kodes.put(kode())
    setting.put("Pod", _with_pending_sidecar())

    def refuse(request: str) -> PlatformError | None:
        return PlatformError(Reason.PLATFORM_ERROR, "gone") if "log" in request else None

    setting.cluster.trouble = refuse
    assert (await setting.gather()).verdict is None
