"""An API server in memory, as far as passes need one: versions, uids, names that are taken.

Rule: what it does, a real one was seen to do; what passes need of server-side apply alone is
imitated: fields are merged, nothing is taken away.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from copy import deepcopy
from typing import Any

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import PlatformError
from kode.platform.kubernetes.client import Client, Page, Scope
from kode.platform.kubernetes.failures import Exists, Outdated, Vanished
from kode.platform.kubernetes.kinds import BY_NAME, Kind

Place = tuple[str, str, str]


class Cluster(Client):
    """Objects by kind, namespace and name; every write is noted in `writes`."""

    def __init__(self) -> None:
        """Begin empty."""
        self.objects: dict[Place, dict[str, Any]] = {}
        self.writes: list[str] = []
        self.trouble: Callable[[str], PlatformError | None] = lambda _: None
        """Asked before each request; what it returns is raised."""
        self.version = 100

    def stand(self, found: Object) -> dict[str, Any]:
        """Put an object there, as somebody else would."""
        self.version += 1
        stands = deepcopy(dict(found))
        stands["metadata"]["resourceVersion"] = str(self.version)
        stands["metadata"].setdefault("uid", f"uid-{self.version}")
        self.objects[_place(stands)] = stands
        return deepcopy(stands)

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        self._meet(f"get {kind.name} {namespace}/{name}")
        return deepcopy(self.objects.get((kind.name, namespace, name)))

    async def create(self, manifest: Object) -> dict[str, Any]:
        what = self._write("create", _place(manifest))
        if _place(manifest) in self.objects:
            raise Exists(Reason.PLATFORM_ERROR, f"{what}: already exists")
        return self.stand(manifest)

    async def apply(self, manifest: Object, uid: str) -> dict[str, Any]:
        what = self._write("apply", _place(manifest))
        live = self.objects.get(_place(manifest))
        if live is None or live["metadata"]["uid"] != uid:
            raise Outdated(Reason.PLATFORM_ERROR, f"{what}: uid mismatch")
        return self._change(live, manifest)

    async def merge(
        self, kind: Kind, namespace: str, name: str, body: Object, *, subresource: str = ""
    ) -> dict[str, Any]:
        what = self._write("status" if subresource else "patch", (kind.name, namespace, name))
        live = self.objects.get((kind.name, namespace, name))
        if live is None:
            raise Vanished(Reason.PLATFORM_ERROR, f"{what}: not found")
        meant = body.get("metadata") or {}
        for key in ("uid", "resourceVersion"):
            if meant.get(key, live["metadata"][key]) != live["metadata"][key]:
                raise Outdated(Reason.PLATFORM_ERROR, f"{what}: another {key}")
        return self._change(live, body)

    async def edit(
        self, kind: Kind, namespace: str, name: str, operations: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self._write("edit", (kind.name, namespace, name))
        live = self.objects[kind.name, namespace, name]
        (entries,) = (item["value"] for item in operations if "managedFields" in item["path"])
        live["metadata"]["managedFields"] = entries
        return self._change(live, {})

    async def replace(self, manifest: Object) -> dict[str, Any]:
        what = self._write("replace", _place(manifest))
        live = self.objects[_place(manifest)]
        if live["metadata"]["resourceVersion"] != manifest["metadata"]["resourceVersion"]:
            raise Outdated(Reason.PLATFORM_ERROR, f"{what}: another version")
        return self.stand(manifest)

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        what = self._write("delete", (kind.name, namespace, name))
        live = self.objects.get((kind.name, namespace, name))
        if live and live["metadata"]["uid"] != uid:
            raise Outdated(Reason.PLATFORM_ERROR, f"{what}: another uid")
        self.objects.pop((kind.name, namespace, name), None)

    async def pages(self, scope: Scope, limit: int = 2) -> AsyncGenerator[Page, None]:
        self._meet(f"list {scope.kind.plural}")
        found = [
            deepcopy(live) for place, live in self.objects.items() if place[0] == scope.kind.name
        ]
        for first in range(0, max(len(found), 1), limit):
            yield Page(found[first : first + limit], str(self.version))

    def _meet(self, what: str) -> None:
        error = self.trouble(what)
        if error:
            raise error

    def _write(self, verb: str, place: Place) -> str:
        what = f"{verb} {place[0]} {place[2]}"
        self._meet(what)
        self.writes.append(what)
        return what

    def _change(self, live: dict[str, Any], body: Object) -> dict[str, Any]:
        before = deepcopy(live)
        _merge(live, body)
        if live != before:
            self.version += 1
            live["metadata"]["resourceVersion"] = str(self.version)
        return deepcopy(live)


def _place(found: Object) -> Place:
    metadata = found["metadata"]
    return BY_NAME[found["kind"]].name, metadata.get("namespace", ""), metadata["name"]


def _merge(live: dict[str, Any], body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if value is None:
            live.pop(key, None)
        elif isinstance(value, Mapping):
            _merge(live.setdefault(key, {}), value)
        elif key not in ("uid", "resourceVersion"):
            live[key] = deepcopy(value)
