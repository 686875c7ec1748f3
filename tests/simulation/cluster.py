"""A cluster in memory around the store: pods get ready and end, claims are bound.

Rule: the operator's part is the real `decide`; everything else does the least that a real cluster
would, one step at a time, so that a test can stop anywhere.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

from kode import labels, names
from kode.controllers.cache.store import owner_of
from kode.controllers.decide import decide
from kode.controllers.decision import Apply, Delete, Patch, Write
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.controllers.sidecar import is_pending
from kode.desired import references
from kode.desired.references import Ref
from kode.evaluate.events import KodeEvent
from kode.evaluate.observed import ENDED_PHASES, PodView, pod_view
from kode.evaluate.sidecar_log import Verdict
from kode.render.grants import is_granting
from kode.render.sidecar import sidecar_status
from tests.simulation.store import Object, Place, Refused, Store, place_of

CHILDREN = (
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
)
"""What a Kode is or was made of, besides its pod."""
_MOST_PASSES = 30
_MOST_TURNS = 10


class Crash(Exception):
    """The operator ends in the middle of a pass."""


class Cluster:
    """Objects, the operator and what else runs in a cluster."""

    def __init__(self, *documents: Mapping[str, Any]) -> None:
        """Begin with documents as a person wrote them."""
        self.store = Store()
        self._numbers = count()
        self.met: dict[KodeKey, set[ChildKey]] = {}
        self.seconds = 0
        self.notes: tuple[str, ...] = ()
        self.notices: list[KodeEvent] = []
        self.ready = True
        """Whether editors come up."""
        self.refused = ""
        """Why the Envoys of sidecars refuse what is new to them; empty where they take it."""
        self.taken: set[str] = set()
        """Digests of what they have taken."""
        self.writes_left: int | None = None
        """After how many writes the operator crashes."""
        for document in documents:
            self.store.write(document)

    def copy(self) -> "Cluster":
        """Return a cluster in the same state, which goes on by itself."""
        copy = Cluster()
        vars(copy).update(vars(self))
        copy.store = self.store.copy()
        copy.met = {key: set(met) for key, met in self.met.items()}
        copy.notices = list(self.notices)
        # Numbers need not begin anew, only never come twice; so they may be shared.
        return copy

    # The operator

    def gather(self, key: KodeKey) -> Inputs:
        """Return what a pass sees."""
        kode = self.store.find("Kode", key.namespace, key.name)
        template = self._refer(references.template_of(kode)) if kode else None
        proxy = references.proxy_config_of(template) if template else None
        pod = self.store.find("Pod", key.namespace, names.pod(key.name))
        return Inputs(
            key=key,
            kode=kode,
            now=self._now(),
            template=template,
            proxy_config=self._refer(proxy),
            secret=self._refer(references.secret_of(kode)) if kode else None,
            claim=self._refer(references.claim_of(kode)) if kode else None,
            children=self._children(key),
            pod=pod,
            verdict=self._verdict(pod_view(pod)) if pod else None,
            other_pod=self._other_pod(key),
            notes=self.notes,
            granting=frozenset(
                live["metadata"]["name"]
                for live in self.store.of_kind("Namespace")
                if is_granting(live)
            ),
            fresh=f"{next(self._numbers):043}",
        )

    def _verdict(self, pod: PodView) -> Verdict | None:
        status = sidecar_status(pod.annotations)
        if status is None or not is_pending(pod):
            return None
        if self.refused and status.parts and status.parts not in self.taken:
            return Verdict(self.refused)
        self.taken.add(status.parts)
        return Verdict()

    def reconcile(self, key: KodeKey, *, hold_back: bool = False) -> None:
        """Make one pass; a status of mere progress may be held back."""
        for _ in range(_MOST_TURNS):
            decision = decide(self.gather(key))
            try:
                for write in decision.writes:
                    self._write(key, write)
            except Refused:
                continue
            if decision.status is None or (decision.defer_status and hold_back):
                return
            self._spend()
            self.store.merge(("Kode", key.namespace, key.name), {"status": decision.status})
            self.store.writes.append(f"status of {key.name}")
            self.notices.extend(decision.events)
            return
        raise AssertionError(f"{key} meets another world at each turn")

    def settle(self, key: KodeKey) -> None:
        """Make passes until nothing moves."""
        for _ in range(_MOST_PASSES):
            before = dict(self.store.objects)
            self.reconcile(key, hold_back=True)
            self.step()
            if self.store.objects == before:
                self.reconcile(key)
            if self.store.objects == before:
                return
        raise AssertionError(f"{key} does not come to rest: {self.store.writes[-8:]}")

    def _spend(self) -> None:
        if self.writes_left == 0:
            raise Crash
        if self.writes_left is not None:
            self.writes_left -= 1

    def _write(self, key: KodeKey, write: Write) -> None:
        assert_own(self, key, write)
        self._spend()
        match write:
            case Apply(manifest, None):
                place = place_of(manifest)
                if place in self.store.objects:
                    self.met.setdefault(key, set()).add(ChildKey(place[0], place[2]))
                if manifest["kind"] == "Pod":
                    assert not self._pods(key), "two pods may write to one disk"
                    manifest = {**manifest, "status": pod_status(running=False)}
                self.store.create(manifest)
                self.store.writes.append(f"create {_named(place_of(manifest))}")
            case Apply(manifest, live):
                self.store.apply(manifest, (live or {})["metadata"]["uid"])
                self.store.writes.append(f"apply {_named(place_of(manifest))}")
            case Patch(child, uid, version, body):
                place = (child.kind, key.namespace, child.name)
                self.store.merge(place, body, uid, version or "")
                self.store.writes.append(f"patch {_named(place)}")
            case Delete(child, uid, foreground):
                place = (child.kind, key.namespace, child.name)
                self._delete(place, uid, foreground=foreground)
                self.store.writes.append(f"delete {_named(place)}")

    def _children(self, key: KodeKey) -> dict[ChildKey, Object]:
        found = {}
        for kind in CHILDREN:
            for live in self.store.of_kind(kind):
                child = ChildKey(kind, live["metadata"]["name"])
                if live["metadata"]["namespace"] != key.namespace:
                    continue
                if owner_of(live) == key or child in self.met.get(key, ()):
                    found[child] = live
        return found

    def _pods(self, key: KodeKey) -> list[Object]:
        return [pod for pod in self.store.of_kind("Pod") if owner_of(pod) == key]

    def _other_pod(self, key: KodeKey) -> Object | None:
        pods = (it for it in self._pods(key) if it["metadata"]["name"] != names.pod(key.name))
        return next(pods, None)

    def _delete(self, place: Place, uid: str, *, foreground: bool) -> None:
        live = self.store.find(*place) or {}
        ended = live.get("status", {}).get("phase") in ENDED_PHASES
        if foreground or (place[0] == "Pod" and not ended):
            # It takes its time: a pod has a grace, and what has pods waits for them.
            self.store.merge(place, {"metadata": {"deletionTimestamp": self._now()}}, uid)
        else:
            self.store.delete(place, uid)

    def _now(self) -> str:
        minutes, seconds = divmod(self.seconds, 60)
        return f"2026-01-01T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z"

    def _refer(self, ref: Ref | None) -> Object | None:
        return self.store.find(ref.kind, ref.namespace, ref.name) if ref else None

    # The rest of the cluster

    def step(self) -> None:
        """Let pods and claims move on by one step, and what 0.1.0 left behind."""
        self.seconds += 1
        for claim in self.store.of_kind("PersistentVolumeClaim"):
            self.store.edit(place_of(claim), lambda it: it["status"].update(phase="Bound"))
        for pod in self.store.of_kind("Pod"):
            self._run(pod)
        for workload in self.store.of_kind("StatefulSet"):
            self._end(workload)

    def _end(self, workload: Object) -> None:
        """End the pod of a StatefulSet that is being deleted, and then itself."""
        if "deletionTimestamp" not in workload["metadata"]:
            return
        uid, place = workload["metadata"]["uid"], place_of(workload)
        pods = [it for it in self.store.of_kind("Pod") if uid in _owners(it)]
        for pod in pods:
            self._delete(place_of(pod), "", foreground=False)
        if not pods:
            self.store.delete(place)

    def _run(self, pod: Object) -> None:
        place = place_of(pod)
        if "deletionTimestamp" in pod["metadata"]:
            self.store.delete(place)
            return
        comes_up = self.ready and self._has_claim(pod)
        if comes_up and pod.get("status") == pod_status(running=False):
            self.store.edit(place, lambda it: it.update(status=pod_status(running=True)))

    def _has_claim(self, pod: Object) -> bool:
        namespace = pod["metadata"]["namespace"]
        claims = (it.get("persistentVolumeClaim") for it in pod["spec"].get("volumes", []))
        mounted = (claim["claimName"] for claim in claims if claim)
        return all(self.store.find("PersistentVolumeClaim", namespace, name) for name in mounted)


def former(kode: Object) -> tuple[Object, Object]:
    """Return the StatefulSet that 0.1.0 made for a Kode, and its pod, which runs."""
    name, namespace = kode["metadata"]["name"], kode["metadata"]["namespace"]
    owner = {"kind": "Kode", "name": name, "uid": kode["metadata"]["uid"], "controller": True}
    metadata = {
        "name": names.workload(name),
        "namespace": namespace,
        "uid": f"stateful-set-of-{name}",
        "labels": labels.child(name, "workspace"),
    }
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": names.home_claim(name)}}
    spec = {"containers": [{"name": "editor"}], "volumes": [volume]}
    above = {"kind": "StatefulSet", "name": metadata["name"], "uid": metadata["uid"]}
    return (
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {**metadata, "ownerReferences": [owner]},
            "spec": {"replicas": 1, "template": {"spec": spec}},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{metadata['name']}-0",
                "namespace": namespace,
                "labels": metadata["labels"],
                "ownerReferences": [above],
            },
            "spec": spec,
            "status": pod_status(running=True),
        },
    )


def pod_status(*, running: bool) -> Object:
    """Return the status of a pod that starts, or runs."""
    word = "True" if running else "False"
    moved = "2026-01-01T00:00:02Z" if running else "2026-01-01T00:00:00Z"
    editor: Object = {"name": "editor", "ready": running, "started": running}
    editor["state"] = {"running": {"startedAt": "2026-01-01T00:00:01Z"}}
    return {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": word, "lastTransitionTime": moved}],
        "containerStatuses": [editor, {"name": "envoy", "state": {"running": {}}}],
    }


def assert_own(cluster: Cluster, key: KodeKey, write: Write) -> None:
    """Fail where a write would reach an object that is not the Kode's own."""
    kode = cluster.store.find("Kode", key.namespace, key.name)
    match write:
        case Apply(_, None):
            return
        case Apply(manifest, _):
            child = ChildKey(manifest["kind"], manifest["metadata"]["name"])
        case Patch(child=child) | Delete(child=child):
            pass
    if child.kind == "Kode":
        assert child.name == key.name
        return
    live = cluster.store.objects[child.kind, key.namespace, child.name]
    if kode and kode["metadata"]["uid"] in _owners(live):
        return
    assert child.kind == "PersistentVolumeClaim", f"{write} reaches what is not the Kode's own"
    assert owner_of(live) == key, f"{write} reaches a claim that is not the Kode's own"


def _owners(found: Object) -> set[str]:
    return {owner["uid"] for owner in found["metadata"].get("ownerReferences", [])}


def _named(place: Place) -> str:
    return f"{place[0]} {place[2]}"
