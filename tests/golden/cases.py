"""From the input of a golden file to its output, one function a package.

Rule: an input has no key that is not read here; an output shows what was asked for and leaves out
what changes with everything else (digests).
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from kode import errors, labels
from kode.api import layout
from kode.api.conditions import Reason
from kode.api.kode import Kode
from kode.cli.render import Objects, derive_from_files, entry, load
from kode.desired.desired_state import DesiredState
from kode.errors import KodeError
from kode.evaluate.conditions import Observation
from kode.evaluate.observed import pod_view
from kode.evaluate.status import status
from kode.gateway import passthrough, translate
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from tests.golden import local_story, story
from tests.golden.shown import at, lines
from tests.golden.story import Story

ROOT = Path(__file__).parent.parent.parent
HTTP_MANAGER = "static_resources/listeners/http/filter_chains/0/filters/0/typed_config"
Object = dict[str, Any]


class Strict(BaseModel):
    """An input: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Render(Strict):
    """Documents, from files or written out, and which parts of the manifests to show."""

    files: list[str] = []
    documents: list[Object] = []
    show: list[str] = []


class Gateway(Strict):
    """A sidecar, and which parts of its configuration to show."""

    door: AuthMode
    health_path: str = "/healthz"
    login_is_healthy: bool = False
    authorization: str = ""
    healthy_below: int = 400
    http_filters: list[Object] = []
    clusters: list[Object] = []
    show: list[str] = []


class Evaluate(Strict):
    """An observation, and the status before it."""

    problems: list[dict[str, str]] = []
    suspend: bool = False
    claim: str | None = "Bound"
    claim_deleted_at: str | None = None
    claim_change_ignored: list[str] = []
    growth_refused: str = ""
    pod: Object | None = None
    pod_hash: str | None = None
    update_pending: bool = False
    closed: bool = False
    doubt: str = ""
    notes: list[str] = []
    port: int = 0
    image: str = ""
    now: str = ""
    told: Object = {}


def manifests(given: Object) -> list[Object]:
    """Return the manifests that the documents of a case mean, as they are."""
    objects = _objects(Render.model_validate(given))
    return [item for of in _desired_states(objects) for item in _rendered(of)]


def _objects(case: Render) -> Objects:
    objects = load([ROOT / name for name in case.files], "default")
    for document in case.documents:
        objects.update(entry(document, "default"))
    return objects


def render(given: Object) -> Any:
    """Return the manifests that documents mean, or parts of them."""
    case = Render.model_validate(given)
    found = [_readable(item) for item in manifests(given)]
    return {path: at(found, path) for path in case.show} if case.show else found


def configurations(package: str, given: Object) -> list[Object]:
    """Return the Envoy configurations of a case of render or of gateway, as they are."""
    if package == "gateway":
        return [_configuration(Gateway.model_validate(given))]
    return [dict(of.envoy) for of in _desired_states(_objects(Render.model_validate(given)))]


def gateway(given: Object) -> Any:
    """Return the Envoy configuration of a sidecar, or parts of it."""
    case = Gateway.model_validate(given)
    found = _without_scripts(_configuration(case))
    return {path: at(found, path) for path in case.show} if case.show else found


def sidecar(given: Object) -> Sidecar:
    """Return the sidecar of a case of gateway."""
    return _sidecar(Gateway.model_validate(given))


def _configuration(case: Gateway) -> Object:
    return translate.bootstrap(_sidecar(case))


def _sidecar(case: Gateway) -> Sidecar:
    filters = passthrough.filters(case.http_filters)
    return Sidecar(
        auth_mode=case.door,
        upstream=Upstream(
            8443,
            case.health_path,
            login_is_healthy=case.login_is_healthy,
            authorization=case.authorization,
            unhealthy_from_status=case.healthy_below,
        ),
        http_filters=filters,
        clusters=passthrough.clusters(case.clusters, filters),
    )


