"""A cluster in memory around the store: workloads get pods, pods get ready, claims are bound.

Rule: the operator's part is the real `decide`; everything else does the least that a real cluster
would, one step at a time, so that a test can stop anywhere.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

from kode import names
from kode.controllers.cache.store import owner_of
from kode.controllers.decide import decide
from kode.controllers.decision import Apply, Delete, Patch, Write
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.desired import references
from kode.desired.references import Ref
from kode.evaluate.events import KodeEvent
from kode.render.grants import is_granting
from tests.simulation.store import Object, Place, Refused, Store, place_of

CHILDREN = (
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
)
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
        return Inputs(
            key=key,
            kode=kode,
            now=f"2026-01-01T{self.seconds // 3600:02}:{self.seconds // 60 % 60:02}:"
            f"{self.seconds % 60:02}Z",
            template=template,
            proxy_config=self._refer(proxy),
            secret=self._refer(references.secret_of(kode)) if kode else None,
            claim=self._refer(references.claim_of(kode)) if kode else None,
            children=self._children(key),
            pod=self.store.find("Pod", key.namespace, names.pod(key.name)),
            notes=self.notes,
            granting=frozenset(
                live["metadata"]["name"]
                for live in self.store.of_kind("Namespace")
                if is_granting(live)
            ),
            fresh=f"{next(self._numbers):043}",
        )

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
                self.store.create(manifest)
                self.store.writes.append(f"create {_named(place_of(manifest))}")
            case Apply(manifest, live):
                self.store.apply(manifest, (live or {})["metadata"]["uid"])
                self.store.writes.append(f"apply {_named(place_of(manifest))}")
            case Patch(child, uid, version, body):
                place = (child.kind, key.namespace, child.name)
                self.store.merge(place, body, uid, version or "")
                self.store.writes.append(f"patch {_named(place)}")
            case Delete(child, uid):
                place = (child.kind, key.namespace, child.name)
                self.store.delete(place, uid)
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

    def _refer(self, ref: Ref | None) -> Object | None:
        return self.store.find(ref.kind, ref.namespace, ref.name) if ref else None

    # The rest of the cluster

    def step(self) -> None:
        """Let workloads, pods and claims move on by one step."""
        self.seconds += 1
        for claim in self.store.of_kind("PersistentVolumeClaim"):
            self.store.edit(place_of(claim), lambda it: it["status"].update(phase="Bound"))
        for pod in self.store.of_kind("Pod"):
            self._run(pod)
        for workload in self.store.of_kind("StatefulSet"):
            self._scale(workload)

    def _scale(self, workload: Object) -> None:
        metadata, spec = workload["metadata"], workload["spec"]
        name = f"{metadata['name']}-0"
        pod = self.store.find("Pod", metadata["namespace"], name)
        wanted = spec["replicas"] == 1
        if pod is None and wanted:
            self.store.create(self._pod(workload, name))
        elif pod and (not wanted or pod["metadata"]["annotations"] != _annotations(workload)):
            self.store.delete(place_of(pod))

    def _pod(self, workload: Object, name: str) -> Object:
        metadata = workload["metadata"]
        owner = {
            "kind": "StatefulSet",
            "name": metadata["name"],
            "uid": metadata["uid"],
            "controller": True,
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                "labels": workload["spec"]["template"]["metadata"]["labels"],
                "annotations": _annotations(workload),
                "ownerReferences": [owner],
            },
            "status": pod_status(running=False),
        }

    def _run(self, pod: Object) -> None:
        place = place_of(pod)
        comes_up = self.ready and self._has_claim(pod)
        if comes_up and pod["status"] == pod_status(running=False):
            self.store.edit(place, lambda it: it.update(status=pod_status(running=True)))

    def _has_claim(self, pod: Object) -> bool:
        (owner,) = pod["metadata"]["ownerReferences"]
        namespace = pod["metadata"]["namespace"]
        workload = self.store.find("StatefulSet", namespace, owner["name"]) or {"spec": {}}
        spec = workload["spec"].get("template", {}).get("spec", {})
        claims = (it.get("persistentVolumeClaim") for it in spec.get("volumes", []))
        mounted = (claim["claimName"] for claim in claims if claim)
        return all(self.store.find("PersistentVolumeClaim", namespace, name) for name in mounted)


def pod_status(*, running: bool) -> Object:
    """Return the status of a pod that starts, or runs."""
    word = "True" if running else "False"
    moved = "2026-01-01T00:00:02Z" if running else "2026-01-01T00:00:00Z"
    editor: Object = {"name": "editor", "ready": running, "started": running}
    editor["state"] = {"running": {"startedAt": "2026-01-01T00:00:01Z"}}
    return {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": word, "lastTransitionTime": moved}],
        "containerStatuses": [editor],
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
    owners = {owner["uid"] for owner in live["metadata"].get("ownerReferences", [])}
    if kode and kode["metadata"]["uid"] in owners:
        return
    assert child.kind == "PersistentVolumeClaim", f"{write} reaches what is not the Kode's own"
    assert owner_of(live) == key, f"{write} reaches a claim that is not the Kode's own"


def _annotations(workload: Object) -> Any:
    return workload["spec"]["template"]["metadata"]["annotations"]


def _named(place: Place) -> str:
    return f"{place[0]} {place[2]}"
