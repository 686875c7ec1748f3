"""A namespace of a test: what is put there, what becomes of it, how it is looked at.

Rule: it waits for what a user would wait for (conditions, children, pods), never for a while.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from kode import labels, names
from tests.cluster.api import Api, Object
from tests.cluster.door import Door, address

START = 120.0
"""Seconds that a pod may take to be ready on a busy machine."""


@dataclass(frozen=True)
class Place:
    """One namespace."""

    api: Api
    namespace: str

    def apply(self, *documents: Mapping[str, Any]) -> None:
        """Make documents stand here as written, however often."""
        for document in documents:
            self.api.apply(self._here(document))

    def create(self, document: Mapping[str, Any]) -> Object:
        """Make a document's object, which must not exist yet."""
        return self.api.create(self._here(document))

    def kubectl_apply(self, *documents: Mapping[str, Any] | str) -> str:
        """Apply documents the way a user does; what kubectl printed, warnings included."""
        texts = [text if isinstance(text, str) else yaml.safe_dump(text) for text in documents]
        return kubectl("apply", "-n", self.namespace, "-f", "-", stdin="\n---\n".join(texts))

    def get(self, kind: str, name: str) -> Object:
        """Return an object that must be there."""
        found = self.api.get(kind, name, self.namespace)
        assert found is not None, f"{kind} {self.namespace}/{name} is not there"
        return found

    def absent(self, kind: str, name: str) -> bool:
        """Tell whether there is no such object now."""
        return self.api.get(kind, name, self.namespace) is None

    def edit(self, kind: str, name: str, body: Mapping[str, Any]) -> Object:
        """Merge fields into an object."""
        return self.api.merge(kind, name, self.namespace, body)

    def allow_grants(self, *, grants: bool = True) -> None:
        """Label the namespace as an administrator would, or take that back."""
        marks = {labels.ALLOW_GRANTS: "true" if grants else None}
        self.api.merge("Namespace", self.namespace, "", {"metadata": {"labels": marks}})

    def delete(self, kind: str, name: str) -> None:
        """Ask for an object to go."""
        self.api.delete(kind, name, self.namespace)

    def wait(
        self, kind: str, name: str, until: Callable[[Object], bool], seconds: float = 60
    ) -> Object:
        """Return an object once the test holds of it."""
        found = self.api.wait(
            kind,
            name,
            self.namespace,
            lambda seen: seen is not None and until(seen),
            seconds,
        )
        assert found is not None
        return found

    def gone(self, kind: str, name: str, seconds: float = 60) -> None:
        """Wait until there is no such object."""
        self.api.wait(kind, name, self.namespace, lambda seen: seen is None, seconds)

    def ready(self, *kodes: str, seconds: float = START) -> Object:
        """Wait until all the Kodes are ready as they stand now; the last one."""
        found: Object = {}
        for name in kodes:
            found = self.told(name, "Running", status="True", seconds=seconds)
        return found

    def told(
        self, name: str, reason: str, *, of: str = "Ready", status: str = "", seconds: float = 60
    ) -> Object:
        """Return a Kode once a condition, about its spec as it is now, has this reason."""

        def says(seen: Object) -> bool:
            found = condition(seen, of)
            return (
                found.get("reason") == reason
                and found["observedGeneration"] == seen["metadata"]["generation"]
                and status in ("", found["status"])
            )

        return self.wait("Kode", name, says, seconds)

    def message(self, name: str, reason: str, *, of: str = "Ready", seconds: float = 60) -> str:
        """Return a condition's message once it has this reason."""
        return str(condition(self.told(name, reason, of=of, seconds=seconds), of)["message"])

    def pod(self, name: str) -> Object:
        """Return the pod of a Kode, which must be there."""
        return self.get("Pod", names.pod(name))

    def uid(self, name: str) -> str:
        """Return the uid of the pod of a Kode."""
        return str(self.pod(name)["metadata"]["uid"])

    def settled(self, name: str) -> None:
        """Wait until a Kode has taken all changes and its pod is ready."""
        self.ready(name)
        self.wait("Pod", names.pod(name), is_ready, START)

    def replaced(self, name: str, uid: str) -> str:
        """Wait until another pod than this one is ready; its uid."""
        found = self.wait(
            "Pod", names.pod(name), lambda pod: uid_of(pod) != uid and is_ready(pod), START
        )
        return uid_of(found)

    def exec(self, name: str, *command: str, container: str = "editor") -> str:
        """Run a command in a Kode's pod; what it printed."""
        return self.run(names.pod(name), *command, container=container)

    def run(self, pod: str, *command: str, container: str = "") -> str:
        """Run a command in a pod; what it printed."""
        chosen = ["-c", container] if container else []
        return kubectl("exec", "-n", self.namespace, pod, *chosen, "--", *command)

    def probe_ready(self, name: str) -> Object:
        """Wait until a pod that is no Kode's is ready."""
        return self.wait("Pod", name, is_ready, START)

    @contextmanager
    def door(self, name: str) -> Iterator[Door]:
        """Yield the door of a Kode: its Service, as a browser reaches it, once it is routed."""
        service = self.get("Service", names.workload(name))
        with address(service) as base, Door.at(base) as door:
            door.wait_until_routed()
            yield door

    def events(self, name: str) -> list[Object]:
        """Return the Events on a Kode."""
        about = f"involvedObject.kind=Kode,involvedObject.name={name}"
        return self.api.list("Event", self.namespace, fieldSelector=about)

    def warned(self, name: str, reason: str, seconds: float = 30) -> Object:
        """Return the warning Event on a Kode with this reason, once it is there."""
        about = f"involvedObject.kind=Kode,involvedObject.name={name},reason={reason}"
        return self.api.find(
            "Event",
            self.namespace,
            about,
            lambda event: event is not None and event["type"] == "Warning",
            seconds,
        )

    def children(self, name: str) -> dict[tuple[str, str], Object]:
        """Return everything that carries the label of a Kode, by kind and name."""
        selector = f"kode.jacero.io/kode={names.label_value(name)}"
        kinds = "Secret PersistentVolumeClaim ServiceAccount Service StatefulSet NetworkPolicy Pod"
        return {
            (kind, item["metadata"]["name"]): item
            for kind in kinds.split()
            for item in self.api.list(kind, self.namespace, labelSelector=selector)
        }

    def _here(self, document: Mapping[str, Any]) -> Object:
        meta = {**document["metadata"], "namespace": self.namespace}
        return {**document, "metadata": meta}


def condition(kode: Mapping[str, Any], kind: str) -> Object:
    """Return a condition of a Kode; empty where it has none."""
    found: list[Object] = (kode.get("status") or {}).get("conditions") or []
    return next((item for item in found if item["type"] == kind), {})


def is_ready(pod: Object | None) -> bool:
    """Tell whether a pod is ready and stays."""
    found = (pod or {}).get("status", {}).get("conditions", [])
    up = any(item["type"] == "Ready" and item["status"] == "True" for item in found)
    return up and pod is not None and "deletionTimestamp" not in pod["metadata"]


def uid_of(item: Object | None) -> str:
    """Return the uid of an object; empty for none."""
    return str((item or {}).get("metadata", {}).get("uid", ""))


def kubectl(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """Run kubectl; what it printed, errors and warnings after the rest."""
    started = time.monotonic()
    done = subprocess.run(
        ["kubectl", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    took = time.monotonic() - started
    said = f"kubectl {' '.join(arguments)[:200]}: {took:.1f} s, {done.stdout}{done.stderr}"
    assert done.returncode == 0 or not check, said
    return done.stdout + done.stderr
