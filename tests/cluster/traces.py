"""What a cluster has kept of a test run, searched for secrets.

Rule: every kind that the API server lists, so that a new one is searched without a word here; what
may hold a secret is listed here, all of it.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.api import Api, Object
from tests.cluster.documents import PASSWORD
from tests.sweep import Leak, Search

MAY_HOLD = ("Secret", "EnvoyProxyConfig", "EnvoyProxyClusterConfig")
"""Kinds: a Secret, and what an administrator has written into a proxy config."""
_MAY_QUOTE = "envoy"
"""The sidecar: its log has Envoy's own words, quotations and all."""
_MIN_SECRET, _MAX_SECRET = 16, 200
_OF_KODE = "app.kubernetes.io/managed-by=kode"


def made_up(api: Api, namespace: str = "") -> set[str]:
    """Return what the operator's Secrets hold: values of cookies, keys of editors, passwords."""
    found = set()
    for secret in api.list("Secret", namespace, labelSelector=_OF_KODE):
        for value in (secret.get("data") or {}).values():
            text = base64.b64decode(value).decode("utf-8", "replace")
            # A whole configuration is searched for by what it holds.
            if _MIN_SECRET <= len(text) <= _MAX_SECRET:
                found.add(text)
    return found


def of_namespace(api: Api, namespace: str) -> list[Leak]:
    """Return the leaks of what is in a namespace: its objects, and what its containers wrote."""
    search = Search({*made_up(api, namespace), PASSWORD})
    return [*objects(api, search, namespace), *logs(api, search, namespace)]


def objects(api: Api, search: Search, namespace: str = "") -> Iterator[Leak]:
    """Yield the leaks in all objects of a namespace; of the whole cluster where none is named."""
    for path, namespaced in _collections(api):
        if namespace and not namespaced:
            continue
        root, _, plural = path.rpartition("/")
        where = f"{root}/namespaces/{namespace}/{plural}" if namespace else path
        response = api.http.get(where)
        if not response.is_error:
            found = response.json()
            kind = str(found.get("kind", "")).removesuffix("List")
            for item in found.get("items") or ():
                yield from _object(search, kind, item)


def logs(api: Api, search: Search, namespace: str = "") -> Iterator[Leak]:
    """Yield the leaks in what containers have written, those that ended before as well."""
    for pod in api.list("Pod", namespace):
        meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
        where = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/log"
        known = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
        restarted = {item["name"] for item in known if item.get("restartCount")}
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            name = container["name"]
            if name == _MAY_QUOTE:
                continue
            for previous in ("false", *(["true"] if name in restarted else [])):
                params = {"container": name, "previous": previous}
                response = api.http.get(where, params=params)
                if not response.is_error:
                    yield from search.text(f"the log of {meta['name']}/{name}", response.text)


def node(search: Search) -> list[Leak]:
    """Return the leaks in the logs of the development cluster: kubelet, containerd, API server."""
    folder = Path(os.environ["KUBECONFIG"]).parent.parent / "log"
    return search.folder(folder) if folder.is_dir() else []


def kode(namespace: str, *words: str) -> str:
    """Return what `kode` prints, errors after the rest."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "kode"), *words, "-n", namespace],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def _collections(api: Api) -> Iterator[tuple[str, bool]]:
    """Yield the path of each kind that can be listed, and whether it is in namespaces."""
    groups = api.http.get("/apis").json()["groups"]
    roots = ["/api/v1", *(f"/apis/{it['preferredVersion']['groupVersion']}" for it in groups)]
    for root in roots:
        response = api.http.get(root)
        if response.is_error:
            continue
        for resource in response.json()["resources"]:
            if "list" in resource["verbs"]:
                yield f"{root}/{resource['name']}", bool(resource["namespaced"])


def _object(search: Search, kind: str, item: Object) -> list[Leak]:
    meta = item["metadata"]
    if kind in MAY_HOLD or _not_seen_yet(kind, item):
        return []
    where = f"{kind} {meta.get('namespace', '')}/{meta['name']}"
    # A message that stands in JSON is found as it would be written.
    return search.text(where, json.dumps(item, ensure_ascii=False))


def _not_seen_yet(kind: str, item: Object) -> bool:
    """Tell whether a Kode's password may still be in its spec, which the operator takes it from."""
    generation = (item.get("status") or {}).get("observedGeneration")
    return kind == "Kode" and generation != item["metadata"].get("generation")
