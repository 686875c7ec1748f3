"""A platform in a dictionary: enough to see what a command asks and shows.

Rule: a test double for words and flow only; what platforms mean is shown by tests/contract, and
what the commands come to on a real one by tests/local.
"""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from kode.api.conditions import Reason
from kode.api.document import CLUSTER_SCOPED, KINDS, parse
from kode.api.meta import API_VERSION
from kode.errors import Conflict, RefNotFound
from kode.platform.port import (
    ApplyResult,
    Endpoint,
    Event,
    ExecOptions,
    LogQuery,
    ObjectList,
    WatchEvent,
)

Object = Mapping[str, Any]
CREATED = "2026-01-02T03:04:05Z"


class Memory:
    """Kodes in a dictionary; `turn` may change a Kode on each look at it."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.happened: tuple[Event, ...] = ()
        self.lines: list[str] = ["one", "two", "three"]
        self.endpoints: dict[str, Endpoint] = {}
        self.tunnel_url = ""
        self.tunnels: list[str] = []
        self.asked: list[object] = []
        self.exit_code = 0
        self.turn: Callable[[dict[str, Any]], None] = lambda _: None
        self.closed = False
        self._versions = itertools.count(1)

    def hold(self, *documents: Object) -> None:
        """Hold these documents and no others."""
        self.objects.clear()
        for document in documents:
            self._put(document)

    @property
    def display_name(self) -> str:
        return "this machine"

    def _put(self, document: Object) -> dict[str, Any]:
        meta = {"uid": "u", "creationTimestamp": CREATED, "generation": 1, **document["metadata"]}
        meta["resourceVersion"] = str(next(self._versions))
        put = {**document, "metadata": meta}
        self.objects[_key(put)] = put
        return put

    async def get(self, kind: str, name: str, namespace: str = "") -> Object:
        found = self.objects.get((kind, namespace, name))
        if found is None:
            raise RefNotFound(Reason.NOT_FOUND, f"{kind} {name} does not exist")
        self.turn(found)
        return found

    async def list(self, kind: str, namespace: str | None = None) -> ObjectList:
        found = sorted(
            (key[1:], item)
            for key, item in self.objects.items()
            if key[0] == kind and namespace in (None, key[1])
        )
        return ObjectList(tuple(item for _, item in found), "1")

    async def watch(self, *about: str | None) -> AsyncGenerator[WatchEvent, None]:
        for _ in about:
            yield WatchEvent("ADDED", {})

    async def create(self, document: Object) -> Object:
        if _key(document) in self.objects:
            raise Conflict(Reason.ALREADY_EXISTS, f"{document['metadata']['name']} already exists")
        parse({**document, "metadata": {"uid": "u", **document["metadata"]}})
        return self._put(document)

    async def replace(self, document: Object) -> Object:
        return self._put(document)

    async def apply(self, document: Object) -> ApplyResult:
        if document.get("kind") in KINDS:
            meta = document["metadata"]
            parse({**document, "metadata": {"uid": "u", **meta}})
        before = self.objects.get(_key(document))
        if before and before["spec"] == document["spec"]:
            return ApplyResult(before, "unchanged")
        return ApplyResult(self._put(document), "configured" if before else "created", ("a word",))

    async def delete(
        self, kind: str, name: str, namespace: str = "", *, purge: bool = False
    ) -> None:
        self.asked.append(("delete", kind, namespace, name, purge))
        del self.objects[kind, namespace, name]

    async def suspend(self, name: str, namespace: str, *, suspended: bool) -> Object:
        self.asked.append(("suspend", name, suspended))
        kode = self.objects["Kode", namespace, name]
        kode["spec"] = {**kode["spec"], "suspend": suspended}
        kode["metadata"]["generation"] += 1
        return kode

    async def restart(self, name: str, namespace: str) -> Object:
        self.asked.append(("restart", namespace, name))
        return self.objects["Kode", namespace, name]

    async def renew_home(self, name: str, namespace: str) -> Object:
        self.asked.append(("renew home", namespace, name))
        return self.objects["Kode", namespace, name]

    async def logs(self, name: str, namespace: str, query: LogQuery) -> AsyncGenerator[str, None]:
        self.asked.append((name, namespace, query))
        lines = self.lines if query.tail is None else self.lines[len(self.lines) - query.tail :]
        for line in lines:
            yield line

    async def events(self, namespace: str | None, name: str | None = None) -> tuple[Event, ...]:
        return tuple(
            event
            for event in self.happened
            if namespace in (None, event.namespace) and name in (None, event.kode)
        )

    async def exec(self, name: str, namespace: str, command: ExecOptions) -> int:
        self.asked.append((name, namespace, command))
        return self.exit_code

    async def endpoint(self, name: str, namespace: str) -> Endpoint:
        self.asked.append(("endpoint", namespace))
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            raise RefNotFound(Reason.NOT_FOUND, "no address")
        return endpoint

    @asynccontextmanager
    async def tunnel(self, name: str, namespace: str) -> AsyncGenerator[str, None]:
        """Lead somewhere until somebody presses Ctrl-C, which is soon."""
        self.asked.append(("tunnel", namespace))
        self.tunnels.append(f"{name} opened")
        soon = asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
        try:
            yield self.tunnel_url
        finally:
            self.tunnels.append(f"{name} closed")
            soon.cancel()

    async def close(self) -> None:
        self.closed = True


def _key(document: Object) -> tuple[str, str, str]:
    kind, meta = str(document["kind"]), document["metadata"]
    namespace = "" if kind in CLUSTER_SCOPED else str(meta.get("namespace", "default"))
    return kind, namespace, str(meta["name"])


def kode(name: str, *conditions: Object, phase: str = "Running", **spec: Any) -> dict[str, Any]:
    """Return a Kode with a status."""
    document: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "Kode",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"templateRef": {"kind": "KodeTemplate", "name": "code-server"}, **spec},
    }
    if phase:
        told = list(conditions) or [condition("Ready", reason="Running", message="It answers.")]
        document["status"] = {"phase": phase, "observedGeneration": 1, "conditions": told}
    return document


def condition(
    kind: str, status: str = "True", reason: str = "Starting", message: str = ""
) -> dict[str, Any]:
    """Return a condition."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": CREATED,
    }


def template(name: str = "code-server", **spec: Any) -> dict[str, Any]:
    """Return a template for all namespaces."""
    return {
        "apiVersion": API_VERSION,
        "kind": "KodeClusterTemplate",
        "metadata": {"name": name},
        "spec": {"type": "code-server", "image": "example.test/code:1", **spec},
    }
