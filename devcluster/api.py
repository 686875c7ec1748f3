"""A few reads from the API server, to know when a cluster is ready.

Everything else goes through kubectl; this is here because waiting means asking
often, and a kubectl process each time would be half of the boot's time.
"""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from typing import Any

from devcluster.errors import DevclusterError
from devcluster.paths import RunDir

POLL_SECONDS = 0.1


class Api:
    """The API server as the administrator sees it through the relay."""

    def __init__(self, run: RunDir, port: int) -> None:
        self.port = port
        self.context = ssl.create_default_context(cafile=str(run.pki / "ca.crt"))
        self.context.load_cert_chain(run.pki / "admin.crt", run.pki / "admin.key")

    def get(self, path: str) -> Any:
        """The parsed document at a path; None while there is none."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=5, context=self.context
        )
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if response.status != http.client.OK:
            return None
        return json.loads(body) if body.startswith(b"{") else body.decode()

    def ready(self) -> bool:
        return bool(self.get("/readyz"))

    def node_ready(self, name: str) -> bool:
        return condition(self.get(f"/api/v1/nodes/{name}"), "Ready")

    def available(self, namespace: str, deployment: str) -> bool:
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}"
        return condition(self.get(path), "Available")

    def default_account(self) -> bool:
        """Before this exists no pod can be created."""
        return bool(self.get("/api/v1/namespaces/default/serviceaccounts/default"))


def condition(document: Any, kind: str) -> bool:
    """Whether an object, if it is there, reports a condition as true."""
    conditions = document["status"].get("conditions", []) if document else []
    return any(it["type"] == kind and it["status"] == "True" for it in conditions)


def wait(what: str, test: Callable[[], bool], check: Callable[[], None], seconds: float) -> None:
    """Return when the test holds. ``check`` raises if it never will."""
    deadline = time.monotonic() + seconds
    while not test():
        check()
        if time.monotonic() > deadline:
            raise DevclusterError(f"waited {seconds:.0f} s for {what}")
        time.sleep(POLL_SECONDS)
