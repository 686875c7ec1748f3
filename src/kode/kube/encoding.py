"""Documents on their way to an API server.

Rule: what JSON cannot say, or a path cannot name, is refused here by the path of the field; all
else is the API server's to judge.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kode.errors import InvalidSpec, Reason
from kode.kube.resources import Object, Resource

_MAX_DEPTH = 500
_MAX_INTEGER = 2**63
_MAX_PROBLEMS = 10
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def encode(document: Object) -> bytes:
    """Return a document as JSON.

    Raises:
        InvalidSpec: JSON, or the API server's reading of it, cannot say it.
    """
    wrong = [
        problem
        for _, problem in zip(range(_MAX_PROBLEMS), _unencodable(document, "", 0), strict=False)
    ]
    if wrong:
        raise InvalidSpec(Reason.INVALID_SPEC, "; ".join(wrong))
    return json.dumps(
        document, default=dict, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def is_name(name: str) -> bool:
    """Tell whether a name can stand in a path."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/%")


def check_object_path(resource: Resource, metadata: Mapping[str, Any]) -> None:
    """Refuse a name or a namespace that no object of a kind can have.

    Raises:
        InvalidSpec: the message names the field.
    """
    name, namespace = metadata.get("name"), metadata.get("namespace")
    problem = ""
    if not name:
        problem = "metadata.name: missing"
    elif not isinstance(name, str) or not is_name(name):
        problem = f"metadata.name: {name!r} is not a valid name"
    elif namespace and not resource.namespaced:
        problem = f"metadata.namespace: a {resource.kind} has no namespace; leave it out"
    elif namespace and not (isinstance(namespace, str) and _NAMESPACE.fullmatch(namespace)):
        problem = f"metadata.namespace: {namespace!r} is not a valid namespace name"
    if problem:
        raise InvalidSpec(Reason.INVALID_SPEC, f"{resource.kind}: {problem}")


def _unencodable(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        yield f"{path[:200]}: nested too deeply"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"{path}: key {key!r} is not a string"
            else:
                yield from _unencodable(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _unencodable(item, f"{path}[{number}]", depth + 1)
    else:
        problem = _scalar(value)
        if problem:
            yield f"{path}: {problem}"


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return (
            ""
            if value.isascii() or _is_unicode(value)
            else "invalid Unicode: an unpaired surrogate"
        )
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a valid JSON number"
    if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        return "the number needs more than 64 bits"
    if value is None or isinstance(value, int | float):
        return ""
    return f"{type(value).__name__} cannot be encoded as JSON"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
