"""What a cluster must give.

Rule: what the person may not look at is told as unknown, with what would be needed to know.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from kode.api.crd import definitions
from kode.api.meta import API_VERSION, GROUP
from kode.cli.checks.finding import Check, Finding, fail, look, ok, unknown, warn
from kode.cli.options import Where
from kode.cli.platforms import config
from kode.errors import PlatformError
from kode.kube import auth
from kode.kube.errors import ApiError, NotFound
from kode.kube.transport import Request, Transport

OLDEST = (1, 28)
OPERATOR = "/apis/apps/v1/namespaces/kode-system/deployments/kode-operator"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_INSTALL = "kubectl apply -k deploy/kustomize, with the image that docs/how-to/install.md sets"
_SAMPLE = {
    "apiVersion": API_VERSION,
    "kind": "Kode",
    "spec": {"templateRef": {"kind": "KodeClusterTemplate", "name": "kode-doctor"}},
}
_VERBS = ("get", "list", "watch", "create", "patch", "delete")


async def findings(where: Where) -> Sequence[Finding]:
    """Return what was found on the cluster that is meant."""
    environment, file = config(where)
    access = auth.select_context(environment, file=file, context=where.context)
    transport = Transport(auth.KubeconfigAuth(access, environment), delays=(), agent="kode")
    try:
        checks = Checks(transport, where.namespace or access.namespace or "default")
        reached = await look([("api", checks.api)])
        return reached if reached[0].then else [*reached, *await look(checks.others())]
    finally:
        await transport.close()


class Checks:
    """The checks of one cluster."""

    def __init__(self, transport: Transport, namespace: str) -> None:
        """Look through a connection, as somebody who works in a namespace."""
        self._transport = transport
        self._namespace = namespace

    def others(self) -> Sequence[tuple[str, Check]]:
        """Return the checks that need an API server that answers."""
        return (
            ("definitions", self.definitions),
            ("kodes", self.kodes),
            ("operator", self.operator),
            ("storage", self.storage),
            ("rights", self.rights),
            ("network", self.network),
        )

    async def api(self) -> Finding:
        """The API server, and its version."""
        try:
            told = await self._ask("/version")
        except PlatformError as error:
            return fail("api", str(error), "look at the kubeconfig, or use --context")
        version = str(told.get("gitVersion", ""))
        found = re.match(r"v(\d+)\.(\d+)", version)
        if not found:
            return unknown("api", f"answers, but tells no version: {version}")
        if tuple(map(int, found.groups())) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            return fail("api", f"{version} is too old", f"upgrade to {needed} or newer")
        return ok("api", version)

    async def definitions(self) -> Finding:
        """The CustomResourceDefinitions, and whether they are of this version."""
        asked = [self._definition(wanted) for wanted in definitions()]
        states = dict(item for item in await asyncio.gather(*asked))
        for state, finding in (("missing", fail), ("other", warn)):
            names = [name for name, found in states.items() if found == state]
            if names:
                words = "not there" if state == "missing" else "of another version"
                text = f"{', '.join(names)}: {words}"
                return finding("definitions", text, "kode crds | kubectl apply --server-side -f -")
        if "unknown" in states.values():
            return unknown("definitions", "there, but you may not read them")
        return ok("definitions", f"{len(states)} of this version")

    async def _definition(self, wanted: Mapping[str, Any]) -> tuple[str, str]:
        name = str(wanted["metadata"]["name"])
        plural = str(wanted["spec"]["names"]["plural"])
        try:
            found = await self._ask(f"{_CRDS}/{name}")
        except NotFound:
            return plural, "missing"
        except ApiError as refused:
            _only_forbidden(refused)
            return plural, "unknown"
        return plural, "same" if _schemas(found) == _schemas(wanted) else "other"

    async def kodes(self) -> Finding:
        """Whether the API server takes a Kode; it makes none of this one."""
        body = json.dumps({**_SAMPLE, "metadata": {"name": "kode-doctor"}}).encode()
        path = f"/apis/{API_VERSION}/namespaces/{self._namespace}/kodes"
        what = f"try to create a Kode in namespace {self._namespace}"
        params = {"dryRun": "All"}
        try:
            await self._transport.request(Request("POST", path, what, params=params, body=body))
        except NotFound:
            return fail("kodes", "the API server serves no Kodes", _INSTALL)
        except ApiError as refused:
            if refused.response is None or refused.response.code != HTTPStatus.FORBIDDEN:
                return fail("kodes", str(refused), "kode crds | kubectl apply --server-side -f -")
            return warn("kodes", str(refused), "ask who runs the cluster for a role, or for quota")
        return ok("kodes", f"the API server takes one in namespace {self._namespace} (dry run)")

    async def operator(self) -> Finding:
        """The operator, which makes Kodes run."""
        try:
            found = await self._ask(OPERATOR)
        except NotFound:
            return fail("operator", "not there", _INSTALL)
        except ApiError as refused:
            _only_forbidden(refused)
            return unknown("operator", "you may not look into namespace kode-system")
        ready = found.get("status", {}).get("readyReplicas", 0)
        if not ready:
            then = "kubectl -n kode-system describe pods, and kubectl -n kode-system logs"
            return fail("operator", "not ready", then)
        return ok("operator", f"{ready} ready")

    async def storage(self) -> Finding:
        """The storage class of homes that name none."""
        try:
            found = await self._ask(_CLASSES)
        except ApiError as refused:
            _only_forbidden(refused)
            return unknown("storage", "you may not list storage classes")
        names = [
            str(item["metadata"]["name"])
            for item in found.get("items") or ()
            if (item["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"
        ]
        if not names:
            return warn(
                "storage",
                "no default storage class: a home that names none stays pending",
                "set storage.storageClassName in Kodes, or make one the default",
            )
        return ok("storage", f"default storage class {', '.join(names)}")

    async def rights(self) -> Finding:
        """What the person may do with Kodes."""
        allowed = await asyncio.gather(*(self._may(verb) for verb in _VERBS))
        missing = [verb for verb, may in zip(_VERBS, allowed, strict=True) if not may]
        where = f"Kodes in namespace {self._namespace}"
        if missing:
            then = "ask who runs the cluster for a role"
            return warn("rights", f"you may not {', '.join(missing)} {where}", then)
        return ok("rights", f"you may {', '.join(_VERBS)} {where}")

    async def _may(self, verb: str) -> bool:
        asked = {"namespace": self._namespace, "group": GROUP, "resource": "kodes", "verb": verb}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        body = json.dumps(review).encode()
        what = f"ask whether you may {verb} Kodes"
        answer = await self._transport.request(Request("POST", _REVIEWS, what, body=body))
        return bool(json.loads(answer.body)["status"].get("allowed"))

    async def network(self) -> Finding:
        """Whether NetworkPolicies hold."""
        return unknown(
            "network", "whether NetworkPolicies hold here, only the network plugin knows"
        )

    async def _ask(self, path: str) -> dict[str, Any]:
        response = await self._transport.request(Request("GET", path, f"read {path}"))
        found = json.loads(response.body)
        return found if isinstance(found, dict) else {}


def _schemas(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        version["name"]: version.get("schema") for version in definition["spec"].get("versions", ())
    }


def _only_forbidden(refused: ApiError) -> None:
    if refused.response is None or refused.response.code != HTTPStatus.FORBIDDEN:
        raise refused
