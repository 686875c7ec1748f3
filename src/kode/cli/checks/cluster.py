"""Checks of a cluster.

Rule: what the user may not read is unknown, and the message says which permission is missing.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from kode.api.crd import definitions
from kode.api.meta import API_VERSION, GROUP
from kode.cli.checks.result import Check, CheckResult, fail, ok, run_checks, unknown, warn
from kode.cli.options import TargetOptions
from kode.cli.platforms import kubeconfig_source
from kode.errors import PlatformError
from kode.kube import auth
from kode.kube.errors import ApiError, NotFound
from kode.kube.transport import Request, Transport

MIN_VERSION = (1, 28)
OPERATOR = "/apis/apps/v1/namespaces/kode-system/deployments/kode-operator"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_INSTALL = "kubectl apply -k deploy/kustomize, with the image that docs/how-to/install.md sets"
_INSTALL_CRDS = "kode crds | kubectl apply --server-side -f -"
_ASK_FOR_ROLE = "ask an administrator of the cluster for a role"
_SAMPLE = {
    "apiVersion": API_VERSION,
    "kind": "Kode",
    "spec": {"templateRef": {"kind": "KodeClusterTemplate", "name": "kode-doctor"}},
}
_VERBS = ("get", "list", "watch", "create", "patch", "delete")


async def check_cluster(target: TargetOptions) -> Sequence[CheckResult]:
    """Return the results of the checks of the selected cluster."""
    environment, file = kubeconfig_source(target)
    access = auth.select_context(environment, file=file, context=target.context)
    transport = Transport(auth.KubeconfigAuth(access, environment), delays=(), agent="kode")
    try:
        checks = Checks(transport, target.namespace or access.namespace or "default")
        reached = await run_checks([("api", checks.api)])
        return reached if reached[0].hint else [*reached, *await run_checks(checks.others())]
    finally:
        await transport.close()


class Checks:
    """The checks of one cluster."""

    def __init__(self, transport: Transport, namespace: str) -> None:
        """Check through a connection, for a user of a namespace."""
        self._transport = transport
        self._namespace = namespace

    def others(self) -> Sequence[tuple[str, Check]]:
        """Return the checks that need a reachable API server."""
        return (
            ("definitions", self.definitions),
            ("kodes", self.kodes),
            ("operator", self.operator),
            ("storage", self.storage),
            ("access", self.access),
            ("network", self.network),
        )

    async def api(self) -> CheckResult:
        """The API server, and its version."""
        try:
            answer = await self._get("/version")
        except PlatformError as error:
            return fail("api", str(error), "check the kubeconfig, or select one with --context")
        version = str(answer.get("gitVersion", ""))
        match = re.match(r"v(\d+)\.(\d+)", version)
        if not match:
            return unknown("api", f"the API server answers without a valid version: {version}")
        if tuple(map(int, match.groups())) < MIN_VERSION:
            needed = ".".join(map(str, MIN_VERSION))
            message = f"Kubernetes {version} is not supported"
            return fail("api", message, f"upgrade the cluster to {needed} or newer")
        return ok("api", version)

    async def definitions(self) -> CheckResult:
        """The CustomResourceDefinitions, and whether they are of this version."""
        checks = [self._definition(definition) for definition in definitions()]
        states = dict(item for item in await asyncio.gather(*checks))
        for state, result in (("missing", fail), ("other", warn)):
            names = [name for name, its_state in states.items() if its_state == state]
            if names:
                problem = "not installed" if state == "missing" else "of another version"
                message = f"{', '.join(names)}: {problem}"
                return result("definitions", message, _INSTALL_CRDS)
        if "unknown" in states.values():
            return unknown("definitions", "installed, but you may not read their versions")
        return ok("definitions", f"all {len(states)} are of this version")

    async def _definition(self, expected: Mapping[str, Any]) -> tuple[str, str]:
        name = str(expected["metadata"]["name"])
        plural = str(expected["spec"]["names"]["plural"])
        try:
            installed = await self._get(f"{_CRDS}/{name}")
        except NotFound:
            return plural, "missing"
        except ApiError as error:
            _reraise_unless_forbidden(error)
            return plural, "unknown"
        return plural, "same" if _schemas(installed) == _schemas(expected) else "other"

    async def kodes(self) -> CheckResult:
        """Whether the API server accepts a Kode; a dry run creates none."""
        body = json.dumps({**_SAMPLE, "metadata": {"name": "kode-doctor"}}).encode()
        path = f"/apis/{API_VERSION}/namespaces/{self._namespace}/kodes"
        what = f"try to create a Kode in namespace {self._namespace}"
        params = {"dryRun": "All"}
        try:
            await self._transport.request(Request("POST", path, what, params=params, body=body))
        except NotFound:
            message = "the API server has no Kode resource"
            return fail("kodes", message, _INSTALL)
        except ApiError as error:
            if error.response is None or error.response.code != HTTPStatus.FORBIDDEN:
                return fail("kodes", str(error), _INSTALL_CRDS)
            return warn("kodes", str(error), f"{_ASK_FOR_ROLE} or quota")
        return ok("kodes", f"a dry run created one in namespace {self._namespace}")

    async def operator(self) -> CheckResult:
        """Whether the operator is installed and ready."""
        try:
            deployment = await self._get(OPERATOR)
        except NotFound:
            return fail("operator", "not installed", _INSTALL)
        except ApiError as error:
            _reraise_unless_forbidden(error)
            return unknown("operator", "you may not read namespace kode-system")
        ready = deployment.get("status", {}).get("readyReplicas", 0)
        if not ready:
            hint = "kubectl -n kode-system describe pods, and kubectl -n kode-system logs"
            return fail("operator", "not ready", hint)
        return ok("operator", f"{ready} ready")

    async def storage(self) -> CheckResult:
        """Whether there is a default storage class."""
        try:
            classes = await self._get(_CLASSES)
        except ApiError as error:
            _reraise_unless_forbidden(error)
            return unknown("storage", "you may not list storage classes")
        names = [
            str(item["metadata"]["name"])
            for item in classes.get("items") or ()
            if (item["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"
        ]
        if not names:
            return warn(
                "storage",
                "no default storage class: volumes that name none stay pending",
                "set storage.storageClassName in Kodes, or mark a storage class as default",
            )
        return ok("storage", f"default storage class {', '.join(names)}")

    async def access(self) -> CheckResult:
        """Whether the user may use Kodes."""
        allowed = await asyncio.gather(*(self._may(verb) for verb in _VERBS))
        missing = [verb for verb, may in zip(_VERBS, allowed, strict=True) if not may]
        scope = f"Kodes in namespace {self._namespace}"
        if missing:
            return warn("access", f"you may not {', '.join(missing)} {scope}", _ASK_FOR_ROLE)
        return ok("access", f"you may {', '.join(_VERBS)} {scope}")

    async def _may(self, verb: str) -> bool:
        access = {"namespace": self._namespace, "group": GROUP, "resource": "kodes", "verb": verb}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": access},
        }
        body = json.dumps(review).encode()
        what = f"ask whether you may {verb} Kodes"
        answer = await self._transport.request(Request("POST", _REVIEWS, what, body=body))
        return bool(json.loads(answer.body)["status"].get("allowed"))

    async def network(self) -> CheckResult:
        """Whether NetworkPolicies are enforced."""
        return unknown(
            "network", "NetworkPolicies are enforced only if the cluster's network plugin does so"
        )

    async def _get(self, path: str) -> dict[str, Any]:
        response = await self._transport.request(Request("GET", path, f"read {path}"))
        answer = json.loads(response.body)
        return answer if isinstance(answer, dict) else {}


def _schemas(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        version["name"]: version.get("schema") for version in definition["spec"].get("versions", ())
    }


def _reraise_unless_forbidden(error: ApiError) -> None:
    if error.response is None or error.response.code != HTTPStatus.FORBIDDEN:
        raise error
