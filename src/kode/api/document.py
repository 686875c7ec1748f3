"""From unstructured documents to typed objects and back.

Rule: this is the only way in; what it returns is valid, what it refuses is refused with the
path of every field that is wrong.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kode.api import kinds
from kode.api.conditions import Reason
from kode.api.kode import Kode
from kode.api.meta import API_VERSION, GROUP, VERSION, CustomResource
from kode.api.proxyconfig import EnvoyProxyClusterConfig, EnvoyProxyConfig
from kode.api.spelling import field_hint, kind_hint
from kode.api.template import KodeClusterTemplate, KodeTemplate
from kode.errors import InvalidSpec

KINDS: dict[str, type[CustomResource]] = {
    model.__name__: model
    for model in (
        Kode,
        KodeTemplate,
        KodeClusterTemplate,
        EnvoyProxyConfig,
        EnvoyProxyClusterConfig,
    )
}
"""Every kind of the API by its name."""

CLUSTER_SCOPED = frozenset(kind.name for kind in kinds.ALL if not kind.namespaced)
"""The kinds that have no namespace."""

_SHOULD = re.compile(r"^[A-Z]\w+ should ")
_MAX_VALUE_LENGTH = 80
_MAX_PROBLEMS = 5


def parse(document: Mapping[str, Any]) -> CustomResource:
    """Return the typed object that a document with the full apiVersion describes.

    Raises:
        InvalidSpec: the document is of no kind of ours, or a field of it is wrong; the message
            names each wrong field and why (the first five).
    """
    kind = document.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None or document.get("apiVersion") != API_VERSION:
        raise _invalid_spec(
            f"kind {_quote(kind)} of apiVersion {_quote(document.get('apiVersion'))}: must be one "
            f"of {', '.join(KINDS)} of {API_VERSION}{kind_hint(kind, KINDS)}",
        )
    try:
        return model.model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _invalid_spec(problems(error, model)) from None


def complete_version(document: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return the document with its full apiVersion, and a warning where it was written short.

    Some published examples say `apiVersion: v1alpha1`; for kinds of ours that is read as the
    group's version.
    """
    completed = dict(document)
    kind = document.get("kind")
    if document.get("apiVersion") == VERSION and isinstance(kind, str) and kind in KINDS:
        completed["apiVersion"] = API_VERSION
        return completed, f"{kind}: apiVersion {VERSION} is read as {API_VERSION}; write it in full"
    return completed, None


def is_ours(document: Mapping[str, Any]) -> bool:
    """Tell whether a document claims to be of the product's API group."""
    version = document.get("apiVersion")
    return isinstance(version, str) and version.split("/")[0] == GROUP


def dump(resource: CustomResource) -> dict[str, Any]:
    """Return the document of a typed object: what was set, in the API's names."""
    return resource.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def problems(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Return one line that names every wrong field (the first five) and why.

    Args:
        error: what was found.
        model: the type that it was found in, for today's word in the place of a wrong one.
    """
    problems = error.errors(include_url=False, include_context=False)
    texts = [
        f"{_path(item['loc'])}: {_why(item['type'], item['msg'])}{_suggest(item, model)}"
        for item in problems[:_MAX_PROBLEMS]
    ]
    if len(problems) > _MAX_PROBLEMS:
        texts.append(f"and {len(problems) - _MAX_PROBLEMS} more")
    return "; ".join(texts)


def _invalid_spec(message: str) -> InvalidSpec:
    # What is quoted may hold half a surrogate pair, which no terminal and no status can take.
    return InvalidSpec(
        Reason.INVALID_SPEC, message.encode("utf-8", "backslashreplace").decode("utf-8")
    )


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part[:_MAX_VALUE_LENGTH]}"
    return path.removeprefix(".")


def _why(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown field"
        case "missing":
            return "required"
        case "invalid_key":
            return "a key must be text"
        case "model_type" | "dict_type":
            return "must be an object"
        case _:
            return _SHOULD.sub("must ", message.removeprefix("Value error, "), count=1)


def _suggest(problem: ErrorDetails, model: type[BaseModel] | None) -> str:
    if model is None or problem["type"] != "extra_forbidden":
        return ""
    return field_hint(model, _path(problem["loc"]))


def _quote(value: object) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else f"({type(value).__name__})"
    return text if len(text) <= _MAX_VALUE_LENGTH else text[:_MAX_VALUE_LENGTH] + "..."
