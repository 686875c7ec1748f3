"""A namespace with one Kode and what it refers to, and how the world looks there.

Rule: what is compared is all that the operator is answerable for, without what differs from one
run to the next by nature: uids, versions, times, addresses.
"""

import asyncio
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

import orjson

from bench.api import Api, Object, collection
from kode import labels
from kode.api.layout import SESSION_USER
from kode.api.meta import API_VERSION
from kode.kube.resources import POD
from kode.platform.resources import CHILDREN, KODE
from kode.render.secret import decode

NAME = "dev"
PASSWORD = "correct horse"
Snapshot = dict[str, Any]

_UID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_COOKIE = re.compile(rb"kode-login-[0-9a-f]+")
# It tells of the random value as well.
_REVISION = re.compile(rb'(?<=revision-)[0-9a-f]{16}|(?<="revision":")[0-9a-f]{16}')
_BY_NATURE = frozenset(
    {
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
        "clusterIP",
        "clusterIPs",
        "volumeName",
        "observedGeneration",
        "lastTransitionTime",
    }
)
# Marks of Kubernetes' own controllers on claims.
_BY_OTHERS = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")


@dataclass(frozen=True)
class Place:
    """One namespace."""

    api: Api
    namespace: str

    @classmethod
    async def make(cls, api: Api, namespace: str) -> "Place":
        """Make a namespace with a template and a proxy config in it."""
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        await api.create(manifest)
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"

        async def there() -> bool:
            return await api.find(path) is not None

        await until(there, "the default account")
        place = cls(api, namespace)
        await place.create("EnvoyProxyConfig", "door", {"authType": "basic"})
        await place.create("KodeTemplate", "template", template())
        return place

    async def remove(self) -> None:
        """Ask for the namespace to go; nobody waits for it."""
        for kind in (KODE, POD):
            await self.api.delete(kind.path(self.namespace), gracePeriodSeconds="0")
        await self.api.delete(f"/api/v1/namespaces/{self.namespace}")

    def has(self, path: str) -> bool:
        """Tell whether a request is about something in it."""
        return f"/namespaces/{self.namespace}/" in path

    async def create(self, kind: str, name: str, spec: Mapping[str, Any]) -> Object:
        metadata = {"name": name, "namespace": self.namespace}
        manifest = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}
        return await self.api.create(manifest)

    async def patch(self, kind: str, name: str, body: Mapping[str, Any]) -> None:
        await self.api.merge(f"{collection(API_VERSION, kind, self.namespace)}/{name}", body)

    async def delete(self, kind: str, name: str) -> None:
        await self.api.delete(f"{collection(API_VERSION, kind, self.namespace)}/{name}")

    async def kode(self) -> Object | None:
        return await self.api.find(KODE.path(self.namespace, NAME))

    async def pod(self) -> Object | None:
        return await self.api.find(POD.path(self.namespace, NAME))

    async def password(self) -> tuple[str, str]:
        """Return the password in the spec and the one in the Secret; empty where there is none."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets/{NAME}-auth"
        kode = await self.kode() or {}
        return kode.get("spec", {}).get("password", ""), decode(
            await self.api.find(path), "password"
        )

    async def snapshot(self) -> Snapshot:
        """Return the world of the operator in this namespace."""
        found: Snapshot = {}
        digests: list[str] = []
        for kind in (KODE, *CHILDREN):
            for item in await self.api.items(kind.path(self.namespace)):
                if item["metadata"]["name"] != "default":
                    found[f"{kind.kind} {item['metadata']['name']}"] = self._compared(item)
        pod = await self.pod()
        if pod:
            marks = pod["metadata"].get("annotations") or {}
            keys = (labels.POD_HASH, labels.SIDECAR_REVISION)
            digests = [marks[key] for key in keys if key in marks]
            # What Envoy has said, and when it was asked: on fake nodes there is none.
            found["Pod"] = _bare({key: marks[key] for key in marks if key != labels.SIDECAR_STATUS})
        # They differ from one Kode to the next, as the name of the cookie does.
        text = orjson.dumps(found)
        for digest in digests:
            text = text.replace(digest.encode(), b"DIGEST")
        same: Snapshot = orjson.loads(_COOKIE.sub(b"COOKIE", text))
        return same

    def _compared(self, item: Object) -> Any:
        kept = item if "kode.jacero.io" in item.get("apiVersion", API_VERSION) else dict(item)
        if item.get("kind") != "Kode" and "templateGeneration" not in item.get("status", {}):
            kept = {key: value for key, value in item.items() if key != "status"}
        if "session" in kept.get("data", {}):
            kept = {**kept, "data": _masked(kept["data"])}
        text = orjson.dumps(_bare(kept)).replace(self.namespace.encode(), b"NAMESPACE")
        return orjson.loads(_UID.sub(b"UID", text))


def _masked(data: Mapping[str, str]) -> dict[str, str]:
    """Return a sidecar's Secret without its random value, which is another in every life."""
    session = b64decode(data["session"])
    person, *others = b64decode(data["htpasswd"]).decode().splitlines()
    digest = b64encode(sha1(session, usedforsecurity=False).digest()).decode()
    remembered = f"{SESSION_USER}:{{SHA}}{digest}"
    fits = "fits" if others == [remembered] else "does not fit"
    files = {
        key: _REVISION.sub(b"REVISION", _COOKIE.sub(b"COOKIE", b64decode(data[key]))).decode()
        for key in ("clusters.json", "listeners.json")
    }
    return {
        **data,
        **files,
        "session": f"{len(session)} characters",
        "htpasswd": f"{person}; session {fits}",
    }


def template(**more: Any) -> dict[str, Any]:
    """Return the spec of a template."""
    ref = {"kind": "EnvoyProxyConfig", "name": "door"}
    image = "linuxserver/code-server:latest"
    return {"type": "code-server", "image": image, "envoyProxyRef": ref, **more}


def spec(**more: Any) -> dict[str, Any]:
    """Return the spec of a Kode."""
    return {"templateRef": {"kind": "KodeTemplate", "name": "template"}, **more}


def condition(kode: Object | None, kind: str) -> Mapping[str, Any]:
    """Return a condition of a Kode; empty where it is not told, or of an earlier generation."""
    found = ((kode or {}).get("status") or {}).get("conditions", [])
    generation = (kode or {}).get("metadata", {}).get("generation")
    fitting = (it for it in found if it["type"] == kind)
    return next((it for it in fitting if it.get("observedGeneration") == generation), {})


async def until(
    check: Callable[[], Awaitable[bool]], what: str, seconds: float = 60, every: float = 0.1
) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < limit, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(every)


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _bare(item)
            for key, item in value.items()
            if key not in _BY_NATURE and not key.startswith(_BY_OTHERS)
        }
    return [_bare(item) for item in value] if isinstance(value, list) else value