def _without_scripts(node: Any) -> Any:
    # What they do is shown by a running Envoy.
    match node:
        case {"@type": str(kind), "default_source_code": _} if kind.endswith(".lua.v3.Lua"):
            return {**node, "default_source_code": "(script)"}
        case dict():
            return {key: _without_scripts(value) for key, value in node.items()}
        case list():
            return [_without_scripts(value) for value in node]
        case _:
            return node


def evaluate(given: Object) -> Any:
    """Return the status that an observation gives, as lines."""
    case = Evaluate.model_validate(given)
    seen = Observation(
        problems=[_problem(item) for item in case.problems],
        suspend=case.suspend,
        claim=_claim(case),
        claim_change_ignored=case.claim_change_ignored,
        resize_refused=case.growth_refused,
        pod=pod_view(case.pod) if case.pod is not None else None,
        pod_hash=case.pod_hash,
        update_pending=case.update_pending,
        access_denied=case.closed,
        doubt=case.doubt,
        notes=case.notes,
        port=case.port,
        image=case.image,
        now=case.now,
    )
    told = {"conditions": [{"type": kind, **item} for kind, item in case.told.items()]}
    found = status(seen, generation=1, template_generation=1, previous=told, now="now")
    return {"phase": found["phase"], "conditions": lines(found["conditions"])}


def _claim(case: Evaluate) -> Object | None:
    metadata = {"name": "dev-home"}
    if case.claim_deleted_at:
        metadata["deletionTimestamp"] = case.claim_deleted_at
    return {"metadata": metadata, "status": {"phase": case.claim}} if case.claim else None


def decide(given: Object) -> Any:
    """Return what the passes of a story wrote and told."""
    return story.tell(Story[story.Event].model_validate(given))


def local(given: Object) -> Any:
    """Return what the reconciles of a story on one machine wrote, ran and reported."""
    return local_story.tell(local_story.LocalStory.model_validate(given))


def example(path: Path) -> Any:
    """Return in short what a file of examples/ means."""
    return [
        {
            "kode": of.kode.name,
            "door": of.auth_mode.value,
            "filters": [item["name"] for item in _http_filters(of.envoy)],
            "objects": [f"{item['kind']} {item['metadata']['name']}" for item in _rendered(of)],
        }
        for of in _desired_states(load([path], "default"))
    ]


def _desired_states(objects: Objects) -> list[DesiredState]:
    return [derive_from_files(item, objects) for item in objects.values() if isinstance(item, Kode)]


def _rendered(of: DesiredState) -> tuple[Object, ...]:
    return of.render(operator_namespace="kode-system")


def _readable(manifest: Object) -> Object:
    found: Object = json.loads(json.dumps(manifest))
    if found["kind"] == "Secret":
        found["data"] = {key: _clear(key, text) for key, text in found["data"].items()}
    if found["kind"] == "Pod":
        annotations = found["metadata"]["annotations"]
        digests = (labels.KODE_HASH, labels.POD_HASH, labels.SIDECAR_REVISION)
        annotations.update(dict.fromkeys(digests, "(digest)"))
        if labels.SIDECAR_STATUS in annotations:
            annotations[labels.SIDECAR_STATUS] = "(status)"
        for key in (labels.ENVOY_CLUSTERS, labels.ENVOY_LISTENERS):
            if key in annotations:
                annotations[key] = "(configuration)"
        envoy = found["spec"]["containers"][-1]["command"]
        envoy[envoy.index("--config-yaml") + 1] = "(bootstrap)"
    return found


_FILES = (layout.ENVOY_CLUSTERS, layout.ENVOY_LISTENERS)


def _clear(key: str, text: str) -> str:
    # The configuration has goldens of its own.
    return "(configuration)" if key in _FILES else base64.b64decode(text).decode()


def _http_filters(envoy: Mapping[str, Any]) -> list[Object]:
    found: list[Object] = at(envoy, f"{HTTP_MANAGER}/http_filters")
    return found


def _problem(given: Mapping[str, str]) -> KodeError:
    kind: type[KodeError] = getattr(errors, given["error"])
    reason = next(reason for reason in Reason if reason.value == given["reason"])
    return kind(reason, given["message"])
