"""The API server as these tests speak to it: plain JSON, waiting by watch.

Rule: a wait reads the world before it watches it, and one that fails shows the last that was seen.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from lightkube import KubeConfig
from lightkube.config import client_adapter

Object = dict[str, Any]
Test = Callable[[Object | None], bool]


@dataclass(frozen=True)
class Kind:
    """Where the objects of a kind are."""

    root: str
    plural: str
    namespaced: bool = True


_OURS = "/apis/kode.jacero.io/v1alpha1"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
KINDS = {
    "Kode": Kind(_OURS, "kodes"),
    "KodeTemplate": Kind(_OURS, "kodetemplates"),
    "KodeClusterTemplate": Kind(_OURS, "kodeclustertemplates", namespaced=False),
    "EnvoyProxyConfig": Kind(_OURS, "envoyproxyconfigs"),
    "EnvoyProxyClusterConfig": Kind(_OURS, "envoyproxyclusterconfigs", namespaced=False),
    "Namespace": Kind("/api/v1", "namespaces", namespaced=False),
    "Node": Kind("/api/v1", "nodes", namespaced=False),
    "Pod": Kind("/api/v1", "pods"),
    "Service": Kind("/api/v1", "services"),
    "Secret": Kind("/api/v1", "secrets"),
    "ServiceAccount": Kind("/api/v1", "serviceaccounts"),
    "PersistentVolumeClaim": Kind("/api/v1", "persistentvolumeclaims"),
    "ConfigMap": Kind("/api/v1", "configmaps"),
    "Event": Kind("/api/v1", "events"),
    "ResourceQuota": Kind("/api/v1", "resourcequotas"),
    "StatefulSet": Kind("/apis/apps/v1", "statefulsets"),
    "Deployment": Kind("/apis/apps/v1", "deployments"),
    "NetworkPolicy": Kind("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Role": Kind(_RBAC, "roles"),
    "RoleBinding": Kind(_RBAC, "rolebindings"),
    "ClusterRole": Kind(_RBAC, "clusterroles", namespaced=False),
    "ClusterRoleBinding": Kind(_RBAC, "clusterrolebindings", namespaced=False),
    "CustomResourceDefinition": Kind(
        "/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False
    ),
    "SubjectAccessReview": Kind(
        "/apis/authorization.k8s.io/v1", "subjectaccessreviews", namespaced=False
    ),
}

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
YAML = "application/yaml"
NOT_FOUND = 404
GONE = 410


class Refused(Exception):
    """The API server said no."""

    def __init__(self, response: httpx2.Response) -> None:
        """Keep the code and the words of a refusal."""
        self.code = response.status_code
        super().__init__(f"{self.code}: {words(response)}")


class NeverHappened(AssertionError):
    """What was waited for did not come."""


class Api:
    """One identity at one API server."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http

    @classmethod
    def connect(cls) -> "Api":
        """Connect as KUBECONFIG says."""
        config = KubeConfig.from_env().get()
        assert config is not None, "KUBECONFIG names no cluster"
        how = client_adapter.ConnectionParams(timeout=httpx2.Timeout(30), trust_env=False)
        return cls(client_adapter.Client(config, how))

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """Return an object; None where there is none."""
        response = self.http.get(path(kind, namespace, name))
        return None if response.status_code == NOT_FOUND else _object(response)

    def list(self, kind: str, namespace: str = "", **selectors: str) -> list[Object]:
        """Return objects; selectors are labelSelector and fieldSelector."""
        items: list[Object] = _object(self.http.get(path(kind, namespace), params=selectors))[
            "items"
        ]
        return [{"kind": kind, **item} for item in items]

    def create(self, manifest: Mapping[str, Any]) -> Object:
        """Make an object."""
        where = path(manifest["kind"], manifest["metadata"].get("namespace", ""))
        return _object(self.http.post(where, json=manifest))

    def apply(self, manifest: Mapping[str, Any]) -> Object:
        """Make an object, or make the one that stands there so (server-side apply)."""
        meta = manifest["metadata"]
        where = path(manifest["kind"], meta.get("namespace", ""), meta["name"])
        return _object(
            self.http.patch(
                where,
                content=json.dumps(manifest),
                headers={"Content-Type": APPLY},
                params={"fieldManager": "tests", "force": "true"},
            )
        )

    def merge(self, kind: str, name: str, namespace: str, body: Mapping[str, Any]) -> Object:
        """Merge fields into an object (RFC 7386)."""
        where = path(kind, namespace, name)
        return _object(
            self.http.patch(where, content=json.dumps(body), headers={"Content-Type": MERGE})
        )

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Ask for an object to go, at once and in the background; absent is fine."""
        response = self.http.request(
            "DELETE", path(kind, namespace, name), params={"propagationPolicy": "Background"}
        )
        if response.status_code != NOT_FOUND:
            _object(response)

    def delete_all(self, kind: str, namespace: str) -> None:
        """Ask for all objects of a kind in a namespace to go."""
        _object(self.http.delete(path(kind, namespace)))

    def submit(self, text: str, kind: str, namespace: str) -> httpx2.Response:
        """Post a document as it is written, checked as strictly as kubectl asks for."""
        return self.http.post(
            path(kind, namespace if KINDS[kind].namespaced else ""),
            content=text.encode("utf-8", "surrogatepass"),
            headers={"Content-Type": YAML},
            params={"fieldValidation": "Strict"},
        )

    def wait(
        self, kind: str, name: str, namespace: str, until: Test, seconds: float = 60
    ) -> Object | None:
        """Return the object (None: absent) as soon as the test holds of it.

        Raises:
            NeverHappened: it did not within the given seconds.
        """
        last: Object | None = None
        for last in self._states(path(kind, namespace), f"metadata.name={name}", seconds):
            if until(last):
                return last
        told = json.dumps(_told(last), indent=1)
        raise NeverHappened(f"{kind} {namespace}/{name}, after {seconds:.0f} s: {told}")

    def find(
        self, kind: str, namespace: str, fields: str, until: Test, seconds: float = 60
    ) -> Object:
        """Return the first object of a field selector of which the test holds.

        Raises:
            NeverHappened: there was none within the given seconds.
        """
        for item in self._states(path(kind, namespace), fields, seconds):
            if item is not None and until(item):
                return item
        raise NeverHappened(f"no such {kind} of {fields} in {namespace} after {seconds:.0f} s")

    def _states(self, where: str, fields: str, seconds: float) -> Iterator[Object | None]:
        """Yield what is there now (None for nothing), and what each change leaves."""
        deadline = time.monotonic() + seconds
        while True:
            listed = _object(self.http.get(where, params={"fieldSelector": fields}))
            yield from listed["items"] or [None]
            left = int(deadline - time.monotonic() + 1)
            if left <= 0:
                return
            since = listed["metadata"]["resourceVersion"]
            yield from self._changes(
                where,
                {
                    "fieldSelector": fields,
                    "resourceVersion": since,
                    "watch": "true",
                    "timeoutSeconds": str(left),
                },
            )

    def _changes(self, where: str, params: Mapping[str, str]) -> Iterator[Object | None]:
        """Yield what a watch brings until it ends."""
        timeout = httpx2.Timeout(30, read=float(params["timeoutSeconds"]) + 10)
        with self.http.stream("GET", where, params=params, timeout=timeout) as response:
            if response.status_code == GONE:
                return
            for line in response.iter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield None if event["type"] == "DELETED" else event["object"]


def path(kind: str, namespace: str = "", name: str = "") -> str:
    """Return the path of a collection or of one object."""
    where = KINDS[kind]
    middle = f"/namespaces/{namespace}" if namespace and where.namespaced else ""
    return f"{where.root}{middle}/{where.plural}" + (f"/{name}" if name else "")


def words(response: httpx2.Response) -> str:
    """Return what a refusal says."""
    response.read()
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:500]


def _object(response: httpx2.Response) -> Object:
    if response.is_error:
        raise Refused(response)
    found: Object = response.json()
    return found


def _told(seen: Object | None) -> object:
    """What of an object explains why it is not as it should be."""
    if seen is None:
        return "absent"
    meta = seen["metadata"]
    shown = {key: meta[key] for key in ("uid", "deletionTimestamp", "finalizers") if key in meta}
    return {**shown, "status": seen.get("status")}
