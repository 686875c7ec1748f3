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
from kode.kube.client import ApplyResponse, Client, ListOptions, Page
from kode.kube.errors import AlreadyExists, ApiConflict, NotFound
from kode.kube.resources import ObjectRef
from kode.platform.resources import BY_KIND

Place = tuple[str, str, str]


class Cluster(Client):
    """Objects by kind, namespace and name; every write is noted in `writes`."""

    def __init__(self) -> None:
        """Begin empty."""
        self.objects: dict[Place, dict[str, Any]] = {}
        self.writes: list[str] = []
        self.trouble: Callable[[str], PlatformError | None] = lambda _: None
        """Asked before each request; what it returns is raised."""
        self.logs: dict[str, str] = {}
        """The log of each pod, by its name."""
        self.version = 100

    def stand(self, found: Object) -> dict[str, Any]:
        """Put an object there, as somebody else would."""
        self.version += 1
        stands = deepcopy(dict(found))
        stands["metadata"]["resourceVersion"] = str(self.version)
        stands["metadata"].setdefault("uid", f"uid-{self.version}")
        self.objects[_place(stands)] = stands
        return deepcopy(stands)

    async def get(self, ref: ObjectRef) -> dict[str, Any]:
        self._meet(f"get {ref}")
        live = self.objects.get(_key(ref))
        if live is None:
            raise NotFound(Reason.PLATFORM_ERROR, f"get {ref}: not found")
        return deepcopy(live)

    async def log(self, pod: ObjectRef, container: str, lines: int) -> str:
        assert (container, lines > 0) == ("envoy", True)
        self._meet(f"read the log of {pod}")
        return self.logs[pod.name]

    async def create(
        self, ref: ObjectRef, manifest: Object, *, dry_run: bool = False
    ) -> dict[str, Any]:
        assert not dry_run
        what = self._write("create", _key(ref))
        if _key(ref) in self.objects:
            raise AlreadyExists(Reason.PLATFORM_ERROR, f"{what}: already exists")
        return self.stand(manifest)

    async def apply(
        self, ref: ObjectRef, manifest: Object, *, uid: str = "", force: bool = False
    ) -> ApplyResponse:
        assert force
        what = self._write("apply", _key(ref))
        live = self.objects.get(_key(ref))
        if live is None or live["metadata"]["uid"] != uid:
            raise ApiConflict(Reason.PLATFORM_ERROR, f"{what}: uid mismatch")
        return ApplyResponse(self._change(live, manifest))

    async def patch_merge(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", field_manager: str = ""
    ) -> dict[str, Any]:
        assert not field_manager
        what = self._write("status" if subresource else "patch", _key(ref))
        live = self.objects.get(_key(ref))
        if live is None:
            raise NotFound(Reason.PLATFORM_ERROR, f"{what}: not found")
        meant = body.get("metadata") or {}
        for key in ("uid", "resourceVersion"):
            if meant.get(key, live["metadata"][key]) != live["metadata"][key]:
                raise ApiConflict(Reason.PLATFORM_ERROR, f"{what}: another {key}")
        return self._change(live, body)

    async def patch_json(
        self, ref: ObjectRef, operations: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self._write("edit", _key(ref))
        live = self.objects[_key(ref)]
        (entries,) = (item["value"] for item in operations if "managedFields" in item["path"])
        live["metadata"]["managedFields"] = entries
        return self._change(live, {})

    async def replace(self, ref: ObjectRef, manifest: Object) -> dict[str, Any]:
        what = self._write("replace", _key(ref))
        live = self.objects[_key(ref)]
        if live["metadata"]["resourceVersion"] != manifest["metadata"]["resourceVersion"]:
            raise ApiConflict(Reason.PLATFORM_ERROR, f"{what}: another version")
        return self.stand(manifest)

    async def delete(self, ref: ObjectRef, *, uid: str = "", foreground: bool = False) -> None:
        what = self._write("delete", _key(ref))
        live = self.objects.get(_key(ref))
        if live is None:
            raise NotFound(Reason.PLATFORM_ERROR, f"{what}: not found")
        if live["metadata"]["uid"] != uid:
            raise ApiConflict(Reason.PLATFORM_ERROR, f"{what}: another uid")
        if foreground:
            self.version += 1
            live["metadata"].update(deletionTimestamp="now", resourceVersion=str(self.version))
        else:
            del self.objects[_key(ref)]

    async def pages(self, options: ListOptions, limit: int = 2) -> AsyncGenerator[Page, None]:
        self._meet(f"list {options.resource.plural}")
        found = [
            deepcopy(live)
            for place, live in self.objects.items()
            if place[0] == options.resource.kind
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


def _key(ref: ObjectRef) -> Place:
    return ref.resource.kind, ref.namespace, ref.name


def _place(found: Object) -> Place:
    metadata = found["metadata"]
    return BY_KIND[found["kind"]].kind, metadata.get("namespace", ""), metadata["name"]


def _merge(live: dict[str, Any], body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if value is None:
            live.pop(key, None)
        elif isinstance(value, Mapping):
            _merge(live.setdefault(key, {}), value)
        elif key not in ("uid", "resourceVersion"):
            live[key] = deepcopy(value)
